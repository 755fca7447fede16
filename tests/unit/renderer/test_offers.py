"""Which models a job may name is decided at the start, or the start is refused in words."""

import pytest

from services.chassis.settings import SettingsError
from services.renderer.adapters.offers import offered, streams_of
from services.renderer.settings import RendererSettings

BFL = {"bfl_api_key": "a-key"}
GEMINI = {"gemini_api_key": "a-key"}


def names(**values: object) -> list[str]:
    settings = RendererSettings(**values)  # type: ignore[arg-type]
    return [model.name for model in offered(settings)]


def test_without_any_key_pictures_are_edited_here():
    assert names() == ["libvips"]


def test_the_first_key_that_there_is_decides_who_edits():
    assert names(**GEMINI) == ["gemini-nano-banana-2.1"]
    assert names(**GEMINI, **BFL) == ["flux-2-pro"]


def test_jobs_may_name_every_model_that_is_allowed_and_in_reach():
    allowed = ("flux-kontext-max", "gemini-3-pro-image", "libvips")

    assert names(**GEMINI, **BFL, allowed_models=allowed) == ["flux-2-pro", *allowed]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"allowed_models": ("flux-2-pro",)}, "ALLOWED_MODELS: no provider with a key"),
        ({**BFL, "flux_model": "flux-1"}, "FLUX_MODEL: no provider with a key"),
        ({**BFL, "flux_model": "libvips"}, "FLUX_MODEL: 'libvips' is a model of local"),
        ({**BFL, **GEMINI, "flux_model": "gemini-3-pro-image"}, "FLUX_MODEL: 'gemini-3-pro"),
        ({**BFL, "bfl_allowed_hosts": ("https://api.bfl.ai",)}, "BFL_ALLOWED_HOSTS"),
        ({**BFL, "bfl_base_url": "http://api.bfl.ai"}, "BFL_BASE_URL"),
    ],
)
def test_what_cannot_work_stops_the_start_with_the_settings_name(values, says: str):
    with pytest.raises(SettingsError) as refused:
        names(**values)

    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("provider", "name"), [("flux", "BFL_API_KEY"), ("gemini", "GEMINI_API_KEY")]
)
def test_a_provider_that_is_named_needs_its_key(provider: str, name: str):
    with pytest.raises(ValueError, match=f"{name}: needed"):
        names(image_provider=provider)


def test_readiness_asks_for_the_limits_of_the_models_on_offer():
    settings = RendererSettings(**BFL, allowed_models=("flux-kontext-max",))

    assert streams_of(offered(settings)) == ("LIMIT_FLUX", "LIMIT_FLUX_KONTEXT_MAX")
    assert streams_of(offered(RendererSettings())) == ()
