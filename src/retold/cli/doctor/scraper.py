"""Asks a Prometheus server whether it has our series, and whether it scrapes what we were shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from retold import telemetry
from retold.cli.doctor.findings import Finding, ok, problem
from retold.cli.doctor.options import shown
from retold.cli.doctor.reach import Unreachable, ask
from retold.telemetry import label_name

_OPERATIONS = (
    f"count(count by ({label_name(telemetry.OPERATION)}) ({telemetry.CALLS.prometheus_name}_total)) or vector(0)"
)


def probe(url: str, endpoints: Sequence[str], timeout: float) -> Iterator[Finding]:
    """What this server knows of us, and of each of these endpoints."""
    subject = f"prometheus {shown(url)}"
    try:
        count = int(_api(url, "query", timeout, query=_OPERATIONS)["result"][0]["value"][1])
        targets = _api(url, "targets", timeout, state="active")["activeTargets"]
    except Unreachable as reason:
        yield problem(subject, str(reason), "start the server, or correct the address")
        return
    except (ValueError, LookupError, TypeError):
        yield problem(subject, "does not answer as Prometheus does", "give its base address, such as http://HOST:9090")
        return
    if count:
        yield ok(subject, f"has {count} operations")
    else:
        yield problem(subject, "has no series of Retold's", "have it scrape a process that serves them; see --metrics")
    for endpoint in endpoints:
        yield _scraped(subject, endpoint, targets)


def _scraped(subject: str, endpoint: str, targets: list[dict[str, Any]]) -> Finding:
    name = shown(endpoint)
    target = next((target for target in targets if _same(endpoint, target["scrapeUrl"])), None)
    if target is None:
        remedy = f"add {urlsplit(endpoint).netloc.rpartition('@')[2]} to the targets of its scrape_configs"
        return problem(subject, f"does not scrape {name}", remedy)
    if target["health"] == "down":
        return problem(subject, f"scrapes {name} and fails: {target['lastError']}", "make that address answer it")
    if target["health"] == "unknown":
        return problem(subject, f"has yet to scrape {name}", "wait for its scrape_interval, and look again")
    return ok(subject, f"scrapes {name}")


def _same(endpoint: str, target: str) -> bool:
    """Whether both mean one port and path: a host has many names."""
    ours, theirs = urlsplit(endpoint), urlsplit(target)
    return (_port(ours), ours.path or "/") == (_port(theirs), theirs.path or "/")


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _api(url: str, name: str, timeout: float, **parameters: str) -> Any:
    answer = ask(f"{url.rstrip('/')}/api/v1/{name}?{urlencode(parameters)}", timeout)
    return json.loads(answer.body)["data"]
