"""The table of extras is the documentation of dependencies, so it says what the code imports."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from deploy.local.stack import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
SERVICES = [name for name in EXTRAS if (ROOT / "services" / name).is_dir()]
DISTRIBUTIONS = packages_distributions()
OURS = {"contracts", "services"}
# What a library hands on as its own.
PART_OF = {"starlette": "fastapi", "pydantic-core": "pydantic", "onnxruntime": "rembg"}
# Extras of their own that a service's operator may add.
OPTIONAL = {"renderer": ("rembg",)}
# What a library loads by itself.
UNSEEN = {"httptools", "python-multipart", "pyvips-binary"}


def named(requirement: str) -> str:
    return re.split(r"[\[<>=; ]", requirement)[0]


def modules(folder: Path) -> set[str]:
    """The top-level modules of others that the code below imports."""
    files = folder.rglob("*.py")
    found = {name for file in files for name in _imported(ast.parse(file.read_text()))}
    return found - OURS - sys.stdlib_module_names


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def sources(module: str) -> set[str]:
    """The packages that the module may come from: several share `google`."""
    found = {name.lower().replace("_", "-") for name in DISTRIBUTIONS[module]}
    return found | {PART_OF[name] for name in found & PART_OF.keys()}


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_imports_is_declared(service: str) -> None:
    added = [line for extra in OPTIONAL.get(service, ()) for line in EXTRAS[extra]]
    declared = {named(line) for line in (*PROJECT["dependencies"], *EXTRAS[service], *added)}

    imported = modules(ROOT / "services" / service)

    assert [module for module in imported if not sources(module) & declared] == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_declared_for_a_service_is_imported(service: str) -> None:
    folders = (ROOT / "services" / service, ROOT / "services" / "chassis")

    used = {name for folder in folders for module in modules(folder) for name in sources(module)}

    assert {named(line) for line in EXTRAS[service]} - UNSEEN - used == set()
