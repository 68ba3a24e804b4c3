"""Free TCP ports of 127.0.0.1."""

import socket


def free_port() -> int:
    """Return a port nobody listens on now; another process may still take it before the caller does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
