"""Worlds by the names that `--worlds` has for them."""

from __future__ import annotations

from collections.abc import Iterable

from retold.cli.demo.worlds.http.world import HttpWorld
from retold.cli.demo.worlds.llm.world import LlmWorld
from retold.cli.demo.worlds.store.world import StoreWorld
from retold.cli.demo.worlds.world import World


def chosen(names: Iterable[str]) -> list[type[World]]:
    """The worlds of these names."""
    worlds: dict[str, type[World]] = {world.name: world for world in (HttpWorld, LlmWorld, StoreWorld)}
    if "printer" in names:
        # Not where there are no pseudo-terminals.
        from retold.cli.demo.worlds.printer.world import PrinterWorld

        worlds[PrinterWorld.name] = PrinterWorld
    return [worlds[name] for name in names]
