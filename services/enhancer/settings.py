"""Settings of the enhancer."""

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from services.chassis.settings import (
    ApiKey,
    BaseUrl,
    GeminiSettings,
    ImageSettings,
    ObjectStoreSettings,
    ServiceSettings,
)

GEMINI_MODEL: Final = "gemini-3.5-flash-lite"
"""The cheapest current Gemini that reads pictures: one short plan per edit needs no larger one."""
OPENAI_MODEL: Final = "gpt-6-luna"
"""OpenAI's cheapest current model that reads pictures, for the same reason."""

Provider = Literal["gemini", "openai", "local"]
# An id, or a path of ids as of a tuned model.
_MODEL: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9][A-Za-z0-9._:-]*)*$"


class EnhancerSettings(ServiceSettings, ObjectStoreSettings, ImageSettings, GeminiSettings):
    """Which language model writes instructions and descriptions, and whether any does."""

    enable_prompt_enhancement: bool = True
    llm_provider: Literal["auto", "gemini", "openai", "local"] = "auto"
    llm_model: str | None = Field(default=None, pattern=_MODEL, max_length=128)
    llm_api_key: ApiKey | None = None
    openai_api_key: ApiKey | None = None
    openai_base_url: BaseUrl = "https://api.openai.com/v1"
    openai_vision_model: str = Field(default=OPENAI_MODEL, pattern=_MODEL, max_length=128)

    @property
    def chosen_provider(self) -> Provider:
        """As set, else the first whose own key there is, else the local rules."""
        if self.llm_provider != "auto":
            return self.llm_provider
        if self.gemini_api_key:
            return "gemini"
        return "openai" if self.openai_api_key else "local"

    @property
    def chosen_model(self) -> str:
        """The model asked of the chosen provider, which sees words and pictures; of no use to the
        local rules.
        """
        openai = self.chosen_provider == "openai"
        return self.llm_model or (self.openai_vision_model if openai else GEMINI_MODEL)

    @property
    def describing_model(self) -> str:
        """The same for descriptions, for which OpenAI may have been named a model of its own."""
        is_named = (
            self.chosen_provider == "openai" and "openai_vision_model" in self.model_fields_set
        )
        return self.openai_vision_model if is_named else self.chosen_model

    @property
    def chosen_key(self) -> str:
        """The secret of the chosen provider: under its own name, else LLM_API_KEY."""
        own = self.openai_api_key if self.chosen_provider == "openai" else self.gemini_api_key
        key = own or self.llm_api_key
        return key.get_secret_value() if key else ""

    @model_validator(mode="after")
    def _has_its_key(self) -> Self:
        if self.llm_provider == "auto":
            self._knows_whose_key()
        elif self.llm_provider != "local" and not self.chosen_key:
            name = f"{self.llm_provider.upper()}_API_KEY"
            raise ValueError(f"{name}: needed for LLM_PROVIDER={self.llm_provider}")
        return self

    def _knows_whose_key(self) -> None:
        if self.llm_api_key and self.chosen_provider == "local":
            raise ValueError("LLM_API_KEY: LLM_PROVIDER must say whose it is, gemini or openai")
