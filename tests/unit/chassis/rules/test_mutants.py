"""Every rule of the handler is missed by some test when it is removed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.chassis.rules.mutants import MUTANTS, Mutant
from tests.unit.chassis.rules.removing import CHASSIS, Runs

WHOLE = replace(MUTANTS[0], rule="none", after=MUTANTS[0].before)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    runs = Runs(tmp_path_factory.mktemp("mutants"), (*MUTANTS, WHOLE))
    try:
        yield runs
    finally:
        runs.close()


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.rule for mutant in MUTANTS])
def test_a_rule_that_is_removed_is_missed(mutant: Mutant, runs: Runs):
    source = (CHASSIS / f"{mutant.module}.py").read_text()
    assert source.count(mutant.before) == 1, "the rule stands elsewhere now"

    run = runs.without(mutant)

    assert run.status == pytest.ExitCode.TESTS_FAILED, run.said[-2000:]


def test_nothing_is_missed_while_every_rule_stands(runs: Runs):
    run = runs.without(WHOLE)

    assert run.status == pytest.ExitCode.OK, run.said[-2000:]
