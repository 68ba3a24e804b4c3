"""The line protocol of the label printer: what the device and whoever prints both speak.

A frame is one line: words, a star, and the CRC-16 of the words in four hexadecimal digits. `PRINT 17 Paper 17*9F2C`
asks for the label of that number, which is printed once however often it is asked for; the answers are `OK 17*....`,
`BUSY 17*....`, and `BAD*....` to a line whose checksum is wrong.
"""

from __future__ import annotations

import os
import termios
from binascii import crc32, crc_hqx
from pathlib import Path

LENGTH_LIMIT_BYTES = 256
"""No line is longer."""


def mark(line: int, path: Path) -> None:
    """Mark a terminal as the line of the printer that is linked to `path`."""
    termios.tcsetwinsize(line, _mark_of(path))


def is_marked(line: int, path: Path) -> bool:
    """Whether it is that one: the name of a terminal whose printer was killed is soon another's."""
    return termios.tcgetwinsize(line) == _mark_of(path)


def _mark_of(path: Path) -> tuple[int, int]:
    # Nobody needs the size of a window that is none, and it stays with the terminal.
    return divmod(crc32(os.fsencode(path.absolute())), 1 << 16)


def framed(words: str) -> bytes:
    """The words as a line with its checksum."""
    content = words.encode()
    return b"%s*%04X\n" % (content, crc_hqx(content, 0xFFFF))


def words_of(line: bytes) -> str | None:
    """The words of a line, with or without its end; None if the checksum is not theirs."""
    content = line.rstrip(b"\n").rpartition(b"*")[0]
    try:
        words = content.decode()
    except UnicodeDecodeError:
        return None
    return words if framed(words).rstrip(b"\n") == line.rstrip(b"\n") else None


def garbled(frame: bytes) -> bytes:
    """A frame as it comes through a bad cable: one bit is another, so that the checksum is wrong."""
    middle = (len(frame) - 6) // 2
    return frame[:middle] + bytes([frame[middle] ^ 1]) + frame[middle + 1 :]
