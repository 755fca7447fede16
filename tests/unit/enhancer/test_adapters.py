"""Who is chosen is loaded, and nobody else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.enhancer.adapters.describers import LocalDescriber, RemoteDescriber
from services.enhancer.adapters.local import Composer, LocalRules
from services.enhancer.adapters.opening import chosen, open_enhancer
from services.enhancer.adapters.remote import RemoteWriter
from services.enhancer.settings import GEMINI_MODEL, OPENAI_MODEL, EnhancerSettings

REPOSITORY = Path(__file__).parents[3]
HEAVY = {"google.genai", "openai"}
SCRIPT = f"""
import asyncio, sys
from services.chassis.settings import load
from services.enhancer.adapters.opening import open_enhancer
from services.enhancer.settings import EnhancerSettings

async def main():
    async with open_enhancer(load(EnhancerSettings)) as there:
        print(type(there.desk.writer).__name__, *sorted({HEAVY!r} & set(sys.modules)))

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
        ({"llm_provider": "local"}, ("local", "rules-1", "local-fallback")),
        (
            {"llm_provider": "gemini", "gemini_api_key": "k"},
            ("gemini", GEMINI_MODEL, GEMINI_MODEL),
        ),
        (
            {"llm_provider": "openai", "openai_api_key": "k", "enable_prompt_enhancement": False},
            ("openai", "none", OPENAI_MODEL),
        ),
        (
            {"llm_provider": "local", "enable_prompt_enhancement": False},
            ("local", "none", "local-fallback"),
        ),
    ],
)
def test_the_log_names_who_is_asked_and_nobody_where_nobody_is(settings, told):
    assert tuple(chosen(EnhancerSettings(**settings)).values()) == told


def test_the_start_says_whom_it_asks(tmp_path: Path):
    done = ran(START, tmp_path, LLM_PROVIDER="local")

    told = [line for line in done.stderr.splitlines() if "language_model_chosen" in line]
    assert done.returncode == 0
    assert len(told) == 1
    assert "rules-1" in told[0]


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize(
    ("provider", "writer", "describer"),
    [("local", LocalRules, LocalDescriber), ("gemini", RemoteWriter, RemoteDescriber)],
)
async def test_descriptions_have_a_model_though_enhancement_is_off(
    tmp_path: Path, provider: str, writer: type, describer: type, enabled: bool
):
    settings = EnhancerSettings(
        llm_provider=provider,
        gemini_api_key="k",
        enable_prompt_enhancement=enabled,
        mizual_home=tmp_path,
    )

    async with open_enhancer(settings) as there:
        assert type(there.desk.writer) is (writer if enabled else Composer)
        assert type(there.describer) is describer
        assert (there.describing is None) == (provider == "local")
        await there.store.check()
