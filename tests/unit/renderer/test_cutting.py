"""A background removed for a job, whatever happens on the way."""

from functools import partial
from typing import Any

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Kind, Stage
from contracts.subjects import RENDERER_CUTOUT_REQUESTED
from services.chassis.errors import TransientError, UnavailableError
from services.chassis.judge import SILENCE_SECONDS
from services.renderer.adapters.cutters import BOUNDS
from services.renderer.domain.cutting import NOTHING_SENTENCE, no_object
from services.renderer.domain.editing import Edited, Source
from services.renderer.handlers.cutting import CUTTING, on_cutout_requested
from services.renderer.handlers.steps import cuttings, durables_of
from tests.samples import job
from tests.unit.chassis.rules.world import COPY, Actor, World
from tests.unit.renderer.shops import RAW, Fakes

CUT = Edited(
    data=b"rendered",
    content_type="image/png",
    width_pixels=4,
    height_pixels=3,
    provider="local",
    model="grabcut",
)


class ObedientCutter:
    """Cuts, after raising each of `troubles`."""

    name = "local"
    model = "grabcut"

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)
        self.cuts = 0

    async def cut(self, source: Source) -> Edited:
        if self.troubles:
            raise self.troubles.pop(0)
        self.cuts += 1
        return CUT

    async def check(self) -> None:
        """Always there."""


def world(cutter: ObedientCutter, fakes: Fakes | None = None, **work: Any) -> World:
    pictures = (fakes or Fakes()).pictures
    task = partial(on_cutout_requested, cutter=cutter, pictures=pictures)
    return World(CUTTING, job(kind=Kind.CUTOUT, prompt="", **work), lambda _: task)


async def test_a_background_is_removed_and_the_result_recorded():
    cutter = ObedientCutter()
    one = world(cutter)

    await one.until_acked()

    raw, public = one.last.facts.raw, one.last.public
    assert raw is not None
    assert (raw.image, raw.provider, raw.model) == (RAW, "local", "grabcut")
    assert (public.stage, public.provider) == (Stage.REMOVING_BACKGROUND, "local")
    assert cutter.cuts == 1


async def test_a_picture_without_a_subject_fails_at_once_with_a_sentence():
    one = world(ObedientCutter(no_object("nothing")))

    await one.until_acked()

    public = one.last.public
    assert (public.stage, public.message) == (Stage.FAILED, NOTHING_SENTENCE)
    assert public.error_code is ErrorCode.NO_OBJECT_FOUND


async def test_work_that_was_cut_off_is_tried_again():
    cutter = ObedientCutter(TransientError("died"), TransientError("slow"))
    one = world(cutter)

    await one.until_acked()

    assert one.last.facts.raw is not None
    assert cutter.cuts == 1


async def test_work_that_is_cut_off_every_time_fails_in_the_end():
    one = world(ObedientCutter(*[TransientError("died")] * 9))

    await one.until_acked()

    assert one.last.public.stage is Stage.FAILED


async def test_waiting_for_a_process_uses_no_try():
    one = world(ObedientCutter(*[UnavailableError("busy")] * 6))

    await one.until_acked()

    assert one.last.facts.raw is not None
    assert one.last.facts.tries == 0


async def test_a_copy_of_the_message_changes_nothing():
    cutter = ObedientCutter()
    one = world(cutter)
    await one.until_acked()

    await one.deliver(Actor("copy"), sequence=COPY)

    assert cutter.cuts == 1


def test_a_run_outlasts_its_waits_and_ends_before_the_watchdog_minds():
    limit = CUTTING.limit_seconds

    assert BOUNDS.job + BOUNDS.wait < limit < SILENCE_SECONDS[Stage.REMOVING_BACKGROUND]


@pytest.mark.parametrize(
    ("kinds", "listens"), [((Kind.CUTOUT,), True), ((Kind.EDIT, Kind.VARIATION), False)]
)
def test_a_renderer_listens_for_cutouts_when_that_is_its_role(kinds, listens):
    assert (RENDERER_CUTOUT_REQUESTED in durables_of(kinds)) is listens


def test_without_a_cutter_there_is_no_step():
    assert list(cuttings(Fakes().shop, None)) == []
    [(step, _)] = cuttings(Fakes().shop, ObedientCutter())
    assert step.durable == RENDERER_CUTOUT_REQUESTED
