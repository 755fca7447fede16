"""The kinds of jobs, the stages that each goes through, and what people read meanwhile."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What is asked for; each kind has its own path of events."""

    EDIT = "edit"
    VARIATION = "variation"
    CUTOUT = "cutout"
    DESCRIPTION = "description"


class Stage(StrEnum):
    """Where a job stands, as everybody sees it."""

    PENDING = "pending"
    ENHANCING_PROMPT = "enhancing_prompt"
    FETCHING_IMAGE = "fetching_image"
    AI_PROCESSING = "ai_processing"
    REMOVING_BACKGROUND = "removing_background"
    DESCRIBING = "describing"
    UPLOADING_RESULT = "uploading_result"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ERASED = "erased"


class Status(StrEnum):
    """The coarse state for clients that do not care about stages."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


PROGRESS: Final = {
    Stage.PENDING: 10,
    Stage.ENHANCING_PROMPT: 25,
    Stage.FETCHING_IMAGE: 40,
    Stage.AI_PROCESSING: 65,
    Stage.REMOVING_BACKGROUND: 65,
    Stage.DESCRIBING: 65,
    Stage.UPLOADING_RESULT: 90,
    Stage.COMPLETED: 100,
}
"""Percent on entering a stage; also the order of stages. Other endings keep what was reached."""

TERMINAL: Final = frozenset({Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED, Stage.ERASED})

_STATUS: Final = {
    Stage.PENDING: Status.PENDING,
    Stage.COMPLETED: Status.COMPLETED,
    Stage.FAILED: Status.FAILED,
    Stage.CANCELLED: Status.CANCELLED,
    Stage.ERASED: Status.CANCELLED,
}

NOUNS: Final = {
    Kind.EDIT: "edit",
    Kind.VARIATION: "variation",
    Kind.CUTOUT: "image",
    Kind.DESCRIPTION: "description",
}
"""What a person calls a job of the kind."""

_MESSAGES: Final = {
    Stage.PENDING: "Your {noun} is queued...",
    Stage.ENHANCING_PROMPT: "Enhancing your prompt with AI...",
    Stage.FETCHING_IMAGE: "Preparing your image...",
    Stage.AI_PROCESSING: "Creating your edited image with AI...",
    Stage.REMOVING_BACKGROUND: "Removing the background...",
    Stage.DESCRIBING: "Looking at your image...",
    Stage.UPLOADING_RESULT: "Finalizing your {noun}...",
    Stage.COMPLETED: "{Noun} completed successfully!",
    Stage.CANCELLED: "{Noun} cancelled.",
    Stage.ERASED: "{Noun} erased.",
}
_OWN_MESSAGES: Final = {
    (Kind.VARIATION, Stage.AI_PROCESSING): "Creating your variation with AI...",
    (Kind.CUTOUT, Stage.COMPLETED): "Background removed successfully!",
    (Kind.CUTOUT, Stage.CANCELLED): "Background removal cancelled.",
    (Kind.CUTOUT, Stage.ERASED): "Background removal erased.",
}


def message_of(kind: Kind, stage: Stage) -> str:
    """The sentence on entering a stage; a failure brings its own and has none here."""
    noun = NOUNS[kind]
    sentence = _OWN_MESSAGES.get((kind, stage)) or _MESSAGES.get(stage, "")
    return sentence.format(noun=noun, Noun=noun.capitalize())


def status_of(stage: Stage) -> Status:
    """The coarse state of a stage."""
    return _STATUS.get(stage, Status.PROCESSING)
