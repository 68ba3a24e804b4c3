"""What is made of endpoints: those that answer, those that do not, and those that come and go."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from retold.cli.top.scene import Mood
from retold.cli.top.watch import Unseen, Watch, look
from tests.cli.doctor.conftest import Serve
from tests.cli.top.runs import call
from tests.cli.top.served import Served
from tests.services.ports import free_port


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def told(watch: Watch) -> list[tuple[str, str]]:
    return [(each.subject, each.text) for each in watch.scene.happenings]


def test_before_the_first_look_it_says_that_it_asks(threads: ThreadPoolExecutor) -> None:
    scene = Watch(["http://127.0.0.1:9464/metrics"], 1, threads).scene

    assert (scene.state, scene.rows, scene.target) == ("asking", (), "http://127.0.0.1:9464/metrics")


def test_calls_between_two_looks_become_rows(threads: ThreadPoolExecutor) -> None:
    with Served() as served:
        call(0)
        watch = Watch([served.url], 1, threads)
        watch.look()
        call(1)
        call(3, "shop.pay")
        watch.look()

    scene = watch.scene
    assert (scene.state, scene.mood, scene.moments, watch.unseen) == ("up", Mood.GOOD, 1, {})
    rows = {row.operation: row for row in scene.rows}
    assert rows["shop.fetch"].flow.ended == (1, 1, 2, 1)
    assert rows["shop.pay"].give_ups == {"attempts_exhausted": 1}
    assert scene.everything.flow.ended == (2, 1, 5, 1)
    assert told(watch) == [("shop.pay", "1 gave up: attempts_exhausted")]


def test_a_target_that_goes_and_comes_back_is_told(threads: ThreadPoolExecutor) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    watch = Watch([url], 1, threads)

    with Served(port):
        call(0)
        watch.look()
    watch.look()
    watch.look()
    gone = watch.scene
    with Served(port):
        call(0)
        watch.look()

    assert (gone.state, gone.mood) == ("nobody listens there", Mood.BAD)
    assert "start the process" in gone.advice
    assert watch.scene.state == "up"
    assert told(watch) == [(f"127.0.0.1:{port}", "nobody listens there"), (f"127.0.0.1:{port}", "answers again")]


def test_several_are_added_up_and_one_that_is_silent_is_named(threads: ThreadPoolExecutor, serve: Serve) -> None:
    line = 'retold_calls_total{retold_operation="a",retold_outcome="success"} 2\n'
    one, two, nobody = serve(line), serve(line), f"http://127.0.0.1:{free_port()}/metrics"

    both, some = Watch([one, two, one], 1, threads), Watch([one, nobody], 1, threads)
    both.look()
    some.look()

    assert both.scene.state == "2 up"
    assert both.scene.target == f"{one}, {two}"
    assert some.scene.state == "1 of 2 up: nobody listens there"
    assert [row.operation for row in some.scene.rows] == ["a"]


def test_a_password_is_not_shown(threads: ThreadPoolExecutor) -> None:
    assert Watch(["http://me:secret@127.0.0.1:1/metrics"], 1, threads).scene.target == "http://127.0.0.1:1/metrics"


@pytest.mark.parametrize(
    ("body", "kind", "status", "why", "advice"),
    [
        ("up 1\n", "text/plain", 200, "has no series of Retold's", 'retold.configure(exporters=["prometheus"])'),
        ("<p>Hello</p>", "text/html", 200, "answers with text/html", "not Prometheus's format"),
        ("gone", "text/plain", 404, "answered 404", "usually /metrics"),
        ("who?", "text/plain", 401, "answered 401", "http://USER:PASSWORD@HOST/metrics"),
    ],
)
def test_what_has_no_numbers_of_ours_says_what_to_do(
    serve: Serve, body: str, kind: str, status: int, why: str, advice: str
) -> None:
    with pytest.raises(Unseen, match=why) as caught:
        look(serve(body, kind, status), 5)

    assert advice in caught.value.advice
