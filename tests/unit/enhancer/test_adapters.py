"""Who is chosen is loaded, and nobody else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.enhancer.adapters.opening import asked, open_desk
from services.enhancer.settings import GEMINI_MODEL, EnhancerSettings

REPOSITORY = Path(__file__).parents[3]
HEAVY = {"google.genai", "openai"}
SCRIPT = f"""
import asyncio, sys
from services.chassis.settings import load
from services.enhancer.adapters.opening import open_desk
from services.enhancer.settings import EnhancerSettings

async def main():
    async with open_desk(load(EnhancerSettings)) as (desk, store):
        print(type(desk.writer).__name__, *sorted({HEAVY!r} & set(sys.modules)))

asyncio.run(main())
"""


START = "from services.enhancer.main import build_app; build_app()"


def ran(script: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A process of its own, which has loaded nothing else."""
    always = {"MIZUAL_HOME": str(home), "PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=home,
        env={**always, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("provider", "loaded"),
    [
        ("local", ["LocalRules"]),
        ("gemini", ["RemoteWriter", "google.genai"]),
        ("openai", ["RemoteWriter", "openai"]),
    ],
)
def test_only_the_chosen_provider_is_loaded(tmp_path: Path, provider: str, loaded: list[str]):
    done = ran(SCRIPT, tmp_path, LLM_PROVIDER=provider, LLM_API_KEY="key")

    assert (done.stderr, done.stdout.split()) == ("", loaded)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"llm_provider": "local"}, {"provider": "local", "model": "rules-1"}),
        (
            {"llm_provider": "gemini", "gemini_api_key": "k"},
            {"provider": "gemini", "model": GEMINI_MODEL},
        ),
        (
            {"llm_provider": "openai", "openai_api_key": "k", "enable_prompt_enhancement": False},
            None,
        ),
        ({"llm_provider": "local", "enable_prompt_enhancement": False}, None),
    ],
)
def test_the_log_names_who_is_asked_and_nobody_where_nobody_is(settings, told):
    assert asked(EnhancerSettings(**settings)) == told


@pytest.mark.parametrize(("enabled", "lines"), [("true", 1), ("false", 0)])
def test_the_start_says_that_the_local_rules_are_asked_if_they_are(
    tmp_path: Path, enabled: str, lines: int
):
    done = ran(START, tmp_path, LLM_PROVIDER="local", ENABLE_PROMPT_ENHANCEMENT=enabled)

    told = [line for line in done.stderr.splitlines() if "language_model_chosen" in line]
    assert done.returncode == 0
    assert len(told) == lines
    assert all("rules-1" in line for line in told)


async def test_where_enhancement_is_off_nobody_but_the_composer_writes(tmp_path: Path):
    settings = EnhancerSettings(
        llm_provider="gemini",
        gemini_api_key="k",
        enable_prompt_enhancement=False,
        mizual_home=tmp_path,
    )

    async with open_desk(settings) as (desk, store):
        assert desk.writer is desk.composer
        await store.check()
