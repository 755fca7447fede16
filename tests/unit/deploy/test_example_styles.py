"""The example styles that a fresh stack has: whole, ours, and unlike each other."""

import io
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from contracts.styles import Guide
from deploy.local import stack, style_pictures
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.enhancer.domain.rulebook import rules_of
from services.storage.adapters.style_folder import StyleFolder
from services.storage.domain.styles import Draft
from tests.pictures import means
from tests.samples import PREFIX

MAX_PICTURE_BYTES = 60_000


@pytest.fixture
def shelf() -> Iterator[StyleFolder]:
    with closing(PixelPool()) as pool:
        yield StyleFolder(
            stack.STYLES,
            ImageChecker(ImageLimits(), pool),
            max_picture_bytes=MAX_PICTURE_BYTES,
            prefix=PREFIX,
        )


async def test_each_has_a_name_rules_a_profile_and_a_picture(shelf):
    drafts = {draft.style.id: draft for draft in await shelf.drafts()}

    assert set(drafts) == set(style_pictures.PICTURES)
    assert {draft.style.name for draft in drafts.values()} == {
        "Warm film",
        "Ink and paper",
        "Neon night",
    }
    for draft in drafts.values():
        assert guide(draft).profile
        assert draft.style.reference is not None
        assert draft.style.reference.content_type == "image/jpeg"


async def test_models_are_told_every_sentence_of_their_rules(shelf):
    for draft in await shelf.drafts():
        written = " ".join(guide(draft).rules.replace("\n- ", "\n").removeprefix("- ").split())

        assert " ".join(rules_of(guide(draft))) == written


async def test_their_pictures_look_unlike_each_other(shelf):
    colours = [np.array(means(await draft.reference())) for draft in await shelf.drafts()]

    for one, other in combinations(colours, 2):
        assert np.abs(one - other).max() > 40


def test_the_styles_that_the_readme_asks_for_are_there():
    named = re.findall(r"style_id=([a-z0-9-]+)", (stack.ROOT / "README.md").read_text())

    assert named
    assert set(named) <= set(style_pictures.PICTURES)


@pytest.mark.slow
@pytest.mark.parametrize("style", style_pictures.PICTURES)
def test_a_picture_can_be_drawn_again(style):
    drawn = Image.open(io.BytesIO(style_pictures.draw(style)))

    with Image.open(stack.STYLES / "style_images" / f"{style}.jpg") as kept:
        difference = np.asarray(drawn, dtype=float) - np.asarray(kept, dtype=float)
    assert abs(difference).mean() < 1


def test_without_a_folder_it_says_how_it_is_used(capsys):
    assert style_pictures.main([]) == 2
    assert "usage" in capsys.readouterr().err


def guide(draft: Draft) -> Guide:
    return Guide.model_validate_json(draft.guide)
