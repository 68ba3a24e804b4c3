"""The boards' JSON: what Grafana's schema knows, and what links and bookmarks rely on."""

import json
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from retold.dashboards.boards import all_boards, boards
from retold.dashboards.boards.grafana import document
from retold.dashboards.boards.grafana_panels import panel
from retold.dashboards.boards.grid import Place
from retold.dashboards.boards.model import Panel
from retold.dashboards.options import Options
from tests.dashboards.boards.linter import Json, panels

register_default_plugins()

OF_THE_DATA_SOURCE = {"titleFormat", "textFormat", "step", "tagKeys"}
"""Keys of annotations that Prometheus's data source reads, and Grafana's schema leaves to it."""

DOCUMENTS: dict[str, Json] = {path: json.loads(text) for path, text in boards(Options()).items()}


def lost(sent: Any, kept: Any, path: str = "") -> list[str]:
    """What of a document is not in what was read from it."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        return [each for key, value in sent.items() for each in lost(value, kept.get(key), f"{path}.{key}")]
    if isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        return [each for index, one in enumerate(sent) for each in lost(one, kept[index], f"{path}[{index}]")]
    return [] if sent == kept else [f"{path}: {sent} became {kept}"]


def read_back(board: Json) -> Any:
    return json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_grafanas_schema_knows_every_key(path: str) -> None:
    found = lost(DOCUMENTS[path], read_back(DOCUMENTS[path]))

    assert [each for each in found if each.split(":")[0].rsplit(".", 1)[-1] not in OF_THE_DATA_SOURCE] == []


@pytest.mark.parametrize("where", ["options", "fieldConfig", "gridPos"])
def test_a_key_that_the_schema_does_not_know_is_found(where: str) -> None:
    board = json.loads(boards(Options())["grafana/overview.json"])
    panels(board)[0][where]["misspelt"] = 1

    assert [each for each in lost(board, read_back(board)) if "misspelt" in each] == [
        f".panels[1].{where}.misspelt: 1 became None"
    ]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_board_has_a_fixed_uid_and_no_id(path: str) -> None:
    name = path.removeprefix("grafana/").removesuffix(".json")

    assert DOCUMENTS[path]["uid"] == f"retold-{name}"
    assert "id" not in DOCUMENTS[path]
    assert DOCUMENTS[path]["tags"] == ["retold"]
    assert DOCUMENTS[path]["refresh"] == "30s"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_ids_of_panels_are_unique(path: str) -> None:
    ids = [each["id"] for each in DOCUMENTS[path]["panels"]]

    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_queries_of_a_panel_are_told_apart(path: str) -> None:
    for each in panels(DOCUMENTS[path]):
        letters = [target["refId"] for target in each["targets"]]
        assert len(set(letters)) == len(letters)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_panel_says_why_it_is_empty(path: str) -> None:
    assert all(each["fieldConfig"]["defaults"]["noValue"] for each in panels(DOCUMENTS[path]))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_colours_are_names_that_grafana_shades_for_dark_and_light(path: str) -> None:
    text = json.dumps(DOCUMENTS[path])

    assert "rgb" not in text
    assert "#" not in text.replace("Value #", "")


def test_latencies_have_exemplars_and_nothing_else_has() -> None:
    asked = {
        each["title"]: sum(target["exemplar"] for target in each["targets"])
        for path in DOCUMENTS
        for each in panels(DOCUMENTS[path])
    }

    assert {title: count for title, count in asked.items() if count} == {
        "How long calls take": 1,
        "How long attempts take": 1,
    }


def test_the_boards_lead_to_each_other_and_to_the_runbooks_and_keep_what_was_chosen() -> None:
    links = {
        path: {link["title"]: link["url"] for link in board["links"]}
        for path, board in _with(uid_prefix="eu", runbooks="https://wiki.example/retold").items()
    }
    kept = "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"

    assert links == {
        "grafana/overview.json": {
            "Operation": f"/d/eu-operation?{kept}",
            "Runbooks": "https://wiki.example/retold",
        },
        "grafana/operation.json": {
            "Overview": f"/d/eu-overview?{kept}",
            "Runbooks": "https://wiki.example/retold",
        },
    }


def test_the_table_leads_to_the_board_of_the_operation() -> None:
    (table,) = (each for each in panels(DOCUMENTS["grafana/overview.json"]) if each["type"] == "table")
    (links,) = (
        part["value"]
        for exception in table["fieldConfig"]["overrides"]
        for part in exception["properties"]
        if part["id"] == "links"
    )

    assert links[0]["url"].startswith("/d/retold-operation?var-operation=${__value.raw}&${datasource:queryparam}&")
    assert links[0]["url"].endswith("&${__url_time_range}")


def test_a_data_source_that_is_named_is_the_one_that_boards_begin_with() -> None:
    for board in _with(datasource="Mimir").values():
        assert board["templating"]["list"][0]["current"] == {"text": "Mimir", "value": "Mimir"}


def test_alerts_are_marked_that_are_of_what_is_chosen() -> None:
    expressions = {
        path: board["annotations"]["list"][1]["expr"]
        for path, board in _with(matchers=('cluster="eu"', 'pod=~"a.*"')).items()
    }
    firing = 'ALERTS{alertname=~"Retold.*", alertstate="firing", job=~"$job|", cluster="eu"'

    assert expressions == {
        "grafana/overview.json": firing + "}",
        "grafana/operation.json": (f'{firing}, retold_operation="$operation"}} or {firing}, retold_operation=""}}'),
    }


def test_a_kind_of_panel_that_grafana_does_not_have_is_refused() -> None:
    strange = Panel(title="", description="", targets=(), unit="none", width=1, height=1, empty="")

    with pytest.raises(TypeError, match="Panel has no form in Grafana"):
        panel(1, strange, Place(0, 0, 1, 1))


def test_a_board_is_written_as_it_is() -> None:
    for name, board in all_boards(Options()).items():
        assert document(board) == DOCUMENTS[f"grafana/{name}.json"]


def _with(**options: Any) -> dict[str, Json]:
    return {path: json.loads(text) for path, text in boards(Options(**options)).items()}
