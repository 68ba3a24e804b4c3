"""What a platform can choose about the files that are written for it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from retold.errors import SettingsError

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MATCHER = re.compile(rf'''{_LABEL.pattern}(=|!=|=~|!~)"([^"\\\n]|\\.)*"''')


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How boards and rules are written.

    Args:
        datasource: Name of the Prometheus data source that boards begin with; None leaves the choice to Grafana.
        matchers: Matchers for labels of targets that every selector carries besides its own, as in `cluster="eu"`.
        objective: Share of calls that shall not end in a give-up; alerts burn what is left of it.
        fallbacks_are_served: Whether a call that gave up and was served its fallback keeps the objective.
        labels: Labels of targets that rules keep beside the operation. Absent ones cost nothing.
        uid_prefix: What the uids of boards begin with, so that two sets can live in one Grafana.
        runbooks: Address of the folder with the runbooks, without a slash at its end.
        grafana: Address of the Grafana that alerts link to, without a slash at its end.
        time_scale: Divides every window, offset and `for` of the rules: 60 makes an hour a minute. For rehearsals.

    Raises:
        SettingsError: A value makes no sense; the message names it.
    """

    datasource: str | None = None
    matchers: tuple[str, ...] = ()
    objective: float = 0.999
    fallbacks_are_served: bool = False
    labels: tuple[str, ...] = ("cluster", "namespace", "job")
    uid_prefix: str = "retold"
    runbooks: str = "https://github.com/retold/retold/blob/main/dashboards/runbooks"
    grafana: str = ""
    time_scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.objective < 1:
            raise SettingsError(f"objective must be a share between 0 and 1, such as 0.999, not {self.objective}")
        if not (math.isfinite(self.time_scale) and self.time_scale >= 1):
            raise SettingsError(f"time_scale must be a finite number of at least 1, not {self.time_scale}")
        for label in self.labels:
            if not _LABEL.fullmatch(label):
                raise SettingsError(f"labels must be names of labels, not {label!r}")
        for matcher in self.matchers:
            if not _MATCHER.fullmatch(matcher):
                raise SettingsError(f"""matchers must be such as cluster="eu", with quotation marks, not {matcher}""")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", self.uid_prefix):
            raise SettingsError(f"uid_prefix must be 1 to 20 of A-Z a-z 0-9 _ -, not {self.uid_prefix!r}")
