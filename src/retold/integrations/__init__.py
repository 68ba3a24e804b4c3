"""What other libraries need to work with Retold: one module for each."""
