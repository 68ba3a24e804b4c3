"""The pytest plugin, in pytest processes of their own, as the tests of others would have it."""

import os

import pytest

from tests.subprocesses import run

SHOP = """
    import asyncio
    import threading

    import pytest
    import retold

    policy = retold.Policy(on=OSError, backoff=[3600, 7200], operation="shop.fetch")


    @policy
    def fetch():
        raise OSError


    @policy
    async def afetch():
        raise OSError
"""


@pytest.fixture(autouse=True)
def _shop(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package to be tested, and nothing of the environment that would reach its tests."""
    for name in filter(lambda name: name.startswith(("RETOLD_", "PYTEST_", "OTEL_")), list(os.environ)):
        monkeypatch.delenv(name)
    pytester.makepyfile(shop=SHOP)
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function")


def passed(pytester: pytest.Pytester, tests: str, *options: str) -> int:
    """How many tests of a file passed; none may fail."""
    pytester.makepyfile(test_shop=tests)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *options, timeout=120)
    outcomes = result.parseoutcomes()
    assert (result.ret, list(outcomes)) == (0, ["passed"]), result.stdout.str()
    return outcomes["passed"]


def test_the_clock_is_that_of_all_policies_and_of_one_test_alone(pytester: pytest.Pytester) -> None:
    tests = """
        import pytest
        from retold.runners import audience
        from retold.runners.scopes import plan_now
        from shop import fetch, policy

        @pytest.mark.parametrize("again", [1, 2])
        def test_waits(retold_clock, again):
            with pytest.raises(OSError):
                fetch()
            assert retold_clock.waits == [3600, 7200]
            assert retold_clock.now() == 10800

        def test_nothing_stays():
            assert plan_now(policy._plan) is policy._plan
            assert audience.attended == 0
        """

    assert passed(pytester, tests) == 3


def test_the_events_are_those_of_the_test(pytester: pytest.Pytester) -> None:
    tests = """
        import logging
        import pytest
        import retold
        from shop import fetch

        kept = []

        @pytest.mark.parametrize("again", [1, 2])
        def test_events(retold_clock, retold_events, caplog, again):
            with pytest.raises(OSError):
                fetch()
            retold_events.assert_calls("shop.fetch", "attempts_exhausted", attempts=3, delays=[3600, 7200])
            assert len(retold_events.calls) == 1
            assert [record.getMessage() for record in caplog.records] == ["retold.call.gave_up"]
            kept.append(retold_events)

        def test_nothing_stays(retold_clock):
            with pytest.raises(OSError):
                fetch()
            assert [len(events.calls) for events in kept] == [1, 1]

        def test_what_was_configured_is_configured_again():
            from retold.settings import exporters_now
            assert [exporter.name for exporter in exporters_now()] == ["opentelemetry", "logging"]
        """

    assert passed(pytester, tests) == 4


def test_it_works_with_the_standard_librarys_cases(pytester: pytest.Pytester) -> None:
    tests = """
        import unittest
        import pytest
        from shop import afetch, fetch

        class Sync(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def clocked(self, retold_clock):
                self.clock = retold_clock

            def test_waits(self):
                with self.assertRaises(OSError):
                    fetch()
                assert self.clock.waits == [3600, 7200]

        class Async(unittest.IsolatedAsyncioTestCase):
            clocked = Sync.clocked

            async def test_waits(self):
                with self.assertRaises(OSError):
                    await afetch()
                with self.assertRaises(OSError):
                    fetch()
                assert self.clock.waits == [3600, 7200, 3600, 7200]

            def test_waits_in_sync_code(self):
                with self.assertRaises(OSError):
                    fetch()
                assert self.clock.waits == [3600, 7200]
        """

    assert passed(pytester, tests, "-W", "ignore::retold.BlockingWarning") == 3


def test_it_works_with_pytest_asyncio(pytester: pytest.Pytester) -> None:
    tests = """
        import asyncio
        import pytest
        from shop import afetch, fetch, policy
        from retold.runners.scopes import plan_now

        @pytest.fixture
        async def warmed():
            yield plan_now(policy._plan) is policy._plan

        async def test_waits(warmed, retold_clock, retold_events):
            with pytest.raises(OSError):
                await afetch()
            retold_events.assert_calls("shop.fetch", attempts=3)
            assert retold_clock.waits == [3600, 7200]

        async def test_is_held(retold_clock):
            retold_clock.hold = True
            calls = [asyncio.create_task(afetch()) for _ in range(3)]
            for seconds in (3600, 7200):
                await retold_clock.asettle(3)
                retold_clock.advance(seconds)
            assert [type(error) for error in await asyncio.gather(*calls, return_exceptions=True)] == [OSError] * 3

        async def test_nothing_stays(warmed):
            assert warmed
            assert plan_now(policy._plan) is policy._plan
        """

    assert passed(pytester, tests) == 3


def test_it_works_with_anyio_whose_tests_may_run_in_the_context_of_a_fixture(pytester: pytest.Pytester) -> None:
    tests = """
        import pytest
        from shop import afetch, policy
        from retold.runners.scopes import plan_now

        pytestmark = pytest.mark.anyio

        @pytest.fixture(scope="module")
        def anyio_backend():
            return "trio"

        @pytest.fixture(scope="module")
        async def warmed(anyio_backend):
            yield

        class TestShop:
            @pytest.mark.parametrize("again", [1, 2])
            async def test_waits(self, warmed, retold_clock, again):
                assert plan_now(policy._plan).clock is retold_clock
                with pytest.raises(OSError):
                    await afetch()
                assert retold_clock.waits == [3600, 7200]

        async def test_nothing_stays(warmed):
            assert plan_now(policy._plan) is policy._plan
        """

    assert passed(pytester, tests, "--asyncio-mode", "strict") == 3


def test_a_doctest_has_it_too(pytester: pytest.Pytester) -> None:
    tests = '''
        """
        >>> clock = getfixture("retold_clock")
        >>> from shop import fetch, policy
        >>> policy.run(fetch.__wrapped__).attempts
        3
        >>> clock.waits
        [3600.0, 7200.0]
        """
        '''

    assert passed(pytester, tests, "--doctest-modules") == 1


def test_threads_of_a_test_have_the_time_of_others_unless_they_are_handed_its_context(
    pytester: pytest.Pytester,
) -> None:
    tests = """
        import asyncio
        import threading
        import contextvars
        import pytest
        from shop import fetch, policy
        from retold.runners.scopes import plan_now

        def test_threads(retold_clock):
            clocks = []
            look = lambda: clocks.append(plan_now(policy._plan).clock is retold_clock)
            for target, args in ((look, ()), (contextvars.copy_context().run, (look,))):
                thread = threading.Thread(target=target, args=args)
                thread.start()
                thread.join()
            assert clocks == [False, True]

        async def test_to_thread(retold_clock):
            with pytest.raises(OSError):
                await asyncio.to_thread(fetch)
            assert retold_clock.waits == [3600, 7200]
        """

    assert passed(pytester, tests) == 2


def test_it_works_in_parallel(pytester: pytest.Pytester) -> None:
    tests = """
        import pytest
        from shop import fetch

        @pytest.mark.parametrize("number", range(20))
        def test_waits(retold_clock, retold_events, number):
            with pytest.raises(OSError):
                fetch()
            assert retold_clock.waits == [3600, 7200]
            retold_events.assert_calls(attempts=3)
        """

    assert passed(pytester, tests, "-n", "2") == 20


def test_it_is_loaded_without_retold(pytester: pytest.Pytester) -> None:
    tests = """
        import sys

        def test_loaded(request):
            assert request.config.pluginmanager.get_plugin("retold").__name__ == "_retold_pytest"
            assert [name for name in sys.modules if name.split(".")[0] in ("retold", "opentelemetry")] == []
        """

    assert passed(pytester, tests) == 1


def test_pytest_tells_what_the_fixtures_are(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", timeout=120)

    result.stdout.fnmatch_lines(["retold_clock -- *", "retold_events -- *"])


def test_retold_needs_no_pytest() -> None:
    done = run("import sys, retold.testing; print('pytest' in sys.modules)", without=["pytest"], untraced=True)

    assert done.lines == ["False"]
