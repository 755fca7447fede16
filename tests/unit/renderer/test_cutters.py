"""Which cutter the settings choose, and the one without a model at work."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, TransientError
from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.chassis.settings import SettingsError
from services.renderer.adapters import cutters, rembg_models
from services.renderer.adapters.cutters import Choice, chosen, open_cutter, processes_for
from services.renderer.adapters.frames import Frame
from services.renderer.adapters.rembg_models import MODELS, expected_file
from services.renderer.domain.editing import Source
from services.renderer.settings import RendererSettings
from tests.subjects import bust, encoded, ground
from tests.unit.chassis import drawn

LOCAL = Choice("local", "grabcut", None, "")


def settings(**values: Any) -> RendererSettings:
    return RendererSettings(**{"worker_concurrency": 1, **values})


def source(data: bytes) -> Source:
    picture = inspect(data, ImageLimits())
    return Source(
        data=data,
        content_type=picture.content_type,
        width_pixels=picture.width_pixels,
        height_pixels=picture.height_pixels,
    )


def put_model(home: Path, name: str = "birefnet-general") -> Path:
    file = expected_file(home, name)
    file.parent.mkdir(parents=True)
    file.touch()
    return file


@asynccontextmanager
async def local(**values: Any):
    async with open_cutter(settings(**values), LOCAL) as cutter:
        assert cutter is not None
        yield cutter


@pytest.fixture
def without_rembg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rembg_models, "find_spec", lambda _: None)


@pytest.mark.parametrize("provider", ["auto", "rembg"])
def test_rembg_is_chosen_where_it_and_its_model_are_there(tmp_path, provider):
    file = put_model(tmp_path)

    choice = chosen(settings(cutout_provider=provider, u2net_home=tmp_path))

    assert (choice.provider, choice.model, choice.file) == ("rembg", "birefnet-general", file)


def test_a_model_is_also_found_where_earlier_releases_kept_it(tmp_path):
    (tmp_path / "u2net.onnx").touch()

    choice = chosen(settings(cutout_model="u2net", u2net_home=tmp_path))

    assert choice.file == tmp_path / "u2net.onnx"


def test_a_model_is_looked_for_in_the_home_directory_by_default(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert chosen(settings()).provider == "local"
    put_model(tmp_path / ".rembg")
    assert chosen(settings()).provider == "rembg"


def test_without_the_models_file_auto_needs_no_model_and_says_why(tmp_path):
    choice = chosen(settings(u2net_home=tmp_path))

    expected = tmp_path / "models" / "birefnet-general" / "birefnet-general.onnx"
    assert (choice.provider, choice.model, choice.file) == ("local", "grabcut", None)
    assert choice.why == f"U2NET_HOME: there is no file {expected}"


def test_a_place_that_cannot_be_looked_at_has_no_model():
    choice = chosen(settings(u2net_home=Path("/", "x" * 300)))

    assert choice.provider == "local"
    assert choice.why.startswith("U2NET_HOME: there is no file")


@pytest.mark.usefixtures("without_rembg")
def test_without_rembg_auto_needs_no_model_and_says_why(tmp_path):
    put_model(tmp_path)

    choice = chosen(settings(u2net_home=tmp_path))

    assert choice.provider == "local"
    assert choice.why.startswith("CUTOUT_PROVIDER: rembg and onnxruntime are not installed")


def test_local_is_chosen_whatever_is_there(tmp_path):
    put_model(tmp_path)

    assert chosen(settings(cutout_provider="local", u2net_home=tmp_path)).provider == "local"


def test_rembg_without_the_models_file_is_refused_by_name(tmp_path):
    with pytest.raises(SettingsError, match="U2NET_HOME: there is no file"):
        chosen(settings(cutout_provider="rembg", u2net_home=tmp_path))


@pytest.mark.usefixtures("without_rembg")
def test_rembg_that_is_not_installed_is_refused_by_name(tmp_path):
    put_model(tmp_path)

    with pytest.raises(SettingsError, match="CUTOUT_PROVIDER: rembg and onnxruntime are not"):
        chosen(settings(cutout_provider="rembg", u2net_home=tmp_path))


@pytest.mark.parametrize("provider", ["auto", "rembg", "local"])
@pytest.mark.parametrize("name", ["bria-rmbg", "withoutbg", "atlascloud", "sam", "../u2net"])
def test_a_model_that_may_not_be_used_is_refused_by_name(name, provider):
    with pytest.raises(SettingsError, match="CUTOUT_MODEL"):
        chosen(settings(cutout_provider=provider, cutout_model=name))


def test_every_model_may_be_used_commercially():
    assert {model.licence for model in MODELS.values()} == {"MIT", "Apache-2.0"}
    assert settings().cutout_model in MODELS


@pytest.mark.parametrize(("jobs", "processes"), [(1, 1), (2, 1), (4, 2), (8, 4)])
def test_there_is_a_process_for_every_second_job_and_no_more_than_cores(
    jobs, processes, monkeypatch
):
    monkeypatch.setattr(cutters.os, "cpu_count", lambda: 3)

    assert processes_for(jobs) == min(processes, 3)


async def test_a_picture_is_cut_out_and_says_by_whom():
    scene = bust("gradient", 300)
    async with local() as cutter:
        await cutter.check()
        edited = await cutter.cut(source(encoded(scene.pixels)))

    assert (edited.provider, edited.model) == ("local", "grabcut")
    assert (edited.content_type, edited.width_pixels, edited.height_pixels) == (
        "image/png",
        300,
        300,
    )
    assert drawn.opened(edited.data).hasalpha()


async def test_what_is_wrong_with_a_picture_is_told_and_the_next_one_is_cut_out():
    async with local(max_image_pixels=100_000) as cutter:
        with pytest.raises(PermanentError) as empty:
            await cutter.cut(source(encoded(ground("plain", 200).astype("uint8"))))
        with pytest.raises(PermanentError) as large:
            await cutter.cut(source(encoded(bust("plain", 400).pixels)))

        edited = await cutter.cut(source(encoded(bust("plain", 200).pixels)))

    assert empty.value.code is ErrorCode.NO_OBJECT_FOUND
    assert large.value.code is ErrorCode.IMAGE_TOO_LARGE
    assert edited.width_pixels == 200


async def test_a_process_that_dies_of_a_picture_is_an_error_that_may_pass():
    picture = source(encoded(bust("plain", 200).pixels))
    async with local() as cutter:
        (worker,) = cutter._pool._workers
        os.kill(worker._process.pid, signal.SIGSTOP)
        cutting = asyncio.create_task(cutter.cut(picture))
        await asyncio.sleep(0)
        os.kill(worker._process.pid, signal.SIGKILL)

        with pytest.raises(TransientError):
            await cutting
        edited = await cutter.cut(picture)

    assert edited.width_pixels == 200


@pytest.mark.parametrize("head", [{}, {"seconds": "long"}, {"seconds": 1, "code": "NO_SUCH_CODE"}])
async def test_an_answer_that_makes_no_sense_is_an_error_that_may_pass(head):
    class Mumbling:
        async def run(self, _: Frame) -> Frame:
            return Frame(head)

    with pytest.raises(TransientError):
        await cutters.ProcessCutter(LOCAL, Mumbling()).cut(source(drawn.png()))
