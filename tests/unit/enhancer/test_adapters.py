"""Who is chosen is loaded, and nobody else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
HEAVY = {"google.genai", "openai", "pyvips"}
SCRIPT = f"""
import asyncio, sys
from services.chassis.settings import load
from services.enhancer.adapters import open_model
from services.enhancer.settings import EnhancerSettings

async def main():
    async with open_model(load(EnhancerSettings)) as model:
        print(type(model).__name__, *sorted({HEAVY!r} & set(sys.modules)))

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("provider", "loaded"),
    [
        ("local", ["LocalRules"]),
        ("gemini", ["RemoteModel", "google.genai", "pyvips"]),
        ("openai", ["RemoteModel", "openai", "pyvips"]),
    ],
)
def test_only_the_chosen_provider_is_loaded(tmp_path: Path, provider: str, loaded: list[str]):
    environment = {
        "LLM_PROVIDER": provider,
        "LLM_API_KEY": "key",
        "MIZUAL_HOME": str(tmp_path),
        "PYTHONPATH": str(REPOSITORY),
        "PATH": os.environ["PATH"],
    }

    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.stderr, ran.stdout.split()) == ("", loaded)
