"""What is asked for: fields of a request, validated into one submission that both doors share."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from contracts.errors import ErrorCode
from contracts.journal import Kind, Options
from services.gateway.domain.options import check
from services.gateway.domain.problems import FieldError, RefusalError, not_found
from services.gateway.domain.text import clean_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job that is asked for; at most one of `picture` (bytes) and `image_id` is given."""

    prompt: str
    kind: Kind = Kind.EDIT
    options: Options = field(default_factory=Options)
    picture: bytes | None = None
    image_id: UUID | None = None
    parent_id: UUID | None = None

    def asked(self, picture: str | None) -> bytes:
        """What makes two requests the same request, as canonical bytes.

        The picture counts by its digest, whether it came along or was uploaded before.
        """
        asked = {
            "kind": self.kind,
            "prompt": self.prompt,
            "options": self.options.model_dump(exclude_none=True),
            "picture": picture,
            "parent": str(self.parent_id) if self.parent_id else None,
        }
        return json.dumps(asked, sort_keys=True).encode()


_PICTURE_NAMES: Final = ("image", "image_data")
"""Two names of one field."""


def _whole(value: object) -> object:
    """JSON has one kind of number: 7.0 is the whole number 7."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class EditFields(BaseModel):
    """The body of `POST /edit-image/`."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, protected_namespaces=()
    )

    prompt: str
    image: str | None = Field(
        default=None,
        validation_alias=AliasChoices(*_PICTURE_NAMES),
        description="A data URL or bare base64; `image_data` is another name for it.",
    )
    image_id: str | None = None
    parent_edit_uuid: str | None = None
    style_id: str | None = None
    seed: Annotated[int | None, BeforeValidator(_whole)] = None
    aspect_ratio: str | None = None
    output_format: Literal["jpeg", "png", "webp"] | None = None
    enhance: bool = True
    model: str | None = None

    @property
    def options(self) -> Options:
        """What is asked besides the sentence."""
        return Options(
            enhance=self.enhance,
            output_format=self.output_format,
            seed=self.seed,
            aspect_ratio=self.aspect_ratio,
            style_id=self.style_id,
            model=self.model,
        )


def edit_fields(values: dict[str, Any], *, typed: bool) -> EditFields:
    """The fields, checked; `typed` is false for a form, whose values are all text.

    Raises RefusalError (422).
    """
    try:
        return EditFields.model_validate(_with_one_picture(values), strict=typed)
    except ValidationError as error:
        raise invalid(error) from None


def _with_one_picture(values: dict[str, Any]) -> dict[str, Any]:
    given = {name for name in _PICTURE_NAMES if values.get(name) is not None}
    if len(given) > 1:
        raise _refused("image_data", "Send `image` or `image_data`, not both: they mean the same.")
    return {k: v for k, v in values.items() if k not in _PICTURE_NAMES or k in given}


def submission_of(fields: EditFields, picture: bytes | None) -> Submission:
    """The submission that the fields describe. Raises RefusalError."""
    parent_id = identifier(fields.parent_edit_uuid, ErrorCode.PARENT_NOT_FOUND)
    return checked(
        Submission(
            prompt=clean_prompt(fields.prompt),
            options=fields.options,
            picture=picture,
            image_id=identifier(fields.image_id, ErrorCode.IMAGE_NOT_FOUND),
            parent_id=parent_id,
        )
    )


def checked(submission: Submission) -> Submission:
    """The submission itself. Raises RefusalError for no picture, for two, for an unfit option.

    Whether the model in use honours the options is not asked here but at the admission.
    """
    if submission.kind is not Kind.EDIT:
        raise RefusalError(422, ErrorCode.OPTION_UNSUPPORTED, "Only edits can be asked for here.")
    if submission.picture is not None and submission.image_id is not None:
        raise _refused("image_id", "Send `image` or `image_id`, not both.")
    if submission.picture is None and submission.image_id is None and submission.parent_id is None:
        raise _refused(
            "image", "Send a picture as `image` or `image_id`, or name a `parent_edit_uuid`."
        )
    check(submission.options)
    return submission


def identifier(text: str | None, code: ErrorCode) -> UUID | None:
    """The id, None for none. Raises RefusalError (404) for what is no id."""
    if text is None:
        return None
    # UUID() would also take braces and a URN; ids are compared as written.
    try:
        parsed = UUID(text)
    except ValueError:
        raise not_found(code) from None
    if str(parsed) != text.lower():
        raise not_found(code)
    return parsed


def invalid(error: ValidationError) -> RefusalError:
    """422 that names each field and repeats no input."""
    found = tuple(
        FieldError(".".join(map(str, e["loc"])) or "body", e["msg"])
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    )
    named = {e.field for e in found}
    code = ErrorCode.INVALID_PROMPT if "prompt" in named else ErrorCode.INVALID_REQUEST
    sentence = "; ".join(f"{e.field}: {e.message}" for e in found[:5])
    return RefusalError(422, code, f"The request is not valid: {sentence}.", errors=found[:20])


def _refused(field: str, sentence: str) -> RefusalError:
    error = FieldError(field, sentence)
    return RefusalError(422, ErrorCode.INVALID_REQUEST, sentence, errors=(error,))
