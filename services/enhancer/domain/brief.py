"""What an instruction is written from: the words, the style, the pictures."""

from dataclasses import dataclass
from typing import Final

from contracts.journal import JournalEntry, Kind, Work
from contracts.objects import ObjectRef
from contracts.styles import Guide

LOST_GUIDE_NOTE: Final = "The rules of the style are gone; the result goes without them."
"""What a person reads when a style's guide is not in the store any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What is known of a job before anybody writes its instruction."""

    words: str
    """The person's; a variation may have none."""
    is_variation: bool = False
    original: ObjectRef | None = None
    """The picture that is going to be edited."""
    guide: Guide | None = None
    reference: ObjectRef | None = None
    """The style's picture, which the image model is shown after the original."""
    note: str | None = None
    """What the person should know of it."""

    @property
    def is_plain(self) -> bool:
        """Whether the words are all there is."""
        return not self.is_variation and self.guide is None and self.reference is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was to be seen of a job's pictures."""

    pictures: tuple[bytes, ...] = ()
    """Small JPEGs: the original, then the style's reference, which never stands alone."""
    layout: str = ""
    """Of the original, measured and in words; empty where it could not be or need not be."""


def brief_of(job: JournalEntry, guide: Guide | None) -> Brief:
    """The brief of a job, whose style has this guide; None where it has none any more."""
    work = job.facts
    is_lost = work.style is not None and guide is None
    return Brief(
        words=work.prompt,
        is_variation=job.kind is Kind.VARIATION,
        original=work.original,
        guide=guide,
        reference=_reference_of(work),
        note=LOST_GUIDE_NOTE if is_lost else None,
    )


def _reference_of(work: Work) -> ObjectRef | None:
    """The same rule as the renderer's: a picture is no reference to itself."""
    if work.style is None or work.style.reference is None:
        return None
    is_original = work.original is not None and work.original.sha256 == work.style.reference.sha256
    return None if is_original else work.style.reference
