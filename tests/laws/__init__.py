"""The conservation laws on very many calls, each backend by itself."""
