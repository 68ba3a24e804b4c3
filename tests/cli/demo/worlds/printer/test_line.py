"""The printer's line protocol: what comes through whole is read, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold.cli.demo.worlds.printer.line import framed, garbled, words_of

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n"))


def test_a_frame_is_a_line_with_a_checksum() -> None:
    assert framed("PRINT 17 Paper 17") == b"PRINT 17 Paper 17*D698\n"


@given(WORDS)
def test_what_is_framed_is_read(words: str) -> None:
    assert words_of(framed(words)) == words_of(framed(words).rstrip(b"\n")) == words


@given(WORDS, st.data())
def test_one_wrong_bit_is_seen(words: str, data: st.DataObject) -> None:
    frame = bytearray(framed(words))
    place = data.draw(st.integers(0, len(frame) - 2))
    frame[place] ^= 1 << data.draw(st.integers(0, 7))

    assert words_of(bytes(frame)) is None


@pytest.mark.parametrize("words", ["OK 17", "BAD", "O"])
def test_what_is_garbled_is_seen_and_still_one_line(words: str) -> None:
    assert words_of(garbled(framed(words))) is None
    assert garbled(framed(words)).index(b"\n") == len(framed(words)) - 1


@pytest.mark.parametrize("line", [b"", b"\n", b"*", b"OK 17", b"\xff*0000\n", b"OK 17*zzzz"])
def test_garbage_has_no_words(line: bytes) -> None:
    assert words_of(line) is None
