"""What an S3 server answers, and what we make of it."""

from typing import Any, Final
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from contracts.objects import digest, job_key
from services.chassis.errors import TransientError, UnavailableError
from services.chassis.objects.s3 import S3Store

KEY: Final = job_key(
    "preview", "edit", uuid4(), role="raw", sha256=digest(b""), content_type="image/jpeg"
)


class AnsweringClient:
    """An S3 client that answers each put in turn, and has no object."""

    def __init__(self, *answers: ClientError | None) -> None:
        self._answers = list(answers)
        self.conditions: list[str | None] = []

    async def head_object(self, **_: str) -> None:
        raise _error("404", 404)

    async def put_object(self, **parameters: Any) -> None:
        self.conditions.append(parameters.get("IfNoneMatch"))
        if answer := self._answers.pop(0):
            raise answer


async def test_a_lost_race_for_a_key_is_success() -> None:
    client = AnsweringClient(_error("PreconditionFailed", 412))

    await _put(client)

    assert client.conditions == ["*"]


async def test_a_store_without_conditions_is_asked_without_them_from_then_on() -> None:
    client = AnsweringClient(_error("NotImplemented", 501), None, None)
    store = S3Store(client, "bucket")

    await store.put(KEY, b"", content_type="image/jpeg")
    await store.put(KEY, b"", content_type="image/jpeg")

    assert client.conditions == ["*", None, None]


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("SlowDown", 503, "SlowDown"),
        ("SlowDown", 429, "SlowDown"),
        ("InternalError", 500, "InternalError"),
        ("ServiceUnavailable", 503, "ServiceUnavailable"),
        ("RequestTimeout", 400, "RequestTimeout"),
        ("NoSuchBucket", 404, "S3_BUCKET_NAME"),
        ("AccessDenied", 403, "S3_ACCESS_KEY_ID"),
        ("InvalidAccessKeyId", 403, "S3_ACCESS_KEY_ID"),
        ("ExpiredToken", 400, "S3_ACCESS_KEY_ID"),
        ("AuthorizationHeaderMalformed", 400, "S3_REGION_NAME"),
        ("ConditionalRequestConflict", 409, "ConditionalRequestConflict"),
    ],
)
async def test_what_is_not_the_objects_fault_is_waited_for(
    code: str, status: int, said: str
) -> None:
    with pytest.raises(UnavailableError, match=said):
        await _put(AnsweringClient(_error(code, status)))


async def test_any_other_refusal_uses_a_try() -> None:
    with pytest.raises(TransientError, match="EntityTooLarge") as refused:
        await _put(AnsweringClient(_error("EntityTooLarge", 400)))

    assert not isinstance(refused.value, UnavailableError)


async def _put(client: AnsweringClient) -> None:
    await S3Store(client, "bucket").put(KEY, b"", content_type="image/jpeg")


def _error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")
