"""What type checkers see; the tests also run, so that nothing here is only a claim."""
