"""Writes the pages for those who come from other libraries: theirs and ours side by side, what differs, every name.

.venv/bin/python -m scripts.write_peers            write them
.venv/bin/python -m scripts.write_peers --check    fail if they are not what would be written
.venv/bin/python -m scripts.write_peers --missing  print the names that no file in docs/peers has yet

Their words are those of docs/peers: of one file for each library, and of page.md and index.md around them. Where they
do not agree with what the libraries have, or what is said to be ours is not there, nothing is written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.peers import LIBRARIES, PENDING, SAID, absent, names_of, quoted, said_of, wrong
from scripts.written import ROOT, code, options, table, write

PAGES = ROOT / "docs" / "coming-from"

_PROVEN = """
Apart from them, how often a function runs, what is waited and what is raised in the end is the same, which random
policies prove."""


def pages(libraries: Mapping[str, Mapping[str, Any]]) -> dict[Path, str]:
    """Every page with its text: one for each library, and the one that lists them."""
    return {
        PAGES / "README.md": _index(libraries),
        **{PAGES / f"{library}.md": _page(library, said) for library, said in libraries.items()},
    }


def _index(libraries: Mapping[str, Mapping[str, Any]]) -> str:
    rows = ((f"[{library}]({library}.md)", " ".join(said["gist"].split())) for library, said in libraries.items())
    return _template("index").format(libraries="\n".join(table(("from", "what changes"), rows)))


def _page(library: str, said: Mapping[str, Any]) -> str:
    return _template("page").format(
        library=library,
        version=version(library),
        gist=said["gist"].strip(),
        spellings="\n".join(line for spelling in said["spellings"] for line in _side_by_side(library, spelling)),
        tests=f"[test_{library}_differs.py](../../tests/differential/test_{library}_differs.py)",
        proven=_PROVEN if said.get("proven") else "",
        differences="\n".join(_differences(library, said)),
        pending="† is announced and not in this version.\n" if PENDING else "",
        names="\n".join(_names(said)),
    )


def _template(name: str) -> str:
    return (SAID / f"{name}.md").read_text(encoding="utf-8")


def _side_by_side(library: str, spelling: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"### {spelling['title']}", "")
    if spelling.get("ends") == "other":
        yield from ("Ours raises `RejectedResult` where it gives up: see [what differs](#what-differs-on-purpose).", "")
    yield from ("<table>", f'<tr><th width="50%">{library}</th><th width="50%">Retold</th></tr>')
    yield from ('<tr><td valign="top">', "", "```python", spelling["theirs"].strip(), "```", "")
    yield from ('</td><td valign="top">', "", "```python", spelling["ours"].strip(), "```", "")
    yield from ("</td></tr>", "</table>")


def _differences(library: str, said: Mapping[str, Any]) -> Iterator[str]:
    yield from table((library, "Retold"), ((each["theirs"], each["ours"]) for each in said["differences"].values()))


def _names(said: Mapping[str, Any]) -> Iterator[str]:
    told = said["names"]
    yield from table(
        ("name", "ours", "note"),
        ((code(name), _pending(*told[name]), told[name][1]) for name in names_of(said)),
    )


def _pending(ours: str, note: str) -> str:
    """Ours as a cell, with a mark if something in the row is only announced."""
    mark = any(PENDING.intersection(absent(each)) for each in (ours, *quoted(note)))
    return f"{code(ours) if ours else 'none'}{' †' if mark else ''}"


def main() -> int:
    """Write the pages, or say what keeps them from being written."""
    parser = options("Write the pages for those who come from other libraries.")
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
    return write(pages(libraries), "scripts.write_peers", check=arguments.check)


if __name__ == "__main__":
    sys.exit(main())
