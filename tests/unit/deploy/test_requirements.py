import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from deploy.local.stack import ROOT

LISTS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)


def pins(file: Path) -> set[tuple[str, ...]]:
    return set(PIN.findall(file.read_text()))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", requirement)[0] for requirement in requirements}


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_every_line_is_a_pin_or_a_hash(file: Path) -> None:
    lines = file.read_text().splitlines()

    assert len(pins(file)) == sum(not line.startswith("    ") for line in lines)
    assert all(
        re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", x) for x in lines if x[0] == " "
    )


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_every_list_agrees_with_the_development_list(file: Path) -> None:
    development = pins(ROOT / "requirements" / "dev.txt")
    added = {"playwright", "greenlet"} if file.stem == "browser" else set()

    assert {pin for pin in pins(file) if pin[0] not in added} <= development


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_every_list_holds_what_its_extra_needs(extra: str) -> None:
    needed = names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"][extra])

    assert needed <= {name for name, *_ in pins(ROOT / "requirements" / f"{extra}.txt")}


def test_make_alone_explains_every_command() -> None:
    shown = subprocess.run(("make", "-C", str(ROOT)), capture_output=True, text=True, check=True)
    commands = re.findall(r"^  make (\S+) +\S", shown.stdout, re.MULTILINE)
    declared = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert set(commands) | {"help"} == {name for line in declared for name in line.split()}
