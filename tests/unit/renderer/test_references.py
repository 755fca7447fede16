"""Pictures that a result is to look like: which are sent, in which field, and how large."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Options
from contracts.objects import ObjectRef, digest, style_key
from contracts.styles import Style
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.objects import DirectoryStore
from services.renderer.adapters.offers import every_model, offered, quick_model
from services.renderer.adapters.pictures import JobPictures, Shrinker
from services.renderer.domain.buying import pictured
from services.renderer.domain.editing import Source, Wish
from services.renderer.domain.flux_body import Reference, body_of
from services.renderer.domain.models import model_named
from services.renderer.settings import RendererSettings
from tests.pictures import plain
from tests.samples import PREFIX, job
from tests.unit.renderer.shops import FLUX, GEMINI, Fakes

LIMITS = ImageLimits()
SMALL_SIDE = 64
EXAMPLE = plain(96, 48)


def styled(picture: bytes = EXAMPLE, **work: Any) -> JournalEntry:
    """A variation whose style has this reference."""
    sha256 = digest(picture)
    key = style_key(PREFIX, "ink", role="reference", sha256=sha256, content_type="image/jpeg")
    reference = ObjectRef(
        key=key,
        content_type="image/jpeg",
        size_bytes=len(picture),
        sha256=sha256,
        width_pixels=96,
        height_pixels=48,
    )
    style = Style(id="ink", version="1", name="Ink", guide=reference, reference=reference)
    return job(kind=Kind.VARIATION, style=style, **work)


@pytest.fixture
async def pictures(tmp_path: Path) -> AsyncIterator[JobPictures]:
    store = DirectoryStore(tmp_path)
    example = styled().facts.style
    assert example is not None
    await store.put(example.guide.key, EXAMPLE, content_type="image/jpeg")
    with closing(PixelPool(threads=1)) as pool:
        shrinker = Shrinker(LIMITS, pool, max_side_pixels=SMALL_SIDE)
        yield JobPictures(store, ImageChecker(LIMITS, pool), PREFIX, shrinker)


async def test_the_reference_of_a_style_is_what_a_result_is_to_look_like(pictures):
    (reference,) = await pictures.references(styled(), are_small=False)

    assert (reference.data, reference.width_pixels) == (EXAMPLE, 96)


async def test_a_quick_model_is_given_a_small_copy_of_it(pictures):
    (reference,) = await pictures.references(styled(), are_small=True)

    seen = inspect(reference.data, LIMITS)
    assert (seen.width_pixels, seen.height_pixels) == (SMALL_SIDE, SMALL_SIDE // 2)


async def test_what_is_varied_is_no_reference_to_itself(pictures):
    entry = styled()
    assert entry.facts.style is not None
    same = entry.follow(work={"original": entry.facts.style.reference})

    assert await pictures.references(same, are_small=False) == ()
    assert await pictures.references(job(), are_small=False) == ()


def sent_to(name: str, pictures: int) -> dict[str, Any]:
    model = model_named(name)
    wish = Wish(prompt="", instruction="Vary it.", model=name)
    references = [
        Reference(data=b"%d" % number, width_pixels=300, height_pixels=300, has_alpha=False)
        for number in range(1, pictures + 1)
    ]
    return dict(json.loads(body_of(model, wish, references, safety_tolerance=2)))


@pytest.mark.parametrize("name", ["flux-2-pro", "flux-2-klein-4b", "flux-kontext-max"])
def test_flux_takes_each_reference_in_a_numbered_field(name: str):
    body = sent_to(name, 3)

    fields = ("input_image", "input_image_2", "input_image_3")
    assert [b64decode(body[field]) for field in fields] == [b"1", b"2", b"3"]


def test_flux_3_takes_several_pictures_as_a_list_and_one_by_itself():
    assert [b64decode(text) for text in sent_to("flux-3-image", 2)["images"]] == [b"1", b"2"]
    assert b64decode(sent_to("flux-3-image", 1)["images"]) == b"1"


def test_a_model_is_sent_no_more_pictures_than_it_takes():
    body = sent_to("flux-2-klein-4b", 6)

    assert "input_image_4" in body
    assert "input_image_5" not in body


async def test_a_job_has_its_references_beside_its_picture():
    fakes = Fakes()
    example = Source(data=b"e", content_type="image/jpeg", width_pixels=4, height_pixels=3)
    fakes.pictures.examples = (example,)

    entry = job(kind=Kind.VARIATION, options=Options(fast=True))
    wish = Wish(prompt="", instruction="Vary it.", model=FLUX.name)
    source, asked = await pictured(entry, wish, fakes.shop)

    assert source.data == b"o"
    assert asked.references == (example,)
    assert fakes.pictures.small


def test_a_quick_job_is_done_by_the_quick_model_unless_it_names_one():
    studio = replace(Fakes().shop.studio, quick=GEMINI.name)
    usual, quick = job().facts, job(options=Options(fast=True)).facts
    named = job(options=Options(fast=True, model=FLUX.name)).facts

    assert studio.model_of(Kind.VARIATION, usual) == FLUX.name
    assert studio.model_of(Kind.VARIATION, quick) == GEMINI.name
    assert studio.model_of(Kind.VARIATION, named) == FLUX.name


def test_variations_are_quick_by_themselves_where_it_is_set_and_edits_are_not():
    studio = replace(Fakes().shop.studio, quick=GEMINI.name, quick_variations=True)

    assert studio.model_of(Kind.VARIATION, job().facts) == GEMINI.name
    assert studio.model_of(Kind.EDIT, job().facts) == FLUX.name


@pytest.mark.parametrize(
    ("values", "quick"),
    [
        ({"bfl_api_key": "k"}, "flux-2-klein-4b"),
        ({"gemini_api_key": "k"}, "gemini-3.1-flash-lite-image"),
        ({"gemini_api_key": "k", "gemini_model_fast": "gemini-3-pro-image"}, "gemini-3-pro-image"),
        ({}, None),
    ],
)
def test_each_provider_has_its_quick_model(values: dict[str, Any], quick: str | None):
    settings = RendererSettings(**values)
    found = quick_model(settings)

    assert (found.name if found else None) == quick
    names = [model.name for model in every_model(settings, offered(settings))]
    assert len(names) == (2 if quick else 1)


def test_a_quick_model_that_nobody_has_stops_the_start():
    with pytest.raises(SystemExit, match="GEMINI_MODEL_FAST"):
        quick_model(RendererSettings(gemini_api_key="k", gemini_model_fast="gemini-1"))


@pytest.mark.parametrize("roles", ["", "edit,paint"])
def test_a_renderer_has_known_roles(monkeypatch: pytest.MonkeyPatch, roles: str):
    with pytest.raises(ValueError, match="one or more of edit, variation, cutout"):
        RendererSettings(renderer_roles=tuple(filter(None, roles.split(","))))


async def test_a_reference_that_the_model_would_refuse_is_refused_before_it_is_sent(flux):
    tiny = Source(data=EXAMPLE, content_type="image/jpeg", width_pixels=96, height_pixels=48)
    picture = Source(data=EXAMPLE, content_type="image/jpeg", width_pixels=300, height_pixels=300)
    wish = Wish(prompt="", instruction="Vary it.", model="flux-3-image", references=(tiny,))

    with pytest.raises(PermanentError) as refused:
        await flux.prepare(picture, wish)

    assert refused.value.code is ErrorCode.IMAGE_TOO_SMALL
    assert refused.value.sentence.startswith("The style's reference picture has 96 x 48 pixels")
