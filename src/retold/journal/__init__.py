"""What happened, written down by calls and folded into totals when somebody reads it."""

from retold.journal.book import JOURNAL, Journal
from retold.journal.lock import Lock
from retold.journal.page import FOLD_AT, Page
from retold.journal.totals import Distribution, Exemplar, Labels, Observations, Totals, Value

__all__ = [
    "FOLD_AT",
    "JOURNAL",
    "Distribution",
    "Exemplar",
    "Journal",
    "Labels",
    "Lock",
    "Observations",
    "Page",
    "Totals",
    "Value",
]
