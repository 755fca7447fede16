"""What is named in several places is the same everywhere."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from deploy.local import stack
from services.chassis.setting_names import KNOWN_NAMES
from services.chassis.settings import ServiceSettings
from services.chassis.streams import StreamSettings

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SERVICES = {"gateway", "enhancer", "renderer", "storage", "feedback"}
OPTIONAL = {"rembg"}
"""Extras that no service's own list has: what an operator adds to it."""
TOOLS = {"local", "dev", "browser"}
"""Lists of requirements that no service has."""
STACK_ONLY = {"PG_BIN", "GATEWAY_WORKERS", "GATEWAY_HOST", "GATEWAY_PORT"}
"""Read by the embedded stack's launcher."""
ANATOMY = {"__init__", "main", "settings", "handlers", "domain", "adapters", "routes", "admin"}


def modules(service: str) -> set[str]:
    """The names directly inside a service."""
    folder = ROOT / "services" / service
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}


def settings_classes() -> list[type[BaseSettings]]:
    """Every class that reads the environment."""
    found: list[type[BaseSettings]] = [StreamSettings]
    for service in SERVICES:
        module = importlib.import_module(f"services.{service}.settings")
        found += [
            kind
            for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, ServiceSettings)
        ]
    return found


def test_every_service_is_an_extra_a_list_a_process_and_an_island():
    extras = set(PROJECT["project"]["optional-dependencies"]) - {"local"} - OPTIONAL
    lists = {path.stem for path in (ROOT / "requirements").glob("*.txt")} - TOOLS - OPTIONAL
    processes = {*stack.WORKERS, "gateway"}
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"][0]
    islands = {name.strip().removeprefix("services.") for name in layers.split("|")}

    assert extras == lists == processes == islands == SERVICES


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_service_has_the_same_file_names(service: str):
    assert modules(service) - {"__pycache__", "migrations", "instructions", "web"} <= ANATOMY
    assert {"__init__", "main", "settings", "domain", "adapters", "handlers"} <= modules(service)


def test_every_setting_is_known_and_every_known_name_is_a_setting():
    fields = {name.upper() for kind in settings_classes() for name in kind.model_fields}

    assert fields | STACK_ONLY == KNOWN_NAMES | STACK_ONLY
    assert STACK_ONLY & KNOWN_NAMES | fields >= KNOWN_NAMES


def test_the_example_names_every_setting():
    example = (ROOT / "deploy" / ".env.example").read_text()

    assert set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)) == KNOWN_NAMES


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=str)
def test_no_list_of_requirements_holds_an_address(path: Path):
    text = path.read_text()

    assert "://" not in text
    assert "--hash=sha256:" in text


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_main_is_wiring_on_one_screen(service: str):
    source = (ROOT / "services" / service / "main.py").read_text()
    body = source.partition("def build_app")[2]

    assert 0 < len(body.splitlines()) <= 40
