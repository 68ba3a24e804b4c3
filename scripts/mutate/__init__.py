"""Changes the code of the core in every small way, one at a time, to see that some test notices."""
