"""Requests made up from the API's own document: `schemathesis` against a running gateway."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.connected.gateways import ADMIN_TOKEN, PLATFORM_TOKEN

ROOT: Final = Path(__file__).parents[1]
SETTINGS: Final = {"ADMIN_TOKEN": ADMIN_TOKEN, "PLATFORM_TOKEN": PLATFORM_TOKEN}
"""What the gateway has to be started with, so that requests may come from many users."""

REQUEST_SECONDS: Final = 30


@dataclass(frozen=True)
class Outcome:
    """How many requests were made, and what was found."""

    cases: int
    passed: bool
    said: str


def run(url: str, folder: Path, *, phases: str, examples: int, seed: int | None = None) -> Outcome:
    """Make up to `examples` requests per operation and phase; without a seed always the same."""
    chosen = "--generation-deterministic" if seed is None else f"--seed={seed}"
    report = folder / "report.json"
    done = subprocess.run(
        (
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
            *(f"--phases={phases}", f"--max-examples={examples}", chosen),
            # A wrong token is 404 here, not 401: it does not say that there is something.
            "--exclude-checks=ignored_auth,missing_required_header",
            "--exclude-path=/events",  # a stream without an end
            "--no-color",
            *("--suppress-health-check=all", f"--request-timeout={REQUEST_SECONDS}"),
            *("--report=json", f"--report-json-path={report}", "--continue-on-failure"),
        ),
        cwd=folder,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.api_hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"{done.stdout}{done.stderr}"
    assert report.exists(), said
    told = json.loads(report.read_text())
    return Outcome(told["test_cases"]["generated"], done.returncode == 0, said)
