"""What a mutant is, and what is known of those that no test can notice."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

KNOWN = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Mutant:
    """One change to the code: where it is, the lines as they were and as they became."""

    place: str
    before: str
    after: str

    def __str__(self) -> str:
        lines = [
            *(f"    - {line}" for line in self.before.splitlines()),
            *(f"    + {line}" for line in self.after.splitlines()),
        ]
        return "\n".join([self.place, *lines])


@dataclass(frozen=True)
class Equivalent:
    """Mutants of one line that do what the original does, or differ only in what nobody is promised."""

    place: str
    before: str
    after: tuple[str, ...]
    because: str

    def mutants(self) -> Iterator[Mutant]:
        """Each of them."""
        for after in self.after:
            yield Mutant(self.place, self.before, after)


def known(within: str) -> list[Equivalent]:
    """The explained mutants of everything whose name begins with `within`."""
    said = tomllib.loads(KNOWN.read_text(encoding="utf-8"))["mutant"]
    entries = [Equivalent(each["place"], each["before"], tuple(each["after"]), each["because"]) for each in said]
    return [each for each in entries if each.place.startswith(within)]


def compared(survivors: Iterable[Mutant], explained: Iterable[Equivalent]) -> tuple[set[Mutant], set[Mutant]]:
    """The survivors that nobody has explained, and the explained mutants that did not survive."""
    left, said = set(survivors), {mutant for each in explained for mutant in each.mutants()}
    return left - said, said - left
