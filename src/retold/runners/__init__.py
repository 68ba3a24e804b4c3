"""The loops that carry out what the core decides: clocks, waits, and telling exporters."""
