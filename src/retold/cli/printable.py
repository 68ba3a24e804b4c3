"""Text from elsewhere, made safe to print: one line that moves no cursor and sets no colour."""

from __future__ import annotations


def printable(text: str) -> str:
    """The same, with a `·` for each character that a terminal would obey or not show."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "·" for each in text)
