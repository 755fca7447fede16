"""What may be asked beside the sentence: what nobody can honour, and what the model in use can."""

from dataclasses import dataclass
from typing import Final, Protocol

from contracts.errors import ErrorCode
from contracts.journal import Options
from contracts.queries import Abilities, ModelAbilities
from contracts.styles import Style
from services.gateway.domain.problems import FieldError, RefusalError

MAX_SEED: Final = 2**32 - 1
"""Of an unsigned 32-bit number, the usual size of a seed."""


class ImageService(Protocol):
    """Whoever makes the pictures."""

    async def abilities(self) -> Abilities:
        """What may be asked of it, as last heard. Raises PostponedError if that never was."""


def check(options: Options) -> None:
    """Refuse what no model could honour. Raises RefusalError (422)."""
    if options.fast and options.model is not None:
        raise _unsupported("fast", "Send `model` or `fast`, not both: each chooses a model.")
    if options.seed is not None and not 0 <= options.seed <= MAX_SEED:
        sentence = f"The `seed` is a whole number from 0 to {MAX_SEED:,}."
        raise _refused("seed", sentence, ErrorCode.INVALID_REQUEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a job asks of its model."""

    options: Options
    has_words: bool = True
    is_variation: bool = False
    style: Style | None = None
    has_own_picture: bool = True
    """Whether something else than the style's reference is varied."""

    @property
    def is_plain(self) -> bool:
        """Whether every model can do it."""
        asked = (self.options.model, self.options.seed, self.options.aspect_ratio, self.style)
        return not self.is_variation and all(one is None for one in asked)


async def check_with(service: ImageService, wanted: Wanted) -> None:
    """Refuse what the model that would be used cannot honour; asks only if something is asked.

    Raises RefusalError (422) and PostponedError.
    """
    if wanted.is_plain:
        return
    options = wanted.options
    model = _model(options, await service.abilities())
    if not model.generative:
        _check_measured(model, wanted)
    if options.seed is not None and not model.seed:
        sentence = f"The model {model.name} cannot honour `seed`; please leave it out."
        raise _unsupported("seed", sentence)
    if options.aspect_ratio is not None and options.aspect_ratio not in model.aspect_ratios:
        raise _unsupported("aspect_ratio", _shapes(model))


def _check_measured(model: ModelAbilities, wanted: Wanted) -> None:
    """What a model needs that reads no rules and makes nothing up."""
    if wanted.style is not None and wanted.style.reference is None:
        sentence = (
            f"The model {model.name} needs a style with a reference picture; "
            f"`{wanted.style.id}` has none."
        )
        raise _unsupported("style_id", sentence)
    has_example = wanted.style is not None and wanted.has_own_picture
    if not wanted.has_words and not has_example:
        sentence = (
            f"The model {model.name} needs to be told what to change: send a `prompt`, "
            "or a picture with a `style_id`."
        )
        raise _unsupported("prompt", sentence)


def _model(options: Options, abilities: Abilities) -> ModelAbilities:
    if options.model is None:
        return abilities.models[0]
    for model in abilities.models:
        if model.name == options.model:
            return model
    names = ", ".join(model.name for model in abilities.models)
    raise _unsupported("model", f"The `model` must be one of: {names}.")


def _shapes(model: ModelAbilities) -> str:
    if not model.aspect_ratios:
        return f"The model {model.name} cannot honour `aspect_ratio`; please leave it out."
    shapes = ", ".join(model.aspect_ratios)
    return f"With the model {model.name} the `aspect_ratio` must be one of: {shapes}."


def _unsupported(name: str, sentence: str) -> RefusalError:
    return _refused(name, sentence, ErrorCode.OPTION_UNSUPPORTED)


def _refused(name: str, sentence: str, code: ErrorCode) -> RefusalError:
    return RefusalError(422, code, sentence, errors=(FieldError(name, sentence),))
