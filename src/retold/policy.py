"""The public face of retrying: one immutable object that decorates, is iterated and calls."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from types import CoroutineType, FunctionType
from typing import Any, Generic, Never, ParamSpec, TypeVar, Unpack, overload

from retold import settings
from retold.core.backoff import DEFAULT
from retold.core.budget import Budget
from retold.core.options import Options
from retold.core.ports import Clock, Rng, Stop
from retold.core.rules import MISSING, GeneratorMode, OverCap, Rules
from retold.core.value import Value
from retold.events import CallEnded, RetryScheduled
from retold.journal import JOURNAL
from retold.naming import name_of
from retold.nesting import expect_blocks
from retold.runners import aio, block, sync
from retold.runners.block import Attempt
from retold.runners.call import Call
from retold.runners.plan import Plan
from retold.runners.report import Report
from retold.wrapper import (
    refuse_async,
    refuse_async_fallback,
    refuse_attempt_timeout,
    refuse_generator,
    warn_of_coroutine,
    wrap,
)

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F")
F_co = TypeVar("F_co", covariant=True)
Target = TypeVar("Target")


class Policy(Value, Generic[F_co]):
    """What to retry, how long to wait, when to stop.

    Decorate a function with it, iterate it, or have it call. A policy holds no state of any call, so one serves
    many functions, threads and tasks. `F_co` is the type of the fallback's value, `Never` without one.

        @retold.retry(on=OSError)                 for attempt in policy:        policy.call(read, path)
        def read(path): ...                           with attempt: ...

    Args:
        on: What is retried: an exception type, a tuple of them, or a predicate on the exception. What is
            no `Exception` (cancellation, `KeyboardInterrupt`) never is. Required unless `on_result` is given. A
            predicate is asked about an `AttemptTimeout`, too. Of all callables only `fallback` may be async.
        on_result: A predicate: a result for which it is true counts as a failure.
        attempts: How often the function runs at most, the first time included; None is unlimited and needs a `timeout`
            or a `stop`.
        timeout: Decides whether another attempt may start, and never interrupts one: a wait that would not be over
            within this many seconds of the start of the first attempt is not begun. None is unlimited.
        attempt_timeout: Cancels an attempt that takes more seconds than this, or than are left of `timeout`. It fails
            with `AttemptTimeout` and is retried, whatever types `on` lists; if `on` is a predicate, that decides. In
            async code only; blocks: `async with`.
        stop: An event, such as a `threading.Event` or an `asyncio.Event`, or a predicate without arguments. Once it is
            set, waits end at once and no further attempt starts: the call raises the function's last exception,
            with the outcome `aborted`. An attempt is never interrupted, and a call that begins later makes its first.
        backoff: The wait after a failed attempt: a `Backoff`, seconds, a list of seconds whose last entry repeats,
            or a function of the failed attempt's number. `Exponential()` unless given.
        hint: The server's advice: takes the exception, or the rejected result, and returns seconds or None. The wait
            is the hint plus the backoff's own delay, so that a crowd does not return at once.
        hint_cap: The longest hint that is followed, in seconds; 60 unless given.
        over_cap: What a longer hint does: `give_up`, `cap` it, or `ignore` it.
        budget: How many retries all calls together may make: a `Budget`, which policies share. It is asked last, for a
            retry that nothing else forbids; where none is left, the call gives up with `budget_exhausted`.
        fallback: After a give-up, None is returned in place of raising, or what this callable returns for the final
            exception; its result is awaited in async calls. Not for blocks.
        generator: What is retried of decorated generators: `restart` starts one that failed anew, so that its items
            come again; `open` retries until there is a first item, and what it raises later propagates. The call ends
            there. Without it generators are refused.
        on_retry: Told of every retry before its wait, with a `RetryScheduled`. Hooks are told like exporters: what one
            raises is counted under its name and logged, and the call goes on.
        on_give_up: Told of every call whose policy ran out, with its `CallEnded`.
        on_success: Told of every call that succeeded, with its `CallEnded`.
        operation: The stable name of what is called; else the function's `module.qualname`.
        clock: Where time comes from and waits go to; the machine's monotonic clock unless given.
        rng: Where jitter comes from; the `random` module unless given.

    Raises:
        PolicyError: An option is wrong. The message has the value and the rule.
    """

    __slots__ = ("_plan", "_rules")
    _plan: Plan
    _rules: Rules

    @overload
    def __init__(self: Policy[None], *, fallback: None, **options: Unpack[Options]) -> None: ...
    @overload
    def __init__(
        self: Policy[F],
        *,
        fallback: Callable[[Exception], Coroutine[Any, Any, F]],
        **options: Unpack[Options],
    ) -> None: ...
    @overload
    def __init__(self: Policy[F], *, fallback: Callable[[Exception], F], **options: Unpack[Options]) -> None: ...
    @overload  # last, for those checkers to which `**options` might be a fallback
    def __init__(self: Policy[Never], **options: Unpack[Options]) -> None: ...
    def __init__(
        self,
        *misplaced: object,
        on: Any = None,
        on_result: Any = None,
        attempts: int | None = 3,
        timeout: float | None = None,
        attempt_timeout: float | None = None,
        stop: Stop | None = None,
        backoff: Any = DEFAULT,
        hint: Any = None,
        hint_cap: float | None = None,
        over_cap: OverCap = "give_up",
        budget: Budget | None = None,
        fallback: Any = MISSING,
        generator: GeneratorMode | None = None,
        on_retry: Callable[[RetryScheduled], object] | None = None,
        on_give_up: Callable[[CallEnded], object] | None = None,
        on_success: Callable[[CallEnded], object] | None = None,
        operation: str | None = None,
        clock: Clock | None = None,
        rng: Rng | None = None,
    ) -> None:
        if misplaced:
            raise TypeError(f"options are given by name, as in @retold.retry(on=ConnectionError), not {misplaced[0]!r}")
        self._adopt(
            Rules(
                on=on,
                on_result=on_result,
                attempts=attempts,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                stop=stop,
                backoff=backoff,
                hint=hint,
                hint_cap=hint_cap,
                over_cap=over_cap,
                budget=budget,
                fallback=fallback,
                generator=generator,
                on_retry=on_retry,
                on_give_up=on_give_up,
                on_success=on_success,
                operation=operation,
                clock=clock,
                rng=rng,
            )
        )

    def _adopt(self, rules: Rules) -> None:
        object.__setattr__(self, "_rules", rules)
        object.__setattr__(self, "_plan", Plan(rules))
        if rules.operation is not None:
            JOURNAL.register(rules.operation, self._plan.rules.attempts)
        if rules.budget is not None:
            JOURNAL.register_budget(rules.budget.name, rules.budget.bucket)

    def replace(self, **options: Unpack[Options]) -> Policy[F_co]:
        """The same policy but for these options.

        Raises:
            PolicyError: The new combination is wrong.
            TypeError: There is no such option.
        """
        for name in options:
            if name not in Rules.__dataclass_fields__:
                raise TypeError(f"a policy has no option {name!r}")
        policy: Policy[F_co] = object.__new__(type(self))
        policy._adopt(dataclasses.replace(self._rules, **options))  # type: ignore[arg-type] # checked by Rules
        return policy

    @overload
    def __call__(  # type: ignore[overload-overlap] # without a fallback nothing changes, not even overloads
        self: Policy[Never], function: Target, /
    ) -> Target: ...
    @overload
    def __call__(
        self, function: Callable[P, Coroutine[Any, Any, T]], /
    ) -> Callable[P, Coroutine[Any, Any, T | F_co]]: ...
    @overload
    def __call__(self, function: Callable[P, T], /) -> Callable[P, T | F_co]: ...
    def __call__(self, function: Any, /) -> Any:
        """Put a function under this policy: sync or async, method, `classmethod`, `staticmethod`, partial.

        Async is what `inspect.iscoroutinefunction` says is. Another function that returns a coroutine, as decorators
        make of async ones, has succeeded when it returns: put the policy below such a decorator.

        Raises:
            TypeError: It cannot be retried correctly: a class, a generator without `generator=`, what is no function.
        """
        if not isinstance(function, FunctionType):
            if isinstance(function, (classmethod, staticmethod)):
                return type(function)(self(function.__func__))
            if isinstance(function, functools.partialmethod):
                return functools.partialmethod(self(function.func), *function.args, **function.keywords)
        if settings.chosen is None:
            settings.ensure()
        return wrap(self._plan, function)

    def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | F_co:
        """`function(*args, **kwargs)`, retried.

        A function that is not async and returns a coroutine, as `lambda: fetch()` does, has succeeded then: what the
        coroutine raises is not retried, and a warning says so once. `await policy.acall(fetch)` retries it.

        Raises:
            TypeError: The function is async: `acall` is for those.
        """
        call = self._call(function, asynchronous=False)
        value = sync.run(call, function, args, kwargs)
        if type(value) is CoroutineType:
            warn_of_coroutine(call.operation)
        return value  # type: ignore[no-any-return]

    async def acall(self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T | F_co:
        """`await function(*args, **kwargs)`, retried."""
        return await aio.run(self._call(function), function, args, kwargs)  # type: ignore[no-any-return]

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Report[T | F_co]:
        """`call`, but a failure is reported and not raised. Cancellation passes through.

        Raises:
            TypeError: The function is async: `arun` is for those.
        """
        call = self._call(function, asynchronous=False)
        call.delays = []
        try:
            report: Report[T | F_co] = call.report(sync.run(call, function, args, kwargs))
        except Exception as error:  # noqa: BLE001 - the report has it
            return call.report(None, error)
        if type(report.value) is CoroutineType:
            warn_of_coroutine(call.operation)
        return report

    async def arun(self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Report[T | F_co]:
        """`acall`, but a failure is reported and not raised. Cancellation passes through."""
        call = self._call(function)
        call.delays = []
        try:
            return call.report(await aio.run(call, function, args, kwargs))
        except Exception as error:  # noqa: BLE001 - the report has it
            return call.report(None, error)

    def __iter__(self) -> Iterator[Attempt]:
        """The attempts of one call whose body is the caller's own: `for attempt in policy: with attempt: ...`.

        Raises:
            TypeError: The policy has a fallback, whose value a block could not return, or an `attempt_timeout`, which
                nothing could keep.
        """
        if settings.chosen is None or not self._plan.iterated:
            self._check_block()
            if self._rules.attempt_timeout is not None:
                raise TypeError(
                    "attempt_timeout cannot interrupt a synchronous block: write `async for` and `async with`, or give"
                    " the client that it calls a timeout"
                )
        return block.attempts(self._plan)

    def __aiter__(self) -> AsyncIterator[Attempt]:
        """The same with awaited waits: `async for attempt in policy: with attempt: ...`, or `async with attempt: ...`.

        With an `attempt_timeout` it takes `async with`.
        """
        if settings.chosen is None or not self._plan.iterated:
            self._check_block()
        return block.AsyncAttempts(self._plan)

    def _call(self, function: Callable[..., Any], *, asynchronous: bool = True) -> Call:
        settings.ensure()
        refuse_generator(function)
        if not asynchronous:
            refuse_async(function)
            refuse_attempt_timeout(self._rules, function)
            refuse_async_fallback(self._rules, function)
        return Call(self._plan, self._rules.operation or name_of(function))

    def _check_block(self) -> None:
        settings.ensure()
        if self._rules.fallback is not MISSING:
            raise TypeError("a policy with a fallback cannot be iterated: a block has no value for it to replace")
        expect_blocks()
        self._plan.iterated = self._plan.iterable


retry = Policy
"""A policy by the name that reads well as a decorator."""
