"""The command `retold`, whose demo has a budget for two of its operations, so that a picture shows what budgets do.

The other operations have none, and multiply load beside them.
"""

from __future__ import annotations

import sys

import retold
from retold.cli import main


def give_budgets() -> None:
    """Exchange the two policies that the crawler looks up at each call."""
    retold.configure(exporters=[])  # what the crawler decorates would choose by the environment
    from retold.cli.demo.worlds.http import crawler

    crawler.indexing = crawler.indexing.replace(budget=retold.Budget("index"))
    crawler.looking_up = crawler.looking_up.replace(budget=retold.Budget("citations"))


if __name__ == "__main__":
    give_budgets()
    sys.exit(main())
