"""Every rule of the handler is missed by some test when it is removed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.chassis.rules.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[4]
RULES = "tests/unit/chassis/rules"


def copy_of(folder: Path) -> Path:
    """What the rules' tests need, and nothing else."""
    for name in ("contracts", "services/chassis", RULES):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("services", "tests", "tests/unit", "tests/unit/chassis"):
        shutil.copy(ROOT / name / "__init__.py", folder / name)
    for name in ("tests/fakes.py", "tests/samples.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def suite(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=20"]
    ignored = [f"--ignore={RULES}/test_mutants.py", RULES]
    return subprocess.run(  # noqa: PLW1510 - the exit status is what is looked at
        [*command, *ignored], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.rule for mutant in MUTANTS])
def test_a_rule_that_is_removed_is_missed(mutant: Mutant, tmp_path: Path):
    module = copy_of(tmp_path) / "services/chassis" / f"{mutant.module}.py"
    source = module.read_text()
    assert source.count(mutant.before) == 1, "the rule stands elsewhere now"
    module.write_text(source.replace(mutant.before, mutant.after))

    run = suite(tmp_path)

    assert run.returncode == 1, run.stdout[-2000:]
