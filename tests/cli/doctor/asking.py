"""The doctor as users ask it: a process of its own, in the folder of their application."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.subprocesses import _BLOCKER


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor said."""

    status: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What it said with `--json`."""
        found: list[dict[str, Any]] = json.loads(self.out)["findings"]
        return found

    def of(self, subject: str) -> list[tuple[str, str]]:
        """The status and message of each finding on a subject."""
        return [(each["status"], each["message"]) for each in self.findings if each["subject"] == subject]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The subject and message of each problem."""
        return [(each["subject"], each["message"]) for each in self.findings if each["status"] == "problem"]

    def remedy(self, subject: str) -> str:
        """The remedy of the one problem with a subject."""
        [remedy] = [each["remedy"] for each in self.findings if each["subject"] == subject and each["remedy"]]
        return str(remedy)


class Doctor:
    """Asks the doctor in a folder, where the application is the module `shop`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, *arguments: str, app: str = "", without: str = "", **variables: str) -> Diagnosis:
        """Ask with `--json`.

        Args:
            arguments: Of the command.
            app: The application's source, indented as the caller likes.
            without: A module that cannot be imported.
            variables: Of the environment.
        """
        (self._folder / "shop.py").write_text(dedent(app))
        script = (_BLOCKER.format(blocked=[without]) if without else "") + dedent(
            f"""
            import sys
            from retold.cli import main
            sys.exit(main({["doctor", "--json", "--timeout=5", *arguments]!r}))
            """
        )
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RETOLD_", "OTEL_"))}
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=self._folder,
            env={**inherited, "NO_PROXY": "127.0.0.1", **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Diagnosis(done.returncode, done.stdout, done.stderr)
