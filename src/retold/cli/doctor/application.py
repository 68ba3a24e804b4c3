"""Imports a user's application, so that what it sets up can be looked at in this process."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

from retold.cli.doctor.findings import Finding, note, ok, problem


def load(module: str, function: str | None) -> Finding:
    """Import a module, as from the current directory, and call a function of it that sets it up.

    What it prints goes to standard error: standard output is the doctor's.
    """
    subject = f"import {module}"
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        with contextlib.redirect_stdout(sys.stderr):
            loaded = importlib.import_module(module)
            return ok(subject, "imported") if function is None else _set_up(loaded, function, subject)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an application does
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            return problem(
                subject,
                f"there is no module {error.name}",
                "run this in the application's directory and environment, or set PYTHONPATH",
            )
        return problem(
            subject,
            f"failed with {type(error).__name__}: {error}",
            f"python -c 'import {module}' shows where; what it did before is looked at below",
        )


def _set_up(loaded: Any, function: str, subject: str) -> Finding:
    found = getattr(loaded, function, None)
    if found is None:
        return problem(subject, f"has no {function}", "name a function that sets up the application")
    if not _takes_nothing(found):
        return ok(subject, f"imported; {function} is there, and was not called")
    result = found()
    if inspect.iscoroutine(result):
        result.close()
        return note(subject, f"{function} is async and was not awaited", "name a function that is not")
    return ok(subject, f"imported, and {function}() called")


def _takes_nothing(found: Callable[..., Any]) -> bool:
    """Whether it is a function that may be called without arguments; an application object may not."""
    if not inspect.isroutine(found):
        return False
    try:
        inspect.signature(found).bind()
    except (TypeError, ValueError):
        return False
    return True
