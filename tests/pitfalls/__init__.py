"""What must hold: a test for each of 62 statements, most of which retry libraries break somewhere."""
