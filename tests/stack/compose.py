"""docker-compose.yml and all that it mounts, as Python values."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
STACK = ROOT / "dashboards" / "stack"
COMPOSE = ROOT / "docker-compose.yml"


def read(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping."""
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


SERVICES: dict[str, dict[str, Any]] = read(COMPOSE)["services"]


def mounts(service: str) -> dict[str, Path]:
    """What a service mounts, by its path in the container."""
    pairs = (volume.split(":") for volume in SERVICES[service].get("volumes", []))
    return {inside: ROOT / outside for outside, inside, _ in pairs}


def seen(service: str, path: str) -> Path:
    """What a service finds at a path that is mounted, or below one."""
    for inside, outside in mounts(service).items():
        if Path(path).is_relative_to(inside):
            return outside / Path(path).relative_to(inside)
    raise LookupError(f"{service} mounts nothing at {path}")


def option(service: str, name: str) -> str:
    """The value of an option on a service's command line."""
    [value] = [
        word.partition("=")[2] for word in SERVICES[service]["command"] if word.lstrip("-").startswith(f"{name}=")
    ]
    return str(value)
