"""From the bytes of a request to a submission or a picture."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import Request

from contracts.errors import ErrorCode
from services.gateway.domain.fields import PictureFields, fields_of
from services.gateway.domain.pictures import decoded
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.submission import Submission, refused
from services.gateway.routes.bodies import SLACK_BYTES, Bodies, Form

_INLINE_CHARACTERS: Final = 1024 * 1024
"""Up to here decoding takes less time than a thread is worth."""

MULTIPART: Final = "multipart/form-data"
_NEVER_EMPTY: Final = frozenset({"prompt", "image", "image_data"})
"""What is sent as a form field is meant where its text is empty or `null`; other fields are absent
then.
"""


@asynccontextmanager
async def submission_in(
    bodies: Bodies, request: Request, kind: type[PictureFields]
) -> AsyncIterator[Submission]:
    """What the request asks for: JSON, a form, or bytes where a picture is all that is asked for.

    Raises RefusalError and UnavailableError.
    """
    media = media_type(request)
    if media == MULTIPART:
        async with bodies.form(request) as form:
            yield await _from_form(kind, form, bodies.most_bytes)
    elif _is_json(media):
        async with bodies.json(request, most=bodies.most_json_bytes) as values:
            yield await _from_json(kind, values, bodies.most_bytes)
    elif kind.may_be_bytes and _is_bytes(media):
        async with picture(bodies, request) as data:
            yield kind().submission(data)
    else:
        bytes_too = ", or the bytes of a picture" if kind.may_be_bytes else ""
        sentence = f"Send JSON (application/json) or a form (multipart/form-data){bytes_too}."
        raise RefusalError(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, sentence)


@asynccontextmanager
async def picture(bodies: Bodies, request: Request) -> AsyncIterator[bytes]:
    """The picture of an upload: a form's part `image`, or the whole body."""
    if media_type(request) == MULTIPART:
        async with bodies.form(request) as form:
            if form.file is None:
                sentence = "The form has no file in a part called `image`."
                raise RefusalError(422, ErrorCode.INVALID_REQUEST, sentence)
            yield form.file
    else:
        async with bodies.raw(request, most=bodies.most_bytes + SLACK_BYTES) as body:
            data = bytes(body)
            body.clear()
            yield data


def media_type(request: Request) -> str:
    """The content type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def only_picture(file: bytes, fields: PictureFields) -> bytes:
    """The file itself. Raises RefusalError (422) where a field holds another picture."""
    if fields.image:
        raise refused("image", "Send one picture, as a file or as text.")
    return file


async def _from_json(
    kind: type[PictureFields], values: dict[str, object], most_bytes: int
) -> Submission:
    fields = fields_of(kind, values, typed=True)
    # The text of the picture is the largest thing in memory: nothing else holds it from here on.
    values.clear()
    return fields.submission(await _decoded(fields.image, most_bytes))


async def _from_form(kind: type[PictureFields], form: Form, most_bytes: int) -> Submission:
    empty = {name for name, value in form.fields.items() if value in {"", "null"}}
    given = {k: v for k, v in form.fields.items() if k not in empty - _NEVER_EMPTY}
    fields = fields_of(kind, given, typed=False)
    if form.file is None:
        return fields.submission(await _decoded(fields.image, most_bytes))
    return fields.submission(only_picture(form.file, fields))


async def _decoded(text: str | None, most_bytes: int) -> bytes | None:
    if text is None:
        return None
    if len(text) <= _INLINE_CHARACTERS:
        return decoded(text, most_bytes=most_bytes)
    return await asyncio.to_thread(decoded, text, most_bytes=most_bytes)


def _is_bytes(media: str) -> bool:
    return media == "application/octet-stream" or media.startswith("image/")


def _is_json(media: str) -> bool:
    return media in {"", "application/json"} or media.endswith("+json")
