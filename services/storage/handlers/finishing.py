"""The last step of every kind of job: what was made is finished, stored, and ends it."""

from functools import partial
from typing import Final, Protocol

from contracts import events as e
from contracts import subjects as s
from contracts.journal import JournalEntry, Stage
from contracts.objects import job_key
from services.chassis.hold import Hold
from services.chassis.images.encode import PNG, Encoded
from services.chassis.objects import ObjectStore, fetch, store_bytes
from services.chassis.step import Retries, Step

_WHO: Final = "Our storage"


def _finishing(event: type[e.JobEvent], durable: str) -> Step:
    return Step(
        event=event,
        durable=durable,
        stages=(Stage.UPLOADING_RESULT,),
        needs=lambda work: work.raw is not None,
        done=lambda work: work.result is not None,
        who=_WHO,
        retries={Stage.UPLOADING_RESULT: Retries(3, 2.0)},
    )


EDITS: Final = _finishing(e.EditRendered, s.STORAGE_EDIT_RENDERED)
VARIATIONS: Final = _finishing(e.VariationRendered, s.STORAGE_VARIATION_RENDERED)
CUTOUTS: Final = _finishing(e.CutoutRendered, s.STORAGE_CUTOUT_RENDERED)
DESCRIPTIONS: Final = Step(
    event=e.DescriptionWritten,
    durable=s.STORAGE_DESCRIPTION_WRITTEN,
    stages=(Stage.DESCRIBING,),
    needs=lambda work: work.written is not None,
    # Ending the job is all there is to do, and after that nobody asks.
    done=lambda _: False,
    who=_WHO,
    retries={Stage.DESCRIBING: Retries(3, 2.0)},
    skips=lambda _: True,
)


class Finish(Protocol):
    """Makes the result of a provider's picture."""

    async def finish(self, raw: bytes, content_type: str | None) -> Encoded:
        """The result of this type, by default one that fits the picture.

        Raises PermanentError for what is no usable picture.
        """


async def on_edit_rendered(
    hold: Hold, *, store: ObjectStore, finisher: Finish, prefix: str
) -> None:
    """Finish the provider's picture, store it, and end the job with it."""
    asked = hold.job.facts.options.output_format
    await _finish(hold, store, finisher, prefix, content_type=f"image/{asked}" if asked else None)


async def on_variation_rendered(
    hold: Hold, *, store: ObjectStore, finisher: Finish, prefix: str
) -> None:
    """The same for a variation."""
    await on_edit_rendered(hold, store=store, finisher=finisher, prefix=prefix)


async def on_cutout_rendered(
    hold: Hold, *, store: ObjectStore, finisher: Finish, prefix: str
) -> None:
    """The same for a picture without its background, which is transparent there."""
    await _finish(hold, store, finisher, prefix, content_type=PNG)


async def on_description_written(hold: Hold) -> None:
    """End the job: what was written stands in the journal."""
    await hold.complete()


async def _finish(
    hold: Hold, store: ObjectStore, finisher: Finish, prefix: str, *, content_type: str | None
) -> None:
    job = hold.job
    assert job.facts.raw is not None
    raw = await fetch(store, job.facts.raw.image)
    result = await finisher.finish(raw, content_type)
    key = partial(_result_key, prefix, job, result.content_type)
    ref = await store_bytes(store, result.data, content_type=result.content_type, key=key)
    size = {"width_pixels": result.width_pixels, "height_pixels": result.height_pixels}
    await hold.complete(result=ref.model_copy(update=size))


def _result_key(prefix: str, job: JournalEntry, content_type: str, sha256: str) -> str:
    return job_key(
        prefix, job.kind, job.job_id, role="result", sha256=sha256, content_type=content_type
    )
