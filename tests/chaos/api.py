"""Thousands of made-up requests against the whole system: `python -m tests.chaos.api --help`."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests import api_cases
from tests.stack import UNLIMITED, real_stack


def main(examples: int, seed: int) -> int:
    """Run it; 0 when every answer was one that the document has."""
    with (
        tempfile.TemporaryDirectory(prefix="mizual-api-") as folder,
        real_stack(Path(folder, "system"), **UNLIMITED, **api_cases.SETTINGS) as system,
    ):
        begun = time.monotonic()
        outcome = api_cases.run(
            system.url,
            Path(folder),
            phases="examples,coverage,fuzzing,stateful",
            examples=examples,
            seed=seed,
        )
        seconds = time.monotonic() - begun
    print(outcome.said)
    print(f"{outcome.cases} requests in {seconds:.0f} s (seed {seed})")
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.api", description=__doc__)
    parser.add_argument("--examples", type=int, default=600, help="per operation and phase")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    sys.exit(main(options.examples, options.seed))
