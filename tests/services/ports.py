"""Free TCP ports of 127.0.0.1."""

import socket
from urllib.parse import urlsplit


def free_port() -> int:
    """Return a port nobody listens on now; another process may still take it before the caller does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_open(url: str) -> bool:
    """Whether somebody listens there."""
    where = urlsplit(url)
    try:
        socket.create_connection((where.hostname, where.port or 0), timeout=1).close()
    except OSError:
        return False
    return True
