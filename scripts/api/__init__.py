"""The reference of all public names."""
