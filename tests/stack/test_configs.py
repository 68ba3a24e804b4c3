"""The files of dashboards/stack: they fit each other, and those that this machine has programs for are run."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from retold.cli.demo.monitoring import RECEIVER_URL, write_configuration
from tests.services.alertmanager import amtool_check_config
from tests.services.prometheus import promtool_check_config
from tests.stack.compose import SERVICES, STACK, option, read, seen

COLLECTOR = read(STACK / "otel-collector.yml")
TEMPO = read(STACK / "tempo.yml")
PROVISIONING = STACK / "grafana" / "provisioning"
[PROVIDER] = read(PROVISIONING / "dashboards" / "dashboards.yml")["providers"]
DATASOURCES = {each["uid"]: each for each in read(PROVISIONING / "datasources" / "datasources.yml")["datasources"]}


def test_what_the_package_brings_is_what_the_containers_read() -> None:
    for name in ("prometheus.yml", "alertmanager.yml"):
        packed = files("retold.cli.demo") / "stack" / name
        # They differ? Copy the one that you did not change: cp src/retold/cli/demo/stack/*.yml dashboards/stack/
        assert packed.read_bytes() == (STACK / name).read_bytes()


def laid_out(service: str, config: Path, folder: Path) -> Path:
    """A service's files as it finds them beside its configuration, which is returned."""
    for inside in (volume.split(":")[1] for volume in SERVICES[service]["volumes"]):
        target = folder / Path(inside).relative_to(config.parent)
        target.symlink_to(seen(service, inside))
    return folder / config.name


def test_prometheus_can_read_what_is_mounted(tmp_path: Path) -> None:
    config = laid_out("prometheus", Path(option("prometheus", "config.file")), tmp_path)

    status, said = promtool_check_config(config)

    assert status == 0, said


def test_prometheus_can_read_what_the_demo_writes(tmp_path: Path) -> None:
    write_configuration(tmp_path, "127.0.0.1:9464", "http://127.0.0.1:9095/")
    (tmp_path / "targets" / "alertmanager.yml").write_text('[{"targets": ["127.0.0.1:9093"]}]')

    status, said = promtool_check_config(tmp_path / "prometheus.yml")

    assert status == 0, said


def test_alertmanager_can_read_its_file(tmp_path: Path) -> None:
    write_configuration(tmp_path, "127.0.0.1:9464", "http://127.0.0.1:9095/")

    for path in (seen("alertmanager", option("alertmanager", "config.file")), tmp_path / "alertmanager.yml"):
        status, said = amtool_check_config(path)
        assert status == 0, said

    assert "http://127.0.0.1:9095/" in (tmp_path / "alertmanager.yml").read_text(encoding="utf-8")
    assert RECEIVER_URL not in (tmp_path / "alertmanager.yml").read_text(encoding="utf-8")


def addresses() -> Iterator[tuple[str, str]]:
    """What each file and each setting calls by name, as `host:port`."""
    for name in ("demo", "alertmanager"):
        for group in yaml_list(STACK / "targets" / f"{name}.yml"):
            yield from ((f"targets/{name}.yml", target) for target in group["targets"])
    for receiver in read(STACK / "alertmanager.yml")["receivers"]:
        for webhook in receiver["webhook_configs"]:
            yield "alertmanager.yml", urlsplit(webhook["url"]).netloc
    for exporter in COLLECTOR["exporters"].values():
        yield "otel-collector.yml", exporter["endpoint"]
    for datasource in DATASOURCES.values():
        yield "datasources.yml", urlsplit(datasource["url"]).netloc
    yield "docker-compose.yml", urlsplit(SERVICES["app"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]).netloc


def yaml_list(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8")))


LISTENING = {
    "app:9464",
    "receiver:9095",
    "prometheus:9090",
    "alertmanager:9093",
    f"collector:{urlsplit('//' + COLLECTOR['receivers']['otlp']['protocols']['http']['endpoint']).port}",
    f"tempo:{TEMPO['server']['http_listen_port']}",
    f"tempo:{urlsplit('//' + TEMPO['distributor']['receivers']['otlp']['protocols']['grpc']['endpoint']).port}",
}
"""Where the services listen, by their own files, options and defaults."""


def test_whoever_is_called_by_name_is_a_service_that_listens_there() -> None:
    called = {address for _, address in addresses()}

    assert called == LISTENING - {"receiver:9095"} | {urlsplit(RECEIVER_URL).netloc}
    assert {address.split(":")[0] for address in called} <= set(SERVICES)


@pytest.mark.parametrize("service", ["prometheus", "alertmanager", "tempo", "receiver", "app"])
def test_it_is_asked_how_it_is_where_it_listens(service: str) -> None:
    asked = SERVICES[service]["healthcheck"]["test"][-1]

    assert any(f"127.0.0.1:{address.split(':')[1]}/" in asked for address in LISTENING if address.startswith(service))


def test_the_pipelines_of_the_collector_are_made_of_what_is_defined_and_nothing_is_defined_in_vain() -> None:
    used: dict[str, set[str]] = {kind: set() for kind in ("receivers", "processors", "exporters")}
    for pipeline in COLLECTOR["service"]["pipelines"].values():
        for kind, names in used.items():
            names.update(pipeline[kind])

    assert used == {kind: set(COLLECTOR[kind]) for kind in used}
    assert set(COLLECTOR["service"]["extensions"]) == set(COLLECTOR["extensions"])
    assert set(COLLECTOR) == {*used, "extensions", "service"}
    port = COLLECTOR["extensions"]["health_check"]["endpoint"].rpartition(":")[2]
    assert SERVICES["collector"]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}/"


@pytest.mark.parametrize("service", ["prometheus", "alertmanager", "collector", "tempo"])
def test_it_reads_a_file_of_the_stack(service: str) -> None:
    name = "config" if service == "collector" else "config.file"

    assert seen(service, option(service, name)).parent == STACK


@pytest.mark.parametrize(
    "folder", [TEMPO["storage"]["trace"]["wal"]["path"], TEMPO["storage"]["trace"]["local"]["path"]]
)
def test_tempo_keeps_traces_where_it_may_write(folder: str) -> None:
    assert any(folder.startswith(memory.partition(":")[0]) for memory in SERVICES["tempo"]["tmpfs"])


@pytest.mark.parametrize("service", ["prometheus", "alertmanager"])
def test_it_keeps_its_data_where_it_may_write(service: str) -> None:
    name = "storage.tsdb.path" if service == "prometheus" else "storage.path"

    assert option(service, name) in [memory.partition(":")[0] for memory in SERVICES[service]["tmpfs"]]


def test_exemplars_lead_from_prometheus_to_tempo() -> None:
    [link] = DATASOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]

    assert link["name"] == "trace_id"  # what the exporter calls it
    assert DATASOURCES[link["datasourceUid"]]["type"] == "tempo"
    assert [uid for uid, each in DATASOURCES.items() if each.get("isDefault")] == ["prometheus"]


def test_grafana_works_out_rates_by_how_often_prometheus_scrapes() -> None:
    scraped = read(STACK / "prometheus.yml")["global"]["scrape_interval"]

    assert DATASOURCES["prometheus"]["jsonData"]["timeInterval"] == scraped


def test_grafana_finds_the_boards_where_they_are_mounted() -> None:
    boards = seen("grafana", PROVIDER["options"]["path"])

    assert boards.parent == STACK.parent
    assert all(json.loads(path.read_text(encoding="utf-8"))["uid"] for path in boards.glob("*.json"))
    assert seen("grafana", "/etc/grafana/provisioning") == PROVISIONING


def test_whoever_is_on_this_machine_may_look_and_nobody_can_change_anything() -> None:
    settings = SERVICES["grafana"]["environment"]

    assert (settings["GF_AUTH_ANONYMOUS_ENABLED"], settings["GF_AUTH_ANONYMOUS_ORG_ROLE"]) == ("true", "Viewer")
    assert settings["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert not any(each["editable"] for each in DATASOURCES.values())
    assert PROVIDER["allowUiUpdates"] is False
