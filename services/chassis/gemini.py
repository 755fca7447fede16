"""Google's Gemini through its SDK, without the SDK's surprises.

The SDK builds and sends requests; answers are read here. It would otherwise raise json's own errors
for broken bodies, warn of every finish reason that it does not know yet, and ask again by itself
for the rest of an answer. Needed as well, and held by tests: an API version (its default moved
once), "not Vertex" (a variable of the environment would switch), an HTTP client of our own (else it
uses aiohttp wherever that is installed, which repeats a POST after a lost connection and opens any
number of connections), timeouts in milliseconds (there is none by default), one attempt.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Final

from google import genai
from google.genai import errors, types
from httpx2 import HTTPError

from services.chassis.errors import TransientError
from services.chassis.gemini_answers import Answer, read_answer
from services.chassis.gemini_refusals import NotAcceptedError, refusal
from services.chassis.vendor_http import NOT_SENT, vendor_client

API_VERSION: Final = "v1beta"
"""The one that knows every model, with the names that move to the newest one (`-latest`)."""
_MILLISECONDS: Final = 1000
_INLINE_BYTES: Final = 1024 * 1024
"""Up to here reading an answer takes about a millisecond, less than a thread is worth."""
_UNREADABLE: Final = (json.JSONDecodeError, UnicodeDecodeError, RecursionError)


class Gemini:
    """One connection pool to Gemini, kept for the life of a process; `who` is named to people."""

    def __init__(self, client: genai.Client, *, who: str) -> None:
        self._client = client
        self._who = who

    async def ask(
        self,
        parts: Sequence[types.Part],
        *,
        model: str,
        config: types.GenerateContentConfig,
        seconds: float,
    ) -> Answer:
        """One POST and its answer; `seconds` bounds each wait, the caller bounds the whole.

        Raises NotAcceptedError when the request was certainly not carried out, TransientError when
        nobody knows or the answer is broken, and PermanentError for a refusal.
        """
        with translated(self._who):
            response = await self._client.aio.models.generate_content(
                model=model,
                contents=[types.Content(role="user", parts=list(parts))],
                config=_plain(config, seconds),
            )
        raw = response.sdk_http_response
        body = (raw.body if raw else None) or ""
        if len(body) <= _INLINE_BYTES:
            return read_answer(body, who=self._who)
        return await asyncio.to_thread(read_answer, body, who=self._who)


@asynccontextmanager
async def open_gemini(
    base_url: str, key: str, *, who: str, max_answer_bytes: int
) -> AsyncIterator[Gemini]:
    """A client, closed with the block; opening asks nothing of the provider."""
    async with vendor_client(max_answer_bytes=max_answer_bytes) as http:
        client = genai.Client(
            vertexai=False,
            api_key=key,
            http_options=types.HttpOptions(
                base_url=base_url,
                api_version=API_VERSION,
                httpx_async_client=http,
                retry_options=types.HttpRetryOptions(attempts=1),
            ),
        )
        # The SDK keeps a client for synchronous calls beside the one that it was given.
        with closing(client):
            yield Gemini(client, who=who)


@contextmanager
def translated(who: str) -> Iterator[None]:
    """Turn what the SDK raises into our kinds; nothing of what the provider wrote is repeated."""
    try:
        yield
    except errors.APIError as error:
        raise refusal(error, who=who) from None
    except NOT_SENT as error:
        raise NotAcceptedError(f"gemini: {type(error).__name__}") from None
    except HTTPError as error:
        raise TransientError(f"gemini: {type(error).__name__}") from None
    except _UNREADABLE as error:
        raise TransientError(f"gemini: unreadable, {type(error).__name__}") from None


def _plain(config: types.GenerateContentConfig, seconds: float) -> types.GenerateContentConfig:
    # The answer comes back as it was sent, and is all there is.
    return config.model_copy(
        update={
            "should_return_http_response": True,
            "automatic_continuation": False,
            "http_options": types.HttpOptions(timeout=round(seconds * _MILLISECONDS)),
        }
    )
