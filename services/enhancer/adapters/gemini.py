"""Text by Google's Gemini."""

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
    Said,
)
from services.enhancer.domain.enhancing import WHO
from services.enhancer.domain.question import Question
from services.enhancer.settings import EnhancerSettings

GEMINI: Final = "gemini"
_THINKS_LITTLE: Final = re.compile(r"gemini-3(\.\d+)?-flash-lite")
"""Who is known to take the least level of thinking; others refuse the whole request for it."""


class GeminiWords:
    """See Vendor. No temperature: from the third generation on it is ignored or refused."""

    name = GEMINI

    def __init__(self, gemini: Gemini, model: str) -> None:
        self._gemini = gemini
        self.model = model

    def using(self, model: str) -> "GeminiWords":
        """See Vendor."""
        return GeminiWords(self._gemini, model)

    async def ask(self, question: Question) -> Said:
        """See Vendor."""
        shown = question.pictures
        parts = [types.Part.from_bytes(data=each, mime_type="image/jpeg") for each in shown]
        parts.append(types.Part.from_text(text=question.material))
        config = _config(question, self.model)
        answer = await self._gemini.ask(
            parts, model=self.model, config=config, seconds=CALL_SECONDS
        )
        return Said(answer.text, answer.model, ended=answer.finish)


@asynccontextmanager
async def open_gemini_words(settings: EnhancerSettings) -> AsyncIterator[GeminiWords]:
    """Gemini as configured, closed with the block."""
    async with open_gemini(
        settings.gemini_base_url,
        settings.chosen_key,
        who=WHO,
        max_answer_bytes=MAX_ANSWER_BYTES,
    ) as gemini:
        yield GeminiWords(gemini, settings.chosen_model)


def _config(question: Question, model: str) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=question.told.text,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        response_mime_type="application/json",
        response_json_schema=question.form.schema,
        thinking_config=_thinking(model),
    )


def _thinking(model: str) -> types.ThinkingConfig | None:
    # Thinking is paid for by the token and adds little: a plan is itself the thinking.
    if not _THINKS_LITTLE.fullmatch(model.removeprefix("models/")):
        return None
    return types.ThinkingConfig(thinking_level=types.ThinkingLevel.MINIMAL)
