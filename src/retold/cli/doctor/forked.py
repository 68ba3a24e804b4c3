"""Looks once more in a forked child, as prefork servers have it."""

from __future__ import annotations

import json
import os
import select
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace

from retold.cli.doctor.findings import EACH_WORKER, Finding, ok, problem


def examine(look: Callable[[], Sequence[Finding]], before: Sequence[Finding], patience: float) -> Iterator[Finding]:
    """What is different in a child.

    Args:
        look: What to do there.
        before: What it gave in this process.
        patience: Seconds until a child is taken to hang.
    """
    answer = _in_child(look, patience)
    if answer is None:
        yield problem("after a fork", f"a child was not done within {patience:g} s: something hangs in it", EACH_WORKER)
        return
    if not answer:
        yield problem("after a fork", "a child died while it was looked at", EACH_WORKER)
        return
    news = [found for each in json.loads(answer) if (found := Finding(**each)) not in before]
    for found in news:
        remedy = EACH_WORKER if found.status == "problem" else found.remedy
        yield replace(found, subject=f"after a fork, {found.subject}", remedy=remedy)
    if not news:
        yield ok("after a fork", "all of this holds in a child too")


def _in_child(look: Callable[[], Sequence[Finding]], patience: float) -> bytes | None:
    """What a child found, as JSON; nothing if it died, None if it hangs."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's of a fork beside threads: it is what is tried
        child = os.fork()
    if child == 0:
        try:
            os.write(writer, json.dumps([asdict(found) for found in look()]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    try:
        return _read(reader, time.monotonic() + patience)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _read(reader: int, deadline: float) -> bytes | None:
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        part = os.read(reader, 65536)
        if not part:
            return b"".join(parts)
        parts.append(part)
