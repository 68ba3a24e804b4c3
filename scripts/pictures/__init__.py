"""Draws boards as an operator sees them, from a live Prometheus and without Grafana."""
