"""Plans by Google's Gemini."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from google.genai import types

from services.chassis.gemini import Gemini, open_gemini
from services.enhancer.adapters.vendor import (
    CALL_SECONDS,
    MAX_ANSWER_BYTES,
    MAX_OUTPUT_TOKENS,
    WHO,
    Said,
)
from services.enhancer.domain.instruction import Instruction
from services.enhancer.domain.plan import SCHEMA, material
from services.enhancer.settings import EnhancerSettings

GEMINI: Final = "gemini"
_THINKS_LITTLE: Final = re.compile(r"gemini-3(\.\d+)?-flash-lite")
"""Who is known to take the least level of thinking; others refuse the whole request for it."""


class GeminiPlans:
    """See Vendor. No temperature: from the third generation on it is ignored or refused."""

    name = GEMINI

    def __init__(self, gemini: Gemini, model: str) -> None:
        self._gemini = gemini
        self.model = model

    async def ask(self, told: Instruction, prompt: str, picture: bytes | None) -> Said:
        """See Vendor."""
        parts = [types.Part.from_text(text=material(prompt))]
        if picture is not None:
            parts.insert(0, types.Part.from_bytes(data=picture, mime_type="image/jpeg"))
        answer = await self._gemini.ask(
            parts, model=self.model, config=_config(told, self.model), seconds=CALL_SECONDS
        )
        return Said(answer.text, answer.model, ended=answer.finish)


@asynccontextmanager
async def open_gemini_plans(settings: EnhancerSettings) -> AsyncIterator[GeminiPlans]:
    """Gemini as configured, closed with the block."""
    async with open_gemini(
        settings.gemini_base_url,
        settings.chosen_key,
        who=WHO,
        max_answer_bytes=MAX_ANSWER_BYTES,
    ) as gemini:
        yield GeminiPlans(gemini, settings.chosen_model)


def _config(told: Instruction, model: str) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=told.text,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        response_mime_type="application/json",
        response_json_schema=SCHEMA,
        thinking_config=_thinking(model),
    )


def _thinking(model: str) -> types.ThinkingConfig | None:
    # Thinking is paid for by the token and adds nothing to a plan that is itself the thinking.
    if not _THINKS_LITTLE.fullmatch(model.removeprefix("models/")):
        return None
    return types.ThinkingConfig(thinking_level=types.ThinkingLevel.MINIMAL)
