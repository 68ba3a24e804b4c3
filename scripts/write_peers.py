"""Writes the page for those who come from other libraries: every public name of theirs, and ours beside it.

.venv/bin/python -m scripts.write_peers            write it
.venv/bin/python -m scripts.write_peers --check    fail if it is not what would be written
.venv/bin/python -m scripts.write_peers --missing  print the names that no file in docs/peers has yet

Its words are those of docs/peers: of one file for each library, and of page.md around them. Where they do not agree
with what the libraries have, or what is said to be ours is not there, nothing is written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from scripts.peers import LIBRARIES, PENDING, SAID, absent, names_of, quoted, said_of, wrong
from scripts.written import ROOT, code, options, table, write

PAGE = ROOT / "docs" / "reference" / "coming-from-other-libraries.md"


def page(libraries: Mapping[str, Mapping[str, Any]]) -> str:
    """Everything, as it goes onto the page."""
    return (
        (SAID / "page.md")
        .read_text(encoding="utf-8")
        .format(
            libraries=f"{', '.join(LIBRARIES[:-1])} and {LIBRARIES[-1]}",
            spellings="\n".join(line for library, said in libraries.items() for line in _spellings(library, said)),
            differences="\n".join(line for library, said in libraries.items() for line in _differences(library, said)),
            pending="† is announced and not in this version.\n" if PENDING else "",
            names="\n".join(line for library, said in libraries.items() for line in _names(library, said)),
        )
    )


def _spellings(library: str, said: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"### From {library}")
    for spelling in said["spellings"]:
        yield from ("", f"{spelling['title']}:", "", "<table><tr><td>", "")
        yield from ("```python", spelling["theirs"].strip(), "```", "", "</td><td>", "")
        yield from ("```python", spelling["ours"].strip(), "```", "", "</td></tr></table>")


def _differences(library: str, said: Mapping[str, Any]) -> Iterator[str]:
    if said.get("differences"):
        yield from ("", f"### {library}: what differs", "")
        rows = ((each["theirs"], each["ours"]) for each in said["differences"].values())
        yield from table((library, "retold"), rows)


def _names(library: str, said: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"### {library} {version(library)}", "")
    told = said["names"]
    rows = ((code(name), _pending(*told[name]), told[name][1]) for name in names_of(said))
    yield from table(("name", "ours", "note"), rows)


def _pending(ours: str, note: str) -> str:
    """Ours as a cell, with a mark if something in the row is only announced."""
    mark = any(PENDING.intersection(absent(each)) for each in (ours, *quoted(note)))
    return f"{code(ours) if ours else 'none'}{' †' if mark else ''}"


def main() -> int:
    """Write the page, or say what keeps it from being written."""
    parser = options("Write the page for those who come from other libraries.")
    parser.add_argument("--missing", action="store_true", help="print the names of which nothing is said yet")
    arguments = parser.parse_args()
    libraries = {library: said_of(library) for library in LIBRARIES}
    if arguments.missing:
        print("\n".join(name for said in libraries.values() for name in names_of(said) if name not in said["names"]))
        return 0
    mistakes = list(wrong(libraries))
    if mistakes:
        print("\n".join(mistakes), file=sys.stderr)
        return 1
    return write({PAGE: page(libraries)}, "scripts.write_peers", check=arguments.check)


if __name__ == "__main__":
    sys.exit(main())
