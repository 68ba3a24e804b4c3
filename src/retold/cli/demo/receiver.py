"""A receiver of alerts: takes what Alertmanager posts to a webhook, and tells each alert in one line.

`python -m retold.cli.demo.receiver --host HOST --port PORT` prints them, until SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

_APART = ("alertname", "severity")
"""Labels that have a place of their own in the line."""


def line(alert: dict[str, Any]) -> str:
    """An alert as Alertmanager posts it: firing or resolved, name, severity, other labels, summary."""
    labels = alert["labels"]
    others = [f"{name}={labels[name]}" for name in sorted(labels) if name not in _APART]
    summary = alert.get("annotations", {}).get("summary", "")
    parts = [alert["status"].upper(), labels["alertname"], labels.get("severity", "-"), *others, summary]
    # One line, whatever is in them.
    return " ".join(" ".join(parts).split())


class Receiver:
    """Listens from the moment it is built until it is closed, in threads of its own.

    Args:
        say: Takes each alert's line.
        host: Where it listens.
        port: 0 is any free one.

    Attributes:
        url: What to tell Alertmanager.
    """

    def __init__(self, say: Callable[[str], None], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = _Server((host, port), partial(_Handler, say))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://{host}:{self._server.server_port}/"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    # Connections that are kept open must not hold up the end.
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def __init__(self, say: Callable[[str], None], *arguments: Any) -> None:
        self._say = say
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Whoever asks whether it is there hears that it is."""
        self._answer(HTTPStatus.OK)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            lines = [line(alert) for alert in json.loads(body)["alerts"]]
        except (ValueError, TypeError, LookupError, AttributeError):
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        try:
            for each in lines:
                self._say(each)
        except OSError:
            # Nobody reads; whoever sent them may try again.
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the base class's name)
        """Say nothing of requests: the alerts are what there is to say."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m retold.cli.demo.receiver", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9095)
    options = parser.parse_args()
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    receiver = Receiver(say, host=options.host, port=options.port)
    say(f"listening on {receiver.url}")
    stopped.wait()
    receiver.close()


if __name__ == "__main__":
    main()
