"""The renderer's place in the pipeline."""

from typing import Final

from contracts.events import EditEnhanced, EditRendered
from contracts.journal import JournalEntry, Raw, Stage
from contracts.objects import ObjectRef, job_key
from contracts.subjects import RENDERER_EDIT_ENHANCED
from services.chassis.hold import Hold
from services.chassis.objects import ObjectStore, fetch, store_bytes
from services.chassis.step import Retries, Step
from services.renderer.domain.editing import Edited, ImageEditor

RENDERING: Final = Step(
    event=EditEnhanced,
    durable=RENDERER_EDIT_ENHANCED,
    stages=(Stage.FETCHING_IMAGE, Stage.AI_PROCESSING),
    needs=lambda work: work.enhanced is not None,
    done=lambda work: work.raw is not None,
    announces=EditRendered,
    who="The image service",
    retries={Stage.FETCHING_IMAGE: Retries(2, 5.0), Stage.AI_PROCESSING: Retries(2, 5.0)},
    limit_seconds=120.0,
)


async def on_edit_enhanced(
    hold: Hold, *, editor: ImageEditor, store: ObjectStore, prefix: str
) -> None:
    """Fetch the original, have it edited, store the raw result, record it."""
    original = hold.job.facts.original
    assert original is not None
    source = await fetch(store, original)
    await hold.enter(Stage.AI_PROCESSING)
    edited = await editor.edit(source, prompt=hold.job.facts.prompt, pixels=_pixels(original))
    raw = await _stored(edited, hold.job, store, prefix)
    public = {"provider": edited.provider, "model": edited.model, "note": edited.note}
    await hold.record(public=public, raw=raw)


async def _stored(edited: Edited, job: JournalEntry, store: ObjectStore, prefix: str) -> Raw:
    def key(sha256: str) -> str:
        return job_key(
            prefix,
            job.kind,
            job.job_id,
            role="raw",
            sha256=sha256,
            content_type=edited.content_type,
        )

    image = await store_bytes(store, edited.data, content_type=edited.content_type, key=key)
    size = {"width_pixels": edited.width_pixels, "height_pixels": edited.height_pixels}
    return Raw(
        image=image.model_copy(update=size),
        provider=edited.provider,
        model=edited.model,
        note=edited.note,
    )


def _pixels(image: ObjectRef) -> int:
    return (image.width_pixels or 1) * (image.height_pixels or 1)
