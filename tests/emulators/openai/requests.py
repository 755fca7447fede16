"""From a request's body to what is wanted, checked as the API checks."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

from tests.emulators.core.calls import Call
from tests.emulators.core.pictures import BadPictureError, size_of
from tests.emulators.core.structured import sentence_in
from tests.emulators.openai.errors import refused

FIELDS: Final = frozenset(
    {"model", "input", "instructions", "text", "reasoning", "max_output_tokens", "store", "stream"}
    | {"background", "conversation", "include", "max_tool_calls", "metadata", "moderation"}
    | {"parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key", "user"}
    | {"prompt_cache_options", "prompt_cache_retention", "safety_identifier", "service_tier"}
    | {"stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p"}
    | {"truncation", "context_management", "access_programs", "image"}
)
EFFORTS: Final = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
# Of models that do not reason, and of those that cannot leave it.
THOUGHTLESS: Final = ("gpt-4o", "gpt-4.1")
THOUGHTFUL: Final = frozenset({"gpt-5", "gpt-5-mini", "gpt-5-nano"})
DETAILS: Final = frozenset({"low", "high", "auto", "original"})
PICTURE_TYPES: Final = ("png", "jpeg", "webp", "gif")
# The least that may be asked for.
MIN_OUTPUT_TOKENS: Final = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for."""

    sentence: str
    schema: dict[str, Any] | None
    as_json: bool
    max_tokens: int | None


def read(call: Call) -> Wanted:
    """Check everything. Raises RefusedError."""
    body = _body(call)
    for name in body:
        if name not in FIELDS:
            raise refused(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    if body.get("stream"):
        raise refused("This model cannot be streamed.", "stream", "unsupported_value")
    _check_effort(body)
    _check_length(body)
    form = (body.get("text") or {}).get("format") or {"type": "text"}
    return Wanted(
        sentence=sentence_in(_last_text(body)),
        schema=_schema(form),
        as_json=form.get("type") == "json_object",
        max_tokens=body.get("max_output_tokens"),
    )


def _body(call: Call) -> dict[str, Any]:
    try:
        body = call.json
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refused("We could not parse the JSON body of your request.", "body")
    return body


def _check_effort(body: dict[str, Any]) -> None:
    effort, model = (body.get("reasoning") or {}).get("effort"), str(body.get("model"))
    if effort is None:
        return
    place = "reasoning.effort"
    if effort not in EFFORTS:
        raise refused(f"Invalid value: '{effort}'.", place, "invalid_value")
    if model.startswith(THOUGHTLESS):
        said = f"Unsupported parameter: '{place}' is not supported with this model."
        raise refused(said, place, "unsupported_parameter")
    if model in THOUGHTFUL and effort == "none":
        said = f"Unsupported value: 'none' is not supported with the '{model}' model."
        raise refused(said, place, "unsupported_value")


def _check_length(body: dict[str, Any]) -> None:
    longest = body.get("max_output_tokens")
    if longest is not None and longest < MIN_OUTPUT_TOKENS:
        said = f"Expected a value >= {MIN_OUTPUT_TOKENS}, but got {longest} instead."
        raise refused(said, "max_output_tokens", "integer_below_min_value")


def _last_text(body: dict[str, Any]) -> str:
    said = body.get("input")
    if not said:
        raise refused("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if isinstance(said, str):
        return said
    texts = [
        text
        for turn, one in enumerate(said)
        if one.get("role", "user") == "user"
        for text in _texts(one.get("content", ""), f"input[{turn}]")
    ]
    return texts[-1] if texts else ""


def _texts(content: Any, place: str) -> list[str]:
    if isinstance(content, str):
        return [content]
    for number, part in enumerate(content):
        _check_part(part, f"{place}.content[{number}]")
    return [str(part["text"]) for part in content if part["type"] == "input_text"]


def _check_part(part: dict[str, Any], place: str) -> None:
    if part.get("type") not in {"input_text", "input_image"}:
        raise refused(f"Invalid value: '{part.get('type')}'.", f"{place}.type", "invalid_value")
    if part["type"] == "input_image":
        if part.get("detail", "auto") not in DETAILS:
            raise refused("Invalid detail.", f"{place}.detail", "invalid_value")
        _check_picture(str(part.get("image_url")), f"{place}.image_url")


def _check_picture(url: str, place: str) -> None:
    head, _, encoded = url.partition(";base64,")
    if head not in {f"data:image/{kind}" for kind in PICTURE_TYPES}:
        raise refused(
            "Expected a base64-encoded data URL with an image type.", place, "invalid_value"
        )
    try:
        size_of(base64.b64decode(encoded, validate=True))
    except (binascii.Error, BadPictureError):
        said = "The image data you provided does not represent a valid image."
        raise refused(said, place, "invalid_image") from None


def _schema(form: dict[str, Any]) -> dict[str, Any] | None:
    if form.get("type") != "json_schema":
        return None
    if not form.get("name") or not isinstance(form.get("schema"), dict):
        raise refused("Missing required parameter.", "text.format", "missing_required_parameter")
    schema: dict[str, Any] = form["schema"]
    if form.get("strict"):
        _check_strict(schema, str(form["name"]), ())
    return schema


def _check_strict(schema: Any, name: str, path: tuple[str, ...]) -> None:
    """Strict mode takes only objects that name all their fields and forbid others."""
    if isinstance(schema, list):
        for inner in schema:
            _check_strict(inner, name, path)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" or "properties" in schema:
        _check_object(schema, name, path)
    for key, inner in schema.items():
        if key not in {"enum", "const", "default", "required"}:
            _check_strict(inner, name, (*path, key))


def _check_object(schema: dict[str, Any], name: str, path: tuple[str, ...]) -> None:
    where = f"Invalid schema for response_format '{name}': In context={path},"
    properties = set(schema.get("properties") or {})
    if schema.get("additionalProperties") is not False:
        said = f"{where} 'additionalProperties' is required to be supplied and to be false."
        raise refused(said, "text.format.schema", "invalid_json_schema")
    if set(schema.get("required") or ()) != properties:
        said = f"{where} 'required' is required to be an array including every key in properties."
        raise refused(said, "text.format.schema", "invalid_json_schema")
