"""What a run is made of besides its calls, each part as the options want it, or one line that says why it cannot be."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

from retold.cli.demo.endpoint import Endpoint, EndpointError
from retold.cli.demo.monitoring import MissingProgramError, Programs
from retold.cli.demo.options import Options
from retold.cli.demo.pool import metrics
from retold.cli.demo.pool.janitor import temporary
from retold.cli.demo.traces import Traces, TracesError
from retold.cli.parser import Parser

SPANS = "spans.jsonl"
"""The file of the spans, in the folder of the run."""


class Parts:
    """Makes them; each ends the process with that line if it must.

    Args:
        parser: Says it.
        options: Of the run.
        at_end: Ends what is begun.
    """

    def __init__(self, parser: Parser, options: Options, at_end: ExitStack) -> None:
        self._parser = parser
        self._options = options
        self._at_end = at_end

    def programs(self) -> Programs | None:
        """The Prometheus and the Alertmanager of this machine, not started yet."""
        if not self._options.prometheus:
            return None
        try:
            return Programs.found()
        except MissingProgramError as error:
            self._parser.error(f"--prometheus: {error}")

    def endpoint(self) -> Endpoint | None:
        """The server of `/metrics`."""
        if "prometheus" not in self._options.exporters:
            return None
        try:
            endpoint = Endpoint(self._options.port, self._options.host, metrics.registry())
        except EndpointError as error:
            self._parser.error(str(error))
        self._at_end.callback(endpoint.close)
        return endpoint

    def folder(self) -> Path:
        """The folder for the files of the run; a run that never began leaves none behind."""
        folder = self._options.output
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                self._parser.error(f"--output {folder} is not empty: name a new folder, so that no run is lost")
            self._at_end.callback(_remove_if_empty, folder)
        except OSError as error:
            self._cannot_use(folder, error)
        return folder

    def shared(self, folder: Path) -> list[int]:
        """The folder in which workers share their metrics: what they have to hold open as long as they use it."""
        if not self._options.workers:
            return []
        try:
            return [self._at_end.enter_context(temporary(folder / metrics.FOLDER))]
        except OSError as error:
            self._cannot_use(folder, error)

    def traces(self, folder: Path) -> Traces | None:
        """Where spans go."""
        if "opentelemetry" not in self._options.exporters:
            return None
        try:
            traces = Traces(folder / SPANS)
        except TracesError as error:
            self._parser.error(str(error))
        except OSError as error:
            self._cannot_use(folder, error)
        self._at_end.callback(traces.close)
        return traces

    def _cannot_use(self, folder: Path, error: OSError) -> NoReturn:
        self._parser.error(f"--output {folder} cannot be used ({error.strerror}): name another folder")


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
