"""Text by OpenAI, over its Responses API."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from httpx2 import HTTPError
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI, omit
from openai.types.responses import ResponseInputContentParam, ResponseTextConfigParam

from services.chassis.errors import TransientError
from services.chassis.vendor_http import vendor_client
from services.enhancer.adapters.openai_answers import read_answer, refusal
from services.enhancer.adapters.vendor import (
    CALL_SECONDS,
    MAX_ANSWER_BYTES,
    MAX_OUTPUT_TOKENS,
    Said,
)
from services.enhancer.domain.question import Form, Question
from services.enhancer.settings import EnhancerSettings

OPENAI: Final = "openai"
_MAY_NOT_REASON: Final = re.compile(r"gpt-(5\.4|5\.6|6)([.-].+)?")
"""Who is known to take no reasoning for an answer; others refuse the whole request for it."""


class OpenAIWords:
    """See Vendor. Nothing is stored with OpenAI, and no reasoning is paid for that can be left."""

    name = OPENAI

    def __init__(self, client: AsyncOpenAI, model: str) -> None:
        self._client = client
        self.model = model

    def using(self, model: str) -> "OpenAIWords":
        """See Vendor."""
        return OpenAIWords(self._client, model)

    async def ask(self, question: Question) -> Said:
        """See Vendor."""
        with translated():
            # Raw, since the SDK's own reading raises json's errors, or hands out a string.
            raw = await self._client.responses.with_raw_response.create(
                model=self.model,
                instructions=question.told.text,
                input=[{"role": "user", "content": _content(question)}],
                text=_text(question.form),
                reasoning={"effort": "none"} if _MAY_NOT_REASON.fullmatch(self.model) else omit,
                max_output_tokens=MAX_OUTPUT_TOKENS,
                store=False,
            )
        return read_answer(raw.content)


@asynccontextmanager
async def open_openai_words(settings: EnhancerSettings) -> AsyncIterator[OpenAIWords]:
    """OpenAI as configured, closed with the block."""
    async with vendor_client(max_answer_bytes=MAX_ANSWER_BYTES) as http:
        client = AsyncOpenAI(
            api_key=settings.chosen_key,
            base_url=settings.openai_base_url,
            http_client=http,
            max_retries=0,
            timeout=CALL_SECONDS,
        )
        yield OpenAIWords(client, settings.chosen_model)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the SDK raises into our kinds; nothing of what the provider wrote is repeated."""
    try:
        yield
    except APIStatusError as error:
        words = frozenset(word for word in (error.code, error.type) if isinstance(word, str))
        raise refusal(error.status_code, words, error.response.headers) from None
    except APIConnectionError as error:
        cause = type(error.__cause__ or error).__name__
        raise TransientError(f"openai: {cause}") from None
    except (APIError, HTTPError, UnicodeDecodeError, RecursionError) as error:
        raise TransientError(f"openai: {type(error).__name__}") from None


def _text(form: Form) -> ResponseTextConfigParam:
    return {
        "format": {"type": "json_schema", "name": form.name, "schema": form.schema, "strict": True}
    }


def _content(question: Question) -> list[ResponseInputContentParam]:
    shown = [_picture(each) for each in question.pictures]
    return [*shown, {"type": "input_text", "text": question.material}]


def _picture(jpeg: bytes) -> ResponseInputContentParam:
    url = f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
    return {"type": "input_image", "image_url": url, "detail": "auto"}
