"""What each backend is told."""
