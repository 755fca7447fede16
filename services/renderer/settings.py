"""Settings of the renderer."""

from typing import Literal, Self

from pydantic import Field, model_validator

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
    flux_poll_interval_seconds: float = Field(default=0.5, ge=0.1, le=5)
    provider_uncertain_repeats: int | None = Field(default=None, ge=0, le=3)
    safety_tolerance: int = Field(default=2, ge=0, le=6)

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
