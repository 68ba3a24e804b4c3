"""Retries that the environment has switched off."""

import pytest

from tests.subprocesses import run


@pytest.mark.parametrize(("value", "attempts"), [("1", 1), (" True ", 1), ("0", 3), ("", 3), ("off", 3)])
def test_every_policy_of_the_process_makes_one_attempt(value: str, attempts: int) -> None:
    done = run(
        """
        import retold
        from retold.testing import MemoryExporter

        seen = MemoryExporter()
        retold.configure(exporters=[seen])
        policy = retold.Policy(on=OSError, backoff=0, operation="shop.fetch")

        @policy
        def fetch():
            raise OSError("no route")

        def block():
            for attempt in policy.replace(attempts=3):
                with attempt:
                    raise OSError("no route")

        for perform in (fetch, block, lambda: policy.call(fetch.__wrapped__)):
            try:
                perform()
            except OSError as error:
                print(error, seen.last.outcome.value, seen.last.attempts)
        print(policy)
        """,
        env={"RETOLD_DISABLED": value},
    )

    assert done.lines[:-1] == [f"no route attempts_exhausted {attempts}"] * 3
    assert "attempts" not in done.lines[-1]


def test_a_value_that_says_neither_is_warned_about_once() -> None:
    done = run(
        """
        import retold

        for _ in range(2):
            policy = retold.Policy(on=OSError)
        """,
        env={"RETOLD_DISABLED": "perhaps"},
        flags=("-W", "always"),
    )

    assert done.err.count("RETOLD_DISABLED=perhaps: that is neither 1 nor 0; retries stay on") == 1
