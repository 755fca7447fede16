"""From a request's body to what is wanted: names in either spelling, checked as the API checks."""

import binascii
import re
from dataclasses import dataclass
from typing import Any, Final

from tests.emulators.core.calls import Call, RefusedError
from tests.emulators.core.ledger import any_base64
from tests.emulators.core.pictures import BadPictureError, Size, Studio
from tests.emulators.core.structured import sentence_in
from tests.emulators.gemini.errors import refused
from tests.emulators.gemini.models import LEVELS, RATIOS, Model

REQUEST_FIELDS: Final = frozenset(
    {"contents", "systemInstruction", "safetySettings", "generationConfig", "tools", "toolConfig"}
    | {"cachedContent", "labels", "store", "serviceTier", "continuationToken", "model"}
)
CONFIG_FIELDS: Final = frozenset(
    {"temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed"}
    | {"responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities"}
    | {"presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs", "speechConfig"}
    | {"thinkingConfig", "imageConfig", "mediaResolution", "audioTranscriptionConfig"}
    | {"enableEnhancedCivicAnswers"}
)
IMAGE_FIELDS: Final = frozenset({"aspectRatio", "imageSize"})
PICTURE_TYPES: Final = frozenset(
    f"image/{kind}" for kind in ("png", "jpeg", "webp", "heic", "heif")
)
MODALITIES: Final = frozenset({"TEXT", "IMAGE"})
MAX_TEMPERATURE: Final = 2.0
JSON: Final = "application/json"
# What is said of bytes that are no picture.
UNREADABLE: Final = "Unable to process input image. Please retry or report in the help forum."


@dataclass(frozen=True, slots=True)
class Picture:
    """One that was sent: its digest in the studio, and its size."""

    digest: str
    size: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a request asks for."""

    model: Model
    sentence: str
    pictures: tuple[Picture, ...]
    as_json: bool
    schema: dict[str, Any] | None
    draw: bool
    ratio: str | None
    image_size: str
    max_tokens: int | None


def read(call: Call, model: Model, studio: Studio) -> Wanted:
    """Check everything. Raises RefusedError."""
    body = _object(_json(call), "")
    _known(body, REQUEST_FIELDS, "")
    config = _object(pick(body, "generationConfig") or {}, "generation_config")
    _check_config(config, model)
    image = _object(pick(config, "imageConfig") or {}, "generation_config.image_config")
    _known(image, IMAGE_FIELDS, "generation_config.image_config")
    parts = _last_parts(body)
    schema = pick(config, "responseJsonSchema") or pick(config, "responseSchema")
    wanted = Wanted(
        model=model,
        sentence=sentence_in(_text(parts)),
        pictures=tuple(_picture(part, studio) for part in parts if pick(part, "inlineData")),
        as_json=pick(config, "responseMimeType") == JSON,
        schema=schema,
        draw=_draws(config, model),
        ratio=pick(image, "aspectRatio"),
        image_size=pick(image, "imageSize") or "1K",
        max_tokens=pick(config, "maxOutputTokens"),
    )
    _check_wishes(wanted)
    return wanted


def pick(value: dict[str, Any], name: str) -> Any:
    """The field, in camel case or snake case; None when it is not there."""
    snake = re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)
    return value.get(name, value.get(snake))


def _json(call: Call) -> Any:
    try:
        return call.json
    except ValueError:
        raise refused("Invalid JSON payload received. Parsing terminated.") from None


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refused(f"Invalid value at '{place}' (type.googleapis.com)", place)
    return value


def _known(value: dict[str, Any], known: frozenset[str], place: str) -> None:
    for name in value:
        if _camel(name) not in known:
            at = f" at '{place}'" if place else ""
            said = f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
            raise refused(said, place or name)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _check_config(config: dict[str, Any], model: Model) -> None:
    place = "generation_config"
    _known(config, CONFIG_FIELDS, place)
    temperature = pick(config, "temperature")
    if temperature is not None and not 0 <= temperature <= MAX_TEMPERATURE:
        raise refused(f"* {place}.temperature: must be in the range [0.0, 2.0].", place)
    if (pick(config, "candidateCount") or 1) != 1:
        raise refused("Multiple candidates is not enabled for this model", place)
    longest = pick(config, "maxOutputTokens")
    if longest is not None and longest < 1:
        raise refused(f"* {place}.max_output_tokens: must be positive.", place)
    if (pick(config, "responseSchema") or pick(config, "responseJsonSchema")) and pick(
        config, "responseMimeType"
    ) != JSON:
        raise refused("Response schema needs the response mime type application/json", place)
    thinking = _object(pick(config, "thinkingConfig") or {}, f"{place}.thinking_config")
    _check_thinking(thinking, model)


def _check_thinking(thinking: dict[str, Any], model: Model) -> None:
    place = "generation_config.thinking_config"
    level = pick(thinking, "thinkingLevel")
    if level is not None and str(level).upper() not in LEVELS:
        raise refused(f"Invalid value at '{place}.thinking_level'", place)
    if level is not None and str(level).upper() not in model.levels:
        raise refused(f"Thinking level {level} is not supported for this model.")
    if level is not None and pick(thinking, "thinkingBudget") is not None:
        raise refused("You can only set only one of thinking budget and thinking level.", place)


def _last_parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    contents = pick(body, "contents")
    turns = [contents] if isinstance(contents, dict) else contents
    if not turns:
        raise refused("* GenerateContentRequest.contents: contents is not specified", "contents")
    last = turns[-1]
    parts = last.get("parts") or []
    if last.get("role", "user") != "user" or not parts:
        raise refused("Please ensure that the last turn is a non-empty user turn.", "contents")
    return [parts] if isinstance(parts, dict) else list(parts)


def _text(parts: list[dict[str, Any]]) -> str:
    texts = [str(part["text"]) for part in parts if part.get("text")]
    return texts[-1] if texts else ""


def _picture(part: dict[str, Any], studio: Studio) -> Picture:
    inline = pick(part, "inlineData")
    kind = pick(inline, "mimeType")
    if kind not in PICTURE_TYPES:
        raise refused(f"Unsupported MIME type: {kind}")
    try:
        digest, size = studio.keep(any_base64(inline.get("data", "")))
    except binascii.Error:
        place = "contents.parts.inline_data.data"
        raise refused(
            f"Invalid value at '{place}' (TYPE_BYTES), Base64 decoding failed", place
        ) from None
    except BadPictureError:
        raise refused(UNREADABLE) from None
    return Picture(digest, size)


def _draws(config: dict[str, Any], model: Model) -> bool:
    modalities = {str(one).upper() for one in pick(config, "responseModalities") or ()}
    if not modalities <= MODALITIES:
        raise refused("Invalid value at 'generation_config.response_modalities'")
    if "IMAGE" in modalities and not model.draws:
        raise refused("Model does not support the requested response modalities: image")
    return model.draws and modalities != {"TEXT"}


def _check_wishes(wanted: Wanted) -> None:
    if wanted.draw and (wanted.as_json or wanted.schema):
        raise _unsupported("JSON mode is not enabled for this model")
    if wanted.ratio is not None and wanted.ratio not in RATIOS:
        raise _unsupported("aspect_ratio must be one of the supported ratios")
    if wanted.draw and wanted.image_size not in wanted.model.sizes:
        raise _unsupported(f"image_size must be one of {', '.join(wanted.model.sizes)}")


def _unsupported(message: str) -> RefusedError:
    return refused(message, "generation_config")
