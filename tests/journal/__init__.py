"""What the journal keeps, and how it is read."""
