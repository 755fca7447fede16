"""The fields of each request that submits a job, validated into a submission."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar
from uuid import UUID

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from contracts.errors import ErrorCode
from contracts.journal import Kind, Options
from services.gateway.domain.problems import FieldError, RefusalError, not_found
from services.gateway.domain.submission import (
    Submission,
    checked,
    prompt_of,
    refused,
    unsupported,
)

_PICTURE_NAMES: Final = ("image", "image_data")
"""Two names of one field."""


_USUAL: Final[dict[str, object]] = {
    "prompt": None,
    "parent_edit_uuid": None,
    **{name: field.default for name, field in Options.model_fields.items()},
}
"""What may be asked beside the picture, and what is done where it is not."""


def _or(usual: bool) -> Callable[[object], object]:  # noqa: FBT001
    """What is null is not asked for, as where it is left out."""
    return lambda value: usual if value is None else value


def _whole(value: object) -> object:
    """JSON has one kind of number: 7.0 is the whole number 7."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class PictureFields(BaseModel):
    """The body of `POST /api/remove-background`: a picture, and nothing else."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, protected_namespaces=()
    )
    kind: ClassVar[Kind] = Kind.CUTOUT
    may_be_bytes: ClassVar[bool] = True
    """Whether the body may be the picture itself."""

    image: str | None = Field(
        default=None,
        validation_alias=AliasChoices(*_PICTURE_NAMES),
        description="A data URL or bare base64; `image_data` is another name for it.",
    )
    image_id: str | None = None

    @property
    def options(self) -> Options:
        """What is asked besides the picture."""
        return Options()

    @property
    def words(self) -> str | None:
        """The sentence, as it was written."""
        return None

    @property
    def parent(self) -> str | None:
        """The id of the edit that is continued, as it was written."""
        return None

    def check(self) -> None:
        """Refuse what can be told before the picture is decoded. Raises RefusalError."""
        prompt_of(self.kind, self.words)

    def submission(self, picture: bytes | None) -> Submission:
        """What the fields ask for. Raises RefusalError."""
        return checked(
            Submission(
                kind=self.kind,
                prompt=prompt_of(self.kind, self.words),
                options=self.options,
                picture=picture,
                image_id=identifier(self.image_id, ErrorCode.IMAGE_NOT_FOUND),
                parent_id=identifier(self.parent, ErrorCode.PARENT_NOT_FOUND),
            )
        )


class DescriptionFields(PictureFields):
    """The fields of `POST /submit` beside its file: none."""

    kind: ClassVar[Kind] = Kind.DESCRIPTION
    may_be_bytes: ClassVar[bool] = False


class VariationFields(PictureFields):
    """The body of `POST /api/variations`."""

    kind: ClassVar[Kind] = Kind.VARIATION
    may_be_bytes: ClassVar[bool] = False

    style_id: str | None = None
    prompt: str | None = None
    fast: Annotated[bool, BeforeValidator(_or(False))] = False

    @property
    def options(self) -> Options:
        """What is asked besides the sentence."""
        return Options(style_id=self.style_id, fast=self.fast)

    @property
    def words(self) -> str | None:
        """See PictureFields."""
        return self.prompt


class EditFields(PictureFields):
    """The body of `POST /edit-image/`."""

    kind: ClassVar[Kind] = Kind.EDIT
    may_be_bytes: ClassVar[bool] = False

    prompt: str
    parent_edit_uuid: str | None = None
    style_id: str | None = None
    seed: Annotated[int | None, BeforeValidator(_whole)] = None
    aspect_ratio: str | None = None
    output_format: Literal["jpeg", "png", "webp"] | None = None
    enhance: Annotated[bool, BeforeValidator(_or(True))] = True
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

    @property
    def words(self) -> str | None:
        """See PictureFields."""
        return self.prompt

    @property
    def parent(self) -> str | None:
        """See PictureFields."""
        return self.parent_edit_uuid


F = TypeVar("F", bound=PictureFields)


def fields_of(kind: type[F], values: dict[str, Any], *, typed: bool) -> F:
    """The fields, checked; `typed` is false for a form, whose values are all text.

    Raises RefusalError (422).
    """
    _check_taken(kind, values)
    try:
        fields = kind.model_validate(_with_one_picture(values), strict=typed)
    except ValidationError as error:
        raise invalid(error) from None
    fields.check()
    return fields


def _check_taken(kind: type[PictureFields], values: dict[str, Any]) -> None:
    """An option that this kind of job does not take is refused, not ignored."""
    for name in sorted(_USUAL.keys() - kind.model_fields.keys()):
        usual = _USUAL[name]
        as_text = str(usual).lower() if isinstance(usual, bool) else ""
        if values.get(name) not in (None, "", usual, as_text):
            sentence = f"`{name}` cannot be asked for here; please leave it out."
            raise unsupported(name, sentence)


def _with_one_picture(values: dict[str, Any]) -> dict[str, Any]:
    given = {name for name in _PICTURE_NAMES if values.get(name) is not None}
    if len(given) > 1:
        raise refused("image_data", "Send `image` or `image_data`, not both: they mean the same.")
    return {k: v for k, v in values.items() if k not in _PICTURE_NAMES or k in given}


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
