"""One module for each backend. They know events, names and the journal, and not the engine."""
