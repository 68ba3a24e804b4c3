"""Choosing exporters: by name, by object, by the environment."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import retold
from retold import Exporter, catalogue, settings, telemetry
from retold.exporters.logging import Logging
from retold.journal import JOURNAL
from retold.runners import audience
from retold.testing import MemoryExporter
from tests.forms import Failing
from tests.subprocesses import run


def chosen() -> list[str]:
    return [exporter.name for exporter in audience.current().exporters]


def fetch() -> None:
    retold.Policy(on=OSError, backoff=0, operation="shop.fetch").call(Failing(OSError, "page"))


def test_a_name_stands_for_one_exporter_every_time() -> None:
    with retold.configure(exporters=["logging"]):
        [first] = audience.current().exporters
    with retold.configure(exporters=["logging", "memory"]):
        second, _ = audience.current().exporters

    assert isinstance(first, Logging)
    assert first is second is catalogue.named("logging")


@pytest.mark.parametrize("name", sorted(catalogue.BUILT_IN))
def test_every_built_in_exporter_goes_by_its_name(name: str) -> None:
    with retold.configure(exporters=[name]):
        assert chosen() == [name]
    catalogue.named(name).close()
    catalogue._made.pop(name)


def test_objects_are_taken_as_they_are_and_told_once_however_often_they_are_named() -> None:
    memory = MemoryExporter()

    with retold.configure(exporters=[memory, memory]):
        fetch()

    assert len(memory.calls) == 1


def test_leaving_the_context_restores_the_choice_before() -> None:
    outer, inner = MemoryExporter(), MemoryExporter()

    with retold.configure(exporters=[outer]):
        with retold.configure(exporters=[inner]):
            fetch()
        fetch()
        with pytest.raises(LookupError), retold.configure(exporters=[]):
            raise LookupError
        fetch()

    assert (len(outer.calls), len(inner.calls)) == (2, 1)


def test_without_a_context_the_choice_stands() -> None:
    memory = MemoryExporter()

    retold.configure(exporters=[memory])
    fetch()

    assert len(memory.calls) == 1


def test_configuring_twice_changes_nothing() -> None:
    memory = MemoryExporter()

    retold.configure(exporters=["logging", memory])
    retold.configure(exporters=["logging", memory])
    fetch()

    assert chosen() == ["logging", "memory"]
    assert len(memory.calls) == 1


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(retold.SettingsError) as caught:
        retold.configure(exporters=["promteheus"])

    assert str(caught.value) == (
        "there is no exporter named 'promteheus'; there are:"
        " console, logging, memory, opentelemetry, prometheus, structlog"
    )


@pytest.mark.parametrize(
    ("exporters", "message"),
    [
        ("logging", r"must be a list of names or exporters: write exporters=\['logging'\]"),
        ([Logging], r"takes objects, not classes: write Logging\(\)"),
        ([42], r"takes names and retold.Exporter objects, not 42"),
        (42, r"must be a list of names or exporters, not 42"),
        (["none"], r"there is no exporter named 'none'"),
    ],
)
def test_a_wrong_choice_is_refused_and_changes_nothing(exporters: list[Exporter], message: str) -> None:
    with retold.configure(exporters=["console"]):
        with pytest.raises(retold.SettingsError, match=message):
            retold.configure(exporters=exporters)

        assert chosen() == ["console"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"error_type": "OSError"},
            "error_type must be a callable that takes an exception and names it and is not async, not 'OSError'",
        ),
        ({"max_operations": 0}, "max_operations must be a whole number, at least 1, not 0"),
        ({"max_operations": True}, "max_operations must be a whole number, at least 1, not True"),
        ({"max_operations": 2.5}, "max_operations must be a whole number, at least 1, not 2.5"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_of_the_same_call_is_set(setting: dict[str, Any], message: str) -> None:
    with retold.configure(exporters=["console"]):
        with pytest.raises(retold.SettingsError) as caught:
            retold.configure(exporters=["memory"], **setting)

        assert str(caught.value) == message
        assert chosen() == ["console"]


def test_what_is_not_given_is_kept() -> None:
    memory = MemoryExporter()

    with (
        retold.configure(exporters=[memory], error_type=lambda _: "down"),
        retold.configure(max_operations=7),
        retold.configure(),
    ):
        fetch()
        limit = JOURNAL.max_operations

    assert [attempt.error_type for attempt in memory.attempts] == ["down", None]
    assert (limit, JOURNAL.max_operations) == (7, 100)
    assert settings._settings.error_type is None


def test_leaving_a_context_restores_what_it_replaced_and_nothing_else() -> None:
    memory = MemoryExporter()

    with retold.configure(error_type=lambda _: "down", max_operations=7):
        retold.configure(exporters=[memory])
    fetch()

    assert [attempt.error_type for attempt in memory.attempts] == ["OSError", None]
    assert JOURNAL.max_operations == 100


def test_none_is_the_default() -> None:
    with (
        retold.configure(error_type=lambda _: "down", max_operations=7),
        retold.configure(exporters=None, error_type=None, max_operations=None),
    ):
        assert chosen() == ["opentelemetry", "logging"]
        assert JOURNAL.max_operations == 100
        assert settings._settings.error_type is None


def test_fewer_operations_than_there_are_keep_their_numbers() -> None:
    def counted(name: str) -> dict[str, int]:
        retold.Policy(on=OSError, backoff=0, operation=name).call(Failing("page"))
        calls = JOURNAL.collect()[telemetry.CALLS].items()
        return {str(labels[0]): value for labels, value in calls if isinstance(value, int) and value}

    with retold.configure(exporters=["prometheus"]):
        counted("shop.fetch")
        counted("shop.pay")
        with retold.configure(max_operations=1):
            counted("shop.pay")
            limited = counted("shop.ship")
        unlimited = counted("shop.ship")

    assert limited == {"shop.fetch": 1, "shop.pay": 2, "_OTHER": 1}
    assert unlimited == {**limited, "shop.ship": 1}


def test_without_the_library_of_an_exporter_the_remedy_is_named() -> None:
    done = run(
        """
        import retold

        try:
            retold.configure(exporters=["prometheus"])
        except retold.SettingsError as error:
            print(error)
        """,
        without=["prometheus_client"],
    )

    assert done.lines == [
        "exporter 'prometheus' cannot be loaded:"
        " the prometheus exporter needs the extra: pip install 'retold[prometheus]'"
    ]


def test_a_call_reports_whole_to_the_exporters_configured_when_it_began() -> None:
    before, after = MemoryExporter(), MemoryExporter()
    policy = retold.Policy(on=OSError, backoff=0, operation="shop.fetch")

    def switch() -> str:
        retold.configure(exporters=[after])
        if len(before.attempts) == 0:
            raise OSError
        return "page"

    with retold.configure(exporters=[before]):
        policy.call(switch)

    assert [type(event).__name__ for event in before.events] == [
        "CallStarted",
        "AttemptStarted",
        "AttemptEnded",
        "RetryScheduled",
        "AttemptStarted",
        "AttemptEnded",
        "CallEnded",
    ]
    assert after.events == []


def test_threads_may_configure_different_settings() -> None:
    def reconfigure(**setting: Any) -> None:
        for _ in range(200):
            with retold.configure(**setting):
                pass

    configuring = [
        threading.Thread(target=reconfigure, kwargs=setting)
        for setting in ({"exporters": ["memory"]}, {"error_type": str}, {"max_operations": 7})
    ]
    for thread in configuring:
        thread.start()
    for thread in configuring:
        thread.join()

    assert settings._settings == settings.Settings(exporters=())


def test_threads_may_configure_while_threads_call() -> None:
    exporters = [MemoryExporter() for _ in range(4)]
    policy = retold.Policy(on=OSError, backoff=0, operation="shop.fetch")
    done = threading.Event()

    def reconfigure(memory: MemoryExporter) -> None:
        while not done.is_set():
            retold.configure(exporters=[memory])

    configuring = [threading.Thread(target=reconfigure, args=(memory,)) for memory in exporters]
    for thread in configuring:
        thread.start()
    retold.configure(exporters=[exporters[0]])
    calling = [threading.Thread(target=lambda: [policy.call(str) for _ in range(500)]) for _ in range(4)]
    for thread in calling:
        thread.start()
    for thread in calling:
        thread.join()
    done.set()
    for thread in configuring:
        thread.join()

    assert sum(len(memory.calls) for memory in exporters) == 2000
    assert all(len(memory.events) == 4 * len(memory.calls) for memory in exporters)


@pytest.fixture
def made() -> Iterator[dict[str, Exporter]]:
    """The exporters that were made by name: only this test's."""
    before = dict(catalogue._made)
    catalogue._made.clear()
    yield catalogue._made
    catalogue._made.clear()
    catalogue._made.update(before)


def test_all_exporters_made_by_name_are_closed_at_exit_even_if_one_fails(made: dict[str, Exporter]) -> None:
    closed: list[str] = []

    class Closing(Exporter):
        def close(self) -> None:
            closed.append(self.name)
            raise RuntimeError

    made["one"], made["two"] = Closing(), Closing()
    made["one"].name, made["two"].name = "one", "two"

    catalogue._close_made()

    assert closed == ["one", "two"]


def test_a_block_makes_the_choice_when_nothing_was_applied_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOLD_EXPORTERS", "none")
    monkeypatch.setattr(settings, "chosen", None)

    assert len(list(iter_once(retold.Policy(on=OSError)))) == 1
    assert settings.chosen == ()


def iter_once(policy: retold.Policy[Any]) -> Iterator[None]:
    for attempt in policy:
        with attempt:
            yield
