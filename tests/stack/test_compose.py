"""docker-compose.yml: what can be known of it without a container engine."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from retold.cli.demo import options
from retold.cli.demo.options import DEFAULT_PORT
from retold.cli.demo.receiver import Receiver
from retold.cli.parser import Parser
from tests.cli.demo.running import Demo
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port
from tests.stack.compose import COMPOSE, ROOT, SERVICES, STACK, mounts

DOCKERFILE = (STACK / "Dockerfile").read_text(encoding="utf-8")
TAGGED = re.compile(r"[a-z0-9./_-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*")
services = pytest.mark.parametrize("service", sorted(SERVICES))


def test_it_is_what_compose_reads() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schema_would_find_a_word_that_compose_does_not_know(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yml"
    wrong.write_text(COMPOSE.read_text(encoding="utf-8").replace("healthcheck:", "healthchek:", 1), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "healthchek" in done.stdout


def test_these_are_its_parts() -> None:
    assert set(SERVICES) == {"app", "receiver", "prometheus", "alertmanager", "collector", "tempo", "grafana"}


@services
def test_every_image_has_the_tag_of_a_release(service: str) -> None:
    whole = SERVICES[service]
    if "build" in whole:
        assert "image" not in whole
        [image] = re.findall(rf"^FROM (\S+) AS {whole['build']['target']}$", DOCKERFILE, re.MULTILINE)
    else:
        image = whole["image"]

    assert TAGGED.fullmatch(image)


def test_every_image_of_the_dockerfile_has_the_tag_of_a_release() -> None:
    named = re.findall(r"^FROM (\S+)|--from=(\S+)", DOCKERFILE, re.MULTILINE)

    assert len(named) == 3
    assert all(TAGGED.fullmatch(first or second) for first, second in named)


def test_what_is_copied_into_the_image_is_there_and_is_not_kept_back() -> None:
    copied = {word for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]}
    kept = set(re.findall(r"^!(\S+)$", (STACK / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.MULTILINE))

    assert copied == kept
    assert all((ROOT / path).exists() for path in copied)


@services
def test_it_says_how_it_is(service: str) -> None:
    check = SERVICES[service]["healthcheck"]

    assert check["test"][0] == "CMD"  # no shell, which not every image has
    assert {"interval", "timeout", "retries"} <= check.keys()


@services
def test_it_waits_for_what_it_needs_to_be_well(service: str) -> None:
    for needed, how in SERVICES[service].get("depends_on", {}).items():
        assert needed in SERVICES
        assert how == {"condition": "service_healthy"}


@services
def test_it_is_reached_from_this_machine_alone(service: str) -> None:
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in SERVICES[service].get("ports", []))


def test_no_two_are_reached_at_the_same_port() -> None:
    ports = [port.split(":")[1] for service in SERVICES.values() for port in service.get("ports", [])]

    assert len(ports) == len(set(ports))


@services
def test_it_can_change_nothing_but_what_it_keeps_in_memory(service: str) -> None:
    whole = SERVICES[service]

    assert whole["read_only"] is True
    assert whole["cap_drop"] == ["ALL"]
    assert whole["security_opt"] == ["no-new-privileges:true"]
    assert all(volume.endswith(":ro") for volume in whole.get("volumes", []))


@services
def test_what_it_mounts_is_there(service: str) -> None:
    assert [path for path in mounts(service).values() if not path.exists()] == []


@services
def test_the_users_of_its_folders_in_memory_are_named(service: str) -> None:
    # A folder that an image has keeps its mode when memory is put in its place, but not its owner.
    for folder in SERVICES[service].get("tmpfs", []):
        assert folder == "/tmp" or re.fullmatch(r"/[a-z/]+:uid=\d+,gid=\d+", folder)


def test_the_demo_knows_its_options_and_serves_where_it_is_asked() -> None:
    command = SERVICES["app"]["command"]
    parser = Parser()
    options.add_arguments(parser)

    chosen = options.parsed(parser, parser.parse_args(command[1:]))

    assert command[0] == "demo"
    assert (chosen.host, chosen.port, chosen.duration) == ("0.0.0.0", DEFAULT_PORT, None)
    assert SERVICES["app"]["ports"] == [f"127.0.0.1:{chosen.port}:{chosen.port}"]
    assert f"http://127.0.0.1:{chosen.port}/metrics" in SERVICES["app"]["healthcheck"]["test"][-1]
    assert "prometheus" in chosen.exporters
    assert "opentelemetry" in chosen.exporters


def test_the_receiver_is_the_demos_own() -> None:
    assert SERVICES["receiver"]["build"] == SERVICES["app"]["build"]
    assert SERVICES["receiver"]["entrypoint"] == ["python", "-m", Receiver.__module__]


def asked(service: str, port: int) -> int:
    """The exit status of a service's own question how it is, asked at another port."""
    _, python, *arguments = SERVICES[service]["healthcheck"]["test"]
    own = SERVICES[service]["command"][-1] if service == "receiver" else f"--port={DEFAULT_PORT}"
    arguments[-1] = arguments[-1].replace(own.removeprefix("--port="), str(port))
    assert python == "python"
    return subprocess.run([sys.executable, *arguments], capture_output=True, timeout=30, check=False).returncode


def test_the_app_as_it_is_run_serves_metrics_and_sends_spans(tmp_path: Path, otlp_sink: OtlpSink) -> None:
    kept = [word for word in SERVICES["app"]["command"][1:] if not word.startswith(("--output", "--port"))]

    with Demo(tmp_path, *kept, OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.http_endpoint) as demo:
        port = urlsplit(demo.metrics_url).port
        assert port
        otlp_sink.wait_for(1)
        well = asked("app", port)
        ended, errors = demo.end(signal.SIGTERM), demo.errors

    assert (well, ended, errors) == (0, 0, "")
    assert asked("app", port) != 0


def test_the_receiver_as_it_is_run_says_how_it_is() -> None:
    port = free_port()
    *others, _ = SERVICES["receiver"]["command"]
    command = [sys.executable, *SERVICES["receiver"]["entrypoint"][1:], *others, f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as receiver:
        assert receiver.stdout
        assert receiver.stdout.readline() == f"listening on http://0.0.0.0:{port}/\n".encode()
        well = asked("receiver", port)
        receiver.terminate()

    assert (well, receiver.returncode) == (0, 0)
    assert asked("receiver", port) != 0
