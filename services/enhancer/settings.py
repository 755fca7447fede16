"""Settings of the enhancer."""

from typing import Literal

from services.chassis.settings import ServiceSettings


class EnhancerSettings(ServiceSettings):
    """Which language model makes a sentence precise, and whether any does."""

    enable_prompt_enhancement: bool = True
    llm_provider: Literal["auto", "local"] = "auto"
