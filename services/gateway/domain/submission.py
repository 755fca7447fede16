"""What is asked for: a job of some kind, as both doors understand it."""

import json
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from contracts.errors import ErrorCode
from contracts.journal import Kind, Options
from services.gateway.domain.options import check
from services.gateway.domain.problems import FieldError, RefusalError
from services.gateway.domain.text import clean_optional_prompt, clean_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job that is asked for; at most one of `picture` (bytes) and `image_id` is given."""

    prompt: str = ""
    kind: Kind = Kind.EDIT
    options: Options = field(default_factory=Options)
    picture: bytes | None = None
    image_id: UUID | None = None
    parent_id: UUID | None = None

    @property
    def has_picture(self) -> bool:
        """Whether the request names a picture of its own."""
        return self.picture is not None or self.image_id is not None

    def asked(self, picture: str | None) -> bytes:
        """What makes two requests the same request, as canonical bytes.

        The picture counts by its digest, whether it came along or was uploaded before.
        """
        asked = {
            "kind": self.kind,
            "prompt": self.prompt,
            "options": _told(self.options),
            "picture": picture,
            "parent": str(self.parent_id) if self.parent_id else None,
        }
        return json.dumps(asked, sort_keys=True).encode()


def _told(options: Options) -> dict[str, object]:
    # A field that came later is left out unless it is used, so that older fingerprints hold.
    later = set() if options.fast else {"fast"}
    return options.model_dump(exclude_none=True, exclude=later)


_WORDLESS: Final = frozenset({Kind.CUTOUT, Kind.DESCRIPTION})
"""Kinds that are asked for without a sentence and without options."""


def prompt_of(kind: Kind, written: str | None) -> str:
    """The sentence as the kind wants it: needed, optional or none. Raises RefusalError (422)."""
    return clean_prompt(written or "") if kind is Kind.EDIT else clean_optional_prompt(written)


def checked(submission: Submission) -> Submission:
    """The submission itself. Raises RefusalError for no picture, for two, for an unfit option.

    Whether the model in use honours the options is not asked here but at the admission.
    """
    if submission.picture is not None and submission.image_id is not None:
        raise refused("image_id", "Send `image` or `image_id`, not both.")
    if submission.kind in _WORDLESS:
        _check_wordless(submission)
    if submission.kind is not Kind.EDIT and submission.parent_id is not None:
        sentence = "Only an edit continues another one; name its `image_id`."
        raise unsupported("parent_job_id", sentence)
    _check_source(submission)
    check(submission.options)
    return submission


def _check_source(submission: Submission) -> None:
    if submission.has_picture:
        return
    if submission.kind is Kind.EDIT and submission.parent_id is None:
        sentence = "Send a picture as `image` or `image_id`, or name a `parent_edit_uuid`."
        raise refused("image", sentence)
    if submission.kind is Kind.VARIATION and submission.options.style_id is None:
        raise refused("image", "Send a picture as `image` or `image_id`, or name a `style_id`.")
    if submission.kind in _WORDLESS:
        raise refused("image", "Send a picture as `image` or `image_id`.")


def _check_wordless(submission: Submission) -> None:
    if submission.prompt:
        raise unsupported("prompt", "This kind of job takes no `prompt`; please leave it out.")
    if submission.options != Options():
        sentence = "This kind of job takes no options; please leave them out."
        raise RefusalError(422, ErrorCode.OPTION_UNSUPPORTED, sentence)


def refused(field: str, sentence: str, code: ErrorCode = ErrorCode.INVALID_REQUEST) -> RefusalError:
    """422 for one field."""
    return RefusalError(422, code, sentence, errors=(FieldError(field, sentence),))


def unsupported(field: str, sentence: str) -> RefusalError:
    """422 for a field that this kind of job does not take."""
    return refused(field, sentence, ErrorCode.OPTION_UNSUPPORTED)
