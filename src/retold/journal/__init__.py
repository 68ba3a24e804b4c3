"""What happened, written down by calls and folded into totals when somebody reads it."""

from retold.journal.book import JOURNAL, Journal
from retold.journal.followers import Follower
from retold.journal.histogram import Distribution, Exemplar, Labels
from retold.journal.lock import Lock
from retold.journal.page import FOLD_AT, Page
from retold.journal.tape import Observations, Tape
from retold.journal.totals import Totals, Value

__all__ = [
    "FOLD_AT",
    "JOURNAL",
    "Distribution",
    "Exemplar",
    "Follower",
    "Journal",
    "Labels",
    "Lock",
    "Observations",
    "Page",
    "Tape",
    "Totals",
    "Value",
]
