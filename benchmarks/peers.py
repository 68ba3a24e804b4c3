"""The other libraries, each in the fastest form that its documentation has.

All are told the same: one exception class, five attempts, no wait, no hooks, and at the end the exception itself.
They are imported by name, when a row needs them: type checks and the rows of Retold alone need none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.subjects import ATTEMPTS, DEADLINE, Decorator, Unavailable, is_unavailable

FOREVER = 1e9
"""Seconds, where a deadline cannot be left out."""


@dataclass(frozen=True, slots=True)
class Peer:
    """What a library offers of what the rows ask.

    Attributes:
        module: What is imported.
        plain: A decorator with the same wait each time, in seconds.
        careful: A decorator with jitter, a deadline and a predicate.
        plain_async: `plain` for coroutine functions, where that is another.
        gives_up: Whether `plain` counts attempts.
    """

    name: str
    module: str
    plain: Callable[[float], Decorator]
    careful: Callable[[], Decorator]
    plain_async: Callable[[float], Decorator]
    gives_up: bool = True


def tenacity_options(wait: float = 0.0) -> dict[str, Any]:
    """The arguments of tenacity's decorator, and of its `Retrying`."""
    tenacity = _module("tenacity")
    return {
        "stop": tenacity.stop_after_attempt(ATTEMPTS),
        "retry": tenacity.retry_if_exception_type(Unavailable),
        "wait": tenacity.wait_fixed(wait) if wait else tenacity.wait_none(),
        "reraise": True,
    }


def tenacity_plain(wait: float = 0.0) -> Decorator:
    """The decorator of tenacity."""
    decorator: Decorator = _module("tenacity").retry(**tenacity_options(wait))
    return decorator


def _tenacity_careful() -> Decorator:
    tenacity = _module("tenacity")
    decorator: Decorator = tenacity.retry(
        stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_after_delay(DEADLINE),
        retry=tenacity.retry_if_exception(is_unavailable),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=10),
        reraise=True,
    )
    return decorator


def stamina_options(wait: float = 0.0) -> dict[str, Any]:
    """The arguments of stamina's decorator, and of its `retry_context`."""
    return {
        "on": Unavailable,
        "attempts": ATTEMPTS,
        "timeout": None,
        "wait_initial": wait,
        "wait_max": wait,
        "wait_jitter": 0.0,
    }


def stamina(*, prometheus: bool = False) -> Any:
    """stamina, which otherwise turns on every hook whose library is installed."""
    module = _module("stamina")
    instrumentation = _module("stamina.instrumentation")
    instrumentation.set_on_retry_hooks([instrumentation.PrometheusOnRetryHook] if prometheus else [])
    return module


def _stamina_plain(wait: float) -> Decorator:
    decorator: Decorator = stamina().retry(**stamina_options(wait))
    return decorator


def _stamina_careful() -> Decorator:
    decorator: Decorator = stamina().retry(on=is_unavailable, attempts=ATTEMPTS, timeout=DEADLINE)
    return decorator


def _backoff_plain(wait: float) -> Decorator:
    backoff = _module("backoff")
    decorator: Decorator = backoff.on_exception(
        backoff.constant, Unavailable, max_tries=ATTEMPTS, interval=wait, jitter=None, logger=None
    )
    return decorator


def _backoff_careful() -> Decorator:
    backoff = _module("backoff")
    decorator: Decorator = backoff.on_exception(
        backoff.expo,
        Exception,
        giveup=lambda error: not is_unavailable(error),
        max_tries=ATTEMPTS,
        max_time=DEADLINE,
        factor=0.1,
        max_value=10,
        logger=None,
    )
    return decorator


def redress_plain(wait: float = 0.0, **hooks: Any) -> Decorator:
    """The decorator of redress, which always has a deadline."""
    redress = _module("redress")
    decorator: Decorator = redress.retry(
        classifier=_redress_classifier(),
        strategy=lambda context: wait,
        max_attempts=ATTEMPTS,
        max_unknown_attempts=None,
        deadline_s=FOREVER,
        **hooks,
    )
    return decorator


def _redress_careful() -> Decorator:
    redress = _module("redress")
    decorator: Decorator = redress.retry(
        classifier=_redress_classifier(),
        strategy=redress.decorrelated_jitter(base_s=0.1, max_s=10.0),
        max_attempts=ATTEMPTS,
        max_unknown_attempts=None,
        deadline_s=DEADLINE,
    )
    return decorator


def _redress_classifier() -> Callable[[BaseException], Any]:
    """One look at the exception: the classifiers that come with redress ask more."""
    kinds = _module("redress").ErrorClass
    transient, permanent = kinds.TRANSIENT, kinds.PERMANENT
    return lambda error: transient if is_unavailable(error) else permanent


def _nopanic_plain(wait: float) -> Decorator:
    decorator: Decorator = _module("nopanic").retry(attempts=ATTEMPTS, on=Unavailable, backoff=wait)
    return decorator


def _nopanic_careful() -> Decorator:
    nopanic = _module("nopanic")
    decorator: Decorator = nopanic.retry(
        attempts=ATTEMPTS,
        on=is_unavailable,
        backoff=nopanic.backoff.full_jitter(base=0.1, cap=10.0),
        max_time=DEADLINE,
    )
    return decorator


def _google_options(wait: float) -> dict[str, Any]:
    # Its waits are random up to `initial`, so what must wait long is told to wait very long.
    predicate = _module("google.api_core.retry").if_exception_type(Unavailable)
    return {"predicate": predicate, "initial": wait * 1e6, "maximum": wait * 1e6, "timeout": None}


def _google_plain(wait: float) -> Decorator:
    decorator: Decorator = _module("google.api_core.retry").Retry(**_google_options(wait))
    return decorator


def _google_plain_async(wait: float) -> Decorator:
    decorator: Decorator = _module("google.api_core.retry").AsyncRetry(**_google_options(wait))
    return decorator


def _google_careful() -> Decorator:
    decorator: Decorator = _module("google.api_core.retry").Retry(
        predicate=is_unavailable, initial=0.1, maximum=10.0, timeout=DEADLINE
    )
    return decorator


def _module(name: str) -> Any:
    return import_module(name)


# Not here: python-backoff, which has a block form, is imported by the same name as backoff. And google-api-core
# knows no number of attempts, so it cannot give up after five.
PEERS = {
    peer.name: peer
    for peer in (
        Peer("nopanic", "nopanic", _nopanic_plain, _nopanic_careful, _nopanic_plain),
        Peer(
            "google-api-core",
            "google.api_core.retry",
            _google_plain,
            _google_careful,
            _google_plain_async,
            gives_up=False,
        ),
        Peer("backoff", "backoff", _backoff_plain, _backoff_careful, _backoff_plain),
        Peer("redress", "redress", redress_plain, _redress_careful, redress_plain),
        Peer("stamina", "stamina", _stamina_plain, _stamina_careful, _stamina_plain),
        Peer("tenacity", "tenacity", tenacity_plain, _tenacity_careful, tenacity_plain),
    )
}
