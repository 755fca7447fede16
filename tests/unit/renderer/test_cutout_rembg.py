"""rembg itself, with tiny models in the place of large ones."""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.settings import SettingsError
from services.renderer.adapters.cutters import chosen, open_cutter
from services.renderer.adapters.rembg_models import expected_file
from services.renderer.domain.cutting import EVERYTHING_SENTENCE, NOTHING_SENTENCE, Cutter
from services.renderer.settings import RendererSettings
from tests.subjects import Pixels, encoded, mug, overlap
from tests.tiny_onnx import save_blind_model, save_darkness_model
from tests.unit.chassis import drawn
from tests.unit.renderer.test_cutters import source

# The first import compiles for a minute; the next ones, of other runs too, find what it made.
NUMBA_CACHE = Path(tempfile.gettempdir()) / f"mizual-numba-{os.getuid()}"
SIDES = {"u2net": 320, "birefnet-general": 1024}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def numba_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(NUMBA_CACHE))


@asynccontextmanager
async def rembg(home: Path, name: str) -> AsyncIterator[Cutter]:
    settings = RendererSettings(cutout_provider="rembg", cutout_model=name, u2net_home=home)
    async with open_cutter(settings, chosen(settings)) as cutter:
        assert cutter is not None
        yield cutter


def faint() -> Pixels:
    """Something light on white, which rembg would stretch to black on white."""
    picture = np.full((90, 120, 3), 255, np.uint8)
    picture[30:60, 40:80] = 235
    return picture


@pytest.mark.parametrize("name", SIDES)
async def test_a_model_finds_what_it_was_made_to_find(name, tmp_path):
    save_darkness_model(expected_file(tmp_path, name), side=SIDES[name], shares=name == "u2net")
    scene = mug("plain", 600, colour=(40, 40, 60))

    async with rembg(tmp_path, name) as cutter:
        edited = await cutter.cut(source(encoded(scene.pixels, suffix=".jpg")))
        with pytest.raises(PermanentError) as refused:
            await cutter.cut(source(encoded(faint())))

    found = np.asarray(drawn.opened(edited.data).numpy())[..., 3]
    assert overlap(found, scene.subject) >= 0.97
    assert (edited.provider, edited.model) == ("rembg", name)
    assert refused.value.code is ErrorCode.NO_OBJECT_FOUND
    assert refused.value.sentence == NOTHING_SENTENCE


@pytest.mark.parametrize(
    ("logit", "sentence"), [(-3.0, NOTHING_SENTENCE), (3.0, EVERYTHING_SENTENCE)]
)
async def test_a_model_that_sees_the_same_everywhere_has_found_nothing(logit, sentence, tmp_path):
    save_blind_model(expected_file(tmp_path, "u2net"), logit, side=SIDES["u2net"])

    async with rembg(tmp_path, "u2net") as cutter:
        with pytest.raises(PermanentError) as refused:
            await cutter.cut(source(encoded(mug("plain", 300).pixels)))

    assert refused.value.code is ErrorCode.NO_OBJECT_FOUND
    assert refused.value.sentence == sentence


async def test_a_damaged_model_stops_the_start_and_names_the_setting(tmp_path):
    file = expected_file(tmp_path, "u2net")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not a model at all" * 40)

    with pytest.raises(SettingsError) as refused:
        async with rembg(tmp_path, "u2net"):
            pass

    assert str(refused.value).startswith(f"U2NET_HOME: {file} is no u2net model")


async def test_another_model_under_the_name_stops_the_start_and_names_the_setting(tmp_path):
    file = expected_file(tmp_path, "u2net")
    save_darkness_model(file, side=320, bands=4)

    with pytest.raises(SettingsError) as refused:
        async with rembg(tmp_path, "u2net"):
            pass

    assert str(refused.value).startswith(f"U2NET_HOME: {file} is no u2net model")
