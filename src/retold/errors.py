"""The errors and warnings that are Retold's own.

A failed call raises the function's own exception; these are for what only Retold can say.
"""

from __future__ import annotations

from typing import Any


class RetoldError(Exception):
    """Base of every error of Retold's own."""


class PolicyError(RetoldError, ValueError):
    """An option of a policy is wrong. Raised when the policy is built, with the value and the rule."""


class SettingsError(RetoldError, ValueError):
    """A process-wide setting is wrong, such as the name of an exporter that does not exist."""


class UsageError(RetoldError, RuntimeError):
    """A policy is used in a way that cannot work, such as a block without its `with`."""


class RejectedResult(RetoldError):
    """The last result was rejected by `on_result`, and the policy allows no further attempt.

    The result is in `result`, and never in the text: it may hold secrets.
    """

    def __init__(self, result: object) -> None:
        super().__init__("the last result was rejected by on_result")
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.result,), self.__dict__


class AttemptTimeout(RetoldError, TimeoutError):
    """An attempt was cut short, since it took longer than `attempt_timeout` or than what was left of `timeout`.

    Where it waited when that happened is in the traceback of its `__cause__`, the cancellation.

    Attributes:
        seconds: How long it was allowed to take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the attempt was cut short after {seconds:g} s")
        self.seconds = seconds

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.seconds,), self.__dict__


class Abort(RetoldError):
    """Raise it in an attempt to end the call at once.

    A task of the attempt's may raise it too: the exception group that it leaves the attempt in ends the call, whatever
    `on` says, and is raised as it is.

    Args:
        error: What the call then raises; without one, this exception itself.

    Raises:
        TypeError: `error` is no exception.
    """

    def __init__(self, error: BaseException | None = None) -> None:
        if not (error is None or isinstance(error, BaseException)):
            raise TypeError(f"Abort carries an exception, not {error!r}")
        super().__init__(*() if error is None else (error,))
        self.error = error

    def __str__(self) -> str:
        return "the call was aborted"


class RetryAgain(RetoldError):
    """Raise it in an attempt (`raise RetryAgain() from error`) to retry whatever `on` says."""


class RetoldWarning(UserWarning):
    """Base of every warning of Retold's own."""


class BlockingWarning(RetoldWarning, RuntimeWarning):
    """A synchronous wait blocks a running event loop."""


class NestedRetryWarning(RetoldWarning):
    """A call retries inside of another that retries too, so that their attempts multiply."""


# Users meet these under the name they import, in tracebacks and as `error.type`.
for _public in (
    RetoldError,
    PolicyError,
    SettingsError,
    UsageError,
    RejectedResult,
    AttemptTimeout,
    Abort,
    RetryAgain,
    RetoldWarning,
    BlockingWarning,
    NestedRetryWarning,
):
    _public.__module__ = "retold"
del _public
