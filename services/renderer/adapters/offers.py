"""Which models a job may name: what the settings list and a key opens."""

from collections.abc import Callable, Mapping
from typing import Final

from contracts.queries import ModelAbilities
from contracts.subjects import limit_stream
from services.chassis.settings import SettingsError
from services.renderer.adapters import local
from services.renderer.adapters.hosts import hosts_of
from services.renderer.domain import gemini_models
from services.renderer.domain import models as flux_models
from services.renderer.settings import Provider, RendererSettings

_QUICK: Final[Mapping[Provider, Callable[[RendererSettings], str | None]]] = {
    "flux": lambda _: flux_models.QUICK.name,
    "gemini": lambda settings: settings.gemini_model_fast,
    "local": lambda _: None,
}
_NAMED_BY: Final = {"flux": "FLUX_MODEL", "gemini": "GEMINI_MODEL", "local": "IMAGE_PROVIDER"}


def offered(settings: RendererSettings) -> tuple[ModelAbilities, ...]:
    """The models on offer, first the one for jobs that name none.

    Raises SettingsError for a model that no provider with a key has, and for hosts that cannot be
    called.
    """
    if settings.bfl_api_key:
        hosts_of(settings.bfl_base_url, settings.bfl_allowed_hosts)
    known = _within_reach(settings)
    default = default_model(settings)
    names = dict.fromkeys((default, *settings.allowed_models))
    if default in known and known[default].provider != settings.chosen_provider:
        raise SettingsError(
            f"{_NAMED_BY[settings.chosen_provider]}: {default!r} is a model of"
            f" {known[default].provider}, not of {settings.chosen_provider}"
        )
    for name in names:
        if name not in known:
            variable = "ALLOWED_MODELS"
            if name == default:
                variable = _NAMED_BY[settings.chosen_provider]
            raise SettingsError(
                f"{variable}: no provider with a key has a model {name!r};"
                f" there are {', '.join(sorted(known))}"
            )
    return tuple(known[name] for name in names)


def quick_model(settings: RendererSettings) -> ModelAbilities | None:
    """The model for jobs that ask for a quick one; None where the usual one is all there is.

    Raises SettingsError for one that no provider with a key has.
    """
    name = _QUICK[settings.chosen_provider](settings)
    if name is None:
        return None
    found = _within_reach(settings).get(name)
    if found is None or found.provider != settings.chosen_provider:
        raise SettingsError(f"GEMINI_MODEL_FAST: {settings.chosen_provider} has no model {name!r}")
    return found


def every_model(
    settings: RendererSettings, models: tuple[ModelAbilities, ...]
) -> tuple[ModelAbilities, ...]:
    """The models that jobs may name, and the quick one that they may ask for without its name."""
    quick = quick_model(settings)
    return models if quick is None or quick in models else (*models, quick)


def streams_of(models: tuple[ModelAbilities, ...]) -> tuple[str, ...]:
    """The limit streams that handing tasks in to these models needs."""
    flux = (flux_models.model_named(m.name) for m in models if m.provider == flux_models.PROVIDER)
    return tuple({limit_stream(policy): None for model in flux for policy in model.policies})


def default_model(settings: RendererSettings) -> str:
    """The model for jobs that name none."""
    chosen = settings.chosen_provider
    if chosen == "flux":
        return settings.flux_model
    return settings.gemini_model if chosen == "gemini" else local.LIBVIPS


def _within_reach(settings: RendererSettings) -> dict[str, ModelAbilities]:
    found = [local.ABILITIES]
    if settings.bfl_api_key:
        found += [flux_models.abilities(model) for model in flux_models.MODELS]
    if settings.gemini_api_key:
        found += [gemini_models.abilities(model) for model in gemini_models.MODELS]
    return {model.name: model for model in found}
