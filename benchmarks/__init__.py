"""What Retold costs, beside plain code and beside other libraries."""
