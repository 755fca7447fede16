"""Settings of the renderer."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from contracts.stages import Kind
from services.chassis.settings import (
    AccountSettings,
    ApiKey,
    BaseUrl,
    GeminiSettings,
    ImageSettings,
    Names,
    ObjectStoreSettings,
    PublicSettings,
    ServiceSettings,
)

Provider = Literal["flux", "gemini", "local"]


ROLES: Final = (Kind.EDIT.value, Kind.VARIATION.value, Kind.CUTOUT.value)
"""The kinds of jobs that a renderer can work on."""


def _roles(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or set(names) - set(ROLES):
        raise ValueError(f"one or more of {', '.join(ROLES)}")
    return tuple(dict.fromkeys(names))


class RendererSettings(
    ServiceSettings,
    PublicSettings,
    ObjectStoreSettings,
    ImageSettings,
    AccountSettings,
    GeminiSettings,
):
    """Which provider edits pictures, with which models, and where pictures are kept."""

    image_provider: Literal["auto", "flux", "gemini", "local"] = "auto"
    allowed_models: Names = ()
    bfl_api_key: ApiKey | None = None
    bfl_base_url: BaseUrl = "https://api.bfl.ai"
    bfl_allowed_hosts: Names = ("api.bfl.ai", "*.bfl.ai")
    flux_model: str = "flux-2-pro"
    gemini_model: str = "gemini-nano-banana-2.1"
    gemini_model_fast: str = "gemini-3.1-flash-lite-image"
    fast_mode: bool = False
    fast_reference_max_size: int = Field(default=1024, ge=64, le=8192)
    renderer_roles: Annotated[Names, AfterValidator(_roles)] = ROLES
    flux_poll_interval_seconds: float = Field(default=0.5, ge=0.1, le=5)
    provider_uncertain_repeats: int | None = Field(default=None, ge=0, le=3)
    safety_tolerance: int = Field(default=2, ge=0, le=6)
    cutout_provider: Literal["auto", "rembg", "local"] = "auto"
    cutout_model: str = "birefnet-general"
    u2net_home: Path | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of jobs that this process works on."""
        return tuple(Kind(role) for role in self.renderer_roles)

    @property
    def chosen_provider(self) -> Provider:
        """Who edits where a job names no model: as set, else the first whose key there is."""
        if self.image_provider != "auto":
            return self.image_provider
        if self.bfl_api_key:
            return "flux"
        return "gemini" if self.gemini_api_key else "local"

    @model_validator(mode="after")
    def _has_its_key(self) -> Self:
        if self.image_provider == "flux" and not self.bfl_api_key:
            raise ValueError("BFL_API_KEY: needed for IMAGE_PROVIDER=flux")
        if self.image_provider == "gemini" and not self.gemini_api_key:
            raise ValueError("GEMINI_API_KEY: needed for IMAGE_PROVIDER=gemini")
        return self
