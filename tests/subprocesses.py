"""Fresh interpreters, for what a process does only once."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent

# An import of these fails, as it does where they are not installed.
_BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == each or name.startswith(each + ".") for each in {blocked!r}):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
"""


@dataclass(frozen=True)
class Done:
    """What a script wrote."""

    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def run(
    script: str,
    *,
    env: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    flags: Sequence[str] = ("-W", "error"),
    untraced: bool = False,
    timeout: float = 60,
) -> Done:
    """Run a script in an interpreter of its own, which must end well.

    Args:
        script: Its text, indented as the caller likes.
        env: Variables beside those of this process; those of Retold and OpenTelemetry are not passed on.
        without: Modules that cannot be imported.
        flags: Options of the interpreter.
        untraced: Whether coverage, which takes time and memory of its own, stays out of it.
        timeout: Seconds after which it is ended, and the test fails.
    """
    kept_back = ("RETOLD_", "OTEL_", *(("COVERAGE_",) if untraced else ()))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(kept_back)}
    text = (_BLOCKER.format(blocked=list(without)) if without else "") + dedent(script)
    done = subprocess.run(
        [sys.executable, *flags, "-c", text],
        env={**inherited, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Done(done.stdout, done.stderr)
