"""What people write by hand: the units of the rows, and the least that plain code can do the same with.

Units are the obvious code. Floors are the best plain code that does what Retold does in that row, for one signature.
"""

from __future__ import annotations

import random
import time
from asyncio import sleep
from itertools import count
from time import monotonic

from benchmarks.subjects import ATTEMPTS, DEADLINE, Function, Unavailable, is_unavailable


def closure(fn: Function) -> Function:
    """A plain decorator: what any wrapper costs that takes all arguments and looks at exceptions."""

    def call(*args: object, **kwargs: object) -> object:
        try:
            return fn(*args, **kwargs)
        except Unavailable:
            raise

    return call


def closure_async(fn: Function) -> Function:
    """The same for coroutine functions."""

    async def call(*args: object, **kwargs: object) -> object:
        try:
            return await fn(*args, **kwargs)
        except Unavailable:
            raise

    return call


def hand_loop(fn: Function) -> Function:
    """The obvious retry decorator, with no wait at all."""

    def call(*args: object, **kwargs: object) -> object:
        for attempt in range(ATTEMPTS):
            try:
                return fn(*args, **kwargs)
            except Unavailable:
                if attempt == ATTEMPTS - 1:
                    raise
        return None

    return call


def patient_hand_loop(fn: Function, wait: float) -> Function:
    """The obvious one for coroutines, with a wait. It sleeps where it catches, as people write it."""

    async def call(*args: object, **kwargs: object) -> object:
        for attempt in range(ATTEMPTS):
            try:
                return await fn(*args, **kwargs)
            except Unavailable:
                if attempt == ATTEMPTS - 1:
                    raise
                await sleep(wait)
        return None

    return call


def exact(fn: Function) -> Function:
    """A wrapper with the function's own parameters, which leaves what follows a failure to other code."""

    def call(x: object) -> object:
        try:
            return fn(x)
        except Unavailable:
            return careful(fn)(x)

    return _alone(call)


def exact_pair(fn: Function) -> Function:
    """The same for `returns_pair`."""

    def call(a: object, b: object = 2) -> object:
        try:
            return fn(a, b)
        except Unavailable:
            return careful(fn)(a)

    return _alone(call)


def exact_async(fn: Function) -> Function:
    """The same for coroutine functions."""

    async def call(x: object) -> object:
        try:
            return await fn(x)
        except Unavailable:
            raise

    return _alone(call)


def exact_counting(fn: Function) -> Function:
    """The same, knowing how many calls there have been."""
    number = count().__next__

    def call(x: object) -> object:
        number()
        try:
            return fn(x)
        except Unavailable:
            return careful(fn)(x)

    return _alone(call)


def exact_timeout(fn: Function) -> Function:
    """The same, knowing when the first attempt began."""

    def call(x: object) -> object:
        began = monotonic()
        try:
            return fn(x)
        except Unavailable:
            if monotonic() - began > DEADLINE:
                raise
            return careful(fn)(x)

    return _alone(call)


awake: object = None


def exact_asleep(fn: Function) -> Function:
    """The same, asking each time whether there is somebody to tell."""

    def call(x: object) -> object:
        if awake is not None:
            raise AssertionError
        try:
            return fn(x)
        except Unavailable:
            return careful(fn)(x)

    return _alone(call)


def careful(fn: Function) -> Function:
    """A loop with jitter, a deadline and a predicate, which sleeps after leaving `except`."""
    uniform = random.random

    def call(x: object) -> object:
        began = monotonic()
        bound = 0.1
        for attempt in range(ATTEMPTS):
            try:
                return fn(x)
            except Exception as error:
                if attempt == ATTEMPTS - 1 or not is_unavailable(error):
                    raise
                delay = uniform() * bound
                if monotonic() - began + delay >= DEADLINE:
                    raise
            time.sleep(delay)
            bound = min(bound * 2, 10.0)
        return None

    return _alone(call)


def noting(fn: Function) -> Function:
    """A loop that says in a note on the exception why it gave up."""

    def call(x: object) -> object:
        began = monotonic()
        for attempt in range(ATTEMPTS):
            try:
                return fn(x)
            except Unavailable as error:
                if attempt == ATTEMPTS - 1:
                    error.add_note(f"gave up after {ATTEMPTS} attempts in {monotonic() - began:.3g} s")
                    raise
        return None

    return _alone(call)


def patient(fn: Function, wait: float) -> Function:
    """A loop for coroutines that sleeps after leaving `except`, so that it keeps no failed frame."""

    async def call(x: object) -> object:
        for attempt in range(ATTEMPTS):
            try:
                return await fn(x)
            except Unavailable:
                if attempt == ATTEMPTS - 1:
                    raise
            await sleep(wait)
        return None

    return _alone(call)


def _alone(function: Function) -> Function:
    """With a code object of its own: CPython keeps there what it learned about the calls in it."""
    function.__code__ = function.__code__.replace()
    return function
