"""Google's models that edit pictures: one row each, as their documents have it."""

from dataclasses import dataclass
from typing import Final

from contracts.errors import ErrorCode
from contracts.journal import Options
from contracts.queries import ModelAbilities
from services.chassis.errors import PermanentError

PROVIDER: Final = "gemini"

RATIOS: Final = (
    *("21:9", "8:1", "4:1", "16:9", "3:2", "4:3", "5:4", "1:1"),
    *("4:5", "3:4", "2:3", "9:16", "1:4", "1:8"),
)
"""The shapes that every one of the models makes, widest first."""

SIDES_PIXELS: Final = {"1K": 1024, "2K": 2048, "4K": 4096}
"""`imageSize` -> the side of a square of that size, in pixels."""

MAX_BYTES: Final = 7_000_000
"""Of a picture within a request: the documents list 7 MB for each."""


@dataclass(frozen=True, slots=True)
class GeminiModel:
    """What one model makes; `sizes` from small to large."""

    name: str
    sizes: tuple[str, ...] = tuple(SIDES_PIXELS)
    ratios: tuple[str, ...] = RATIOS

    def size_for(self, longer_side_pixels: int) -> str | None:
        """The smallest size that covers the side, else the largest; None: there is no choice."""
        if len(self.sizes) == 1:
            return None
        covering = (size for size in self.sizes if SIDES_PIXELS[size] >= longer_side_pixels)
        return next(covering, self.sizes[-1])


MODELS: Final = (
    GeminiModel("gemini-nano-banana-2.1"),
    GeminiModel("gemini-3-pro-image"),
    GeminiModel("gemini-3.1-flash-lite-image", sizes=("1K",)),
)
DEFAULT: Final = MODELS[0]

_BY_NAME: Final = {model.name: model for model in MODELS}


def model_named(name: str) -> GeminiModel:
    """The model's row. Raises PermanentError for a name that is not in the table."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise _unsupported("The model that you asked for is not offered.") from None


def abilities(model: GeminiModel) -> ModelAbilities:
    """What may be asked of it beside the sentence."""
    return ModelAbilities(name=model.name, provider=PROVIDER, aspect_ratios=model.ratios)


def refuse_unsupported(model: GeminiModel, options: Options) -> None:
    """Raise PermanentError for what the model cannot honour: it is never ignored."""
    if options.seed is not None:
        raise _unsupported(f"{model.name} does not take a seed.")
    if options.aspect_ratio is not None and options.aspect_ratio not in model.ratios:
        raise _unsupported(f"{model.name} takes one of these shapes: {', '.join(model.ratios)}.")


def _unsupported(sentence: str) -> PermanentError:
    return PermanentError(ErrorCode.OPTION_UNSUPPORTED, sentence)
