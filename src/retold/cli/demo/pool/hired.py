"""One worker process, as its parent has it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import assert_never

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from retold.cli import signals
from retold.cli.demo.pool.audience import Audience
from retold.cli.demo.pool.relay import Done, Farewell, Ready, Told, messages
from retold.cli.demo.worlds.world import Paper


class WorkerLostError(RuntimeError):
    """The worker that had a paper has ended without being asked to."""


class Hired:
    """A worker that has been started. For the event loop's thread.

    Args:
        job: What it is told.
        audience: Hears of its calls, in a thread.
        changed: Called when it is ready, and when it has ended.
        held: Descriptors that it has as long as it lives.

    Attributes:
        pid: Its process.
        is_ready: Whether it has ever been ready to take papers.
        status: Its exit status, once it has ended.
        under_way: The papers that it has, by their numbers.
        farewell: What it said at its end, if it was asked to end.
    """

    def __init__(
        self, job: str, audience: Audience, changed: Callable[[Hired], None], held: Sequence[int] = ()
    ) -> None:
        self.is_ready = False
        self.status: int | None = None
        self.under_way: dict[int, asyncio.Future[None]] = {}
        self.farewell: Farewell | None = None
        self._audience = audience
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        # Not its stdout, on which its exporters may print.
        said, saying = os.pipe()
        try:
            with signals.kept_from_children():
                self._process = subprocess.Popen(
                    # -P: a `json.py` in the user's folder must not become the worker's.
                    [sys.executable, "-P", "-m", "retold.cli.demo.pool.worker", str(saying), job],
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    pass_fds=(saying, *held),
                    # Its own session: a terminal's Ctrl-C must not reach it before this process is done with it.
                    start_new_session=True,
                )
        except OSError:
            os.close(said)
            raise
        finally:
            os.close(saying)
        self.pid = self._process.pid
        self._listening = threading.Thread(target=self._listen, args=(said,), name=f"worker {self.pid}")
        self._listening.start()

    def take(self, paper: Paper) -> asyncio.Future[None]:
        """Have it take a paper, under the current trace context.

        Returns:
            Done when the paper is, or raises WorkerLostError.
        """
        traceparent: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(traceparent)
        self.under_way[paper.number] = done = self._loop.create_future()
        self._say(" ".join((str(paper.number), *traceparent.values())))
        return done

    def stop(self) -> None:
        """Have it end its waits."""
        self._say("stop")

    def kill(self) -> None:
        """End it as nothing can be prepared for."""
        self._process.kill()

    async def close(self, timeout: float) -> None:
        """End it, in order if it has no papers, and by force after `timeout` seconds."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._gone.wait(), timeout)
        except TimeoutError:
            self.kill()
            await self._gone.wait()
        self._listening.join()

    def _say(self, line: str) -> None:
        assert self._process.stdin
        # Of its end it is told elsewhere. All lines that there can be at once find room in the pipe.
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())

    def _listen(self, said: int) -> None:
        try:
            with open(said, "rb") as pipe:
                for message in messages(pipe):
                    if isinstance(message, Told):
                        self._audience.hear(message.call, message.event)
                    else:
                        self._loop.call_soon_threadsafe(self._heard, message)
        finally:
            # What says no more is of no use, whatever it does.
            self.kill()
            status = self._process.wait()
            self._audience.leave()
            self._loop.call_soon_threadsafe(self._ended, status)

    def _heard(self, message: Ready | Done | Farewell) -> None:
        match message:
            case Ready():
                self.is_ready = True
                self._changed(self)
            case Done(paper):
                done = self.under_way.pop(paper)
                if not done.cancelled():
                    done.set_result(None)
            case Farewell():
                self.farewell = message
            case _:
                assert_never(message)

    def _ended(self, status: int) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self.status = status
        self._changed(self)
        for done in self.under_way.values():
            if not done.cancelled():
                done.set_exception(WorkerLostError(f"worker {self.pid} has ended with status {status}"))
        self.under_way.clear()
        self._gone.set()
