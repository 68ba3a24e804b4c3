"""What workers say: every event, whole or not at all."""

import io
import os
import pickle
import threading

import pytest

import retold
from retold import AttemptEnded, CallEnded, CallStarted
from retold.cli.demo.pool.relay import Done, Farewell, Message, Outbox, Ready, Relay, Told, messages


def said(pipe: int) -> list[Message]:
    with open(pipe, "rb") as stream:
        return list(messages(stream))


def test_what_is_put_comes_out() -> None:
    reading, writing = os.pipe()
    outbox = Outbox(writing)

    for message in (Ready(), Done(17), Farewell(3, 1)):
        outbox.put(message)
    os.close(writing)

    assert said(reading) == [Ready(), Done(17), Farewell(3, 1)]


def test_many_threads_and_a_full_pipe_tear_no_message() -> None:
    reading, writing = os.pipe()
    outbox = Outbox(writing)

    def say(thread: int) -> None:
        for number in range(500):
            outbox.put(Done(1000 * thread + number))

    threads = [threading.Thread(target=say, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    heard: list[Message] = []
    reader = threading.Thread(target=lambda: heard.extend(said(reading)))
    reader.start()
    for thread in threads:
        thread.join()
    os.close(writing)
    reader.join()

    assert sorted(message.paper for message in heard if isinstance(message, Done)) == [
        1000 * thread + number for thread in range(8) for number in range(500)
    ]


@pytest.mark.parametrize("length", range(len(pickle.dumps(Done(17)))))
def test_half_a_message_is_none(length: int) -> None:
    stream = io.BytesIO(pickle.dumps(Ready()) + pickle.dumps(Done(17))[:length])

    assert list(messages(stream)) == [Ready()]


def test_a_parent_that_has_ended_is_told_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    Outbox(writing).put(Ready())
    os.close(writing)


def test_every_event_of_a_call_is_told_under_its_number_and_without_the_error() -> None:
    reading, writing = os.pipe()
    policy = retold.Policy(on=OSError, attempts=2, backoff=0, operation="relayed")

    def fail() -> None:
        raise ConnectionError("with secrets")

    with retold.configure(exporters=[Relay(Outbox(writing))]):
        for _ in range(2):
            with pytest.raises(ConnectionError):
                policy.call(fail)
    os.close(writing)

    told = [message for message in said(reading) if isinstance(message, Told)]
    names = ["CallStarted", "AttemptStarted", "AttemptEnded", "RetryScheduled", "AttemptStarted", "AttemptEnded"]
    names.append("CallEnded")
    assert [(each.call, type(each.event).__name__) for each in told] == [
        (call, name) for call in (0, 1) for name in names
    ]
    ended = [each.event for each in told if isinstance(each.event, AttemptEnded)]
    assert {(each.error_type, each.error) for each in ended} == {("ConnectionError", None)}
    assert isinstance(told[0].event, CallStarted)
    assert isinstance(told[-1].event, CallEnded)
    assert told[-1].event.outcome is retold.Outcome.ATTEMPTS_EXHAUSTED
