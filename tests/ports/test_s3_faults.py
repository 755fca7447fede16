"""What only an S3 server can do to us: go away, hang, refuse, and sign URLs."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from pydantic import SecretStr

from contracts.objects import digest, job_key
from services.chassis.errors import UnavailableError
from services.chassis.objects import ObjectStore, open_store
from services.chassis.objects.s3 import DEADLINE_SECONDS, open_s3
from services.chassis.settings import ObjectStoreSettings, SettingsError
from tests.ports.buckets import Buckets
from tests.servers import seaweed_server

PHOTO: Final = bytes(range(256)) * 1000


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Buckets]:
    """A server of the test's own, to be treated badly."""
    with seaweed_server(tmp_path / "seaweed") as server, closing(Buckets(server)) as buckets:
        yield buckets


@pytest.fixture
def settings(buckets: Buckets) -> ObjectStoreSettings:
    """A new bucket on the shared server."""
    return buckets.new()


@pytest.fixture
async def store(settings: ObjectStoreSettings, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """The store in that bucket."""
    async with open_store(settings, tmp_path) as opened:
        yield opened


async def test_a_killed_server_is_waited_for_and_used_again(
    mortal: Buckets, tmp_path: Path
) -> None:
    async with open_store(mortal.new(), tmp_path) as store:
        key = _key()
        await store.put(key, PHOTO, content_type="image/jpeg")

        mortal.server.kill()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await _every_call_is_unavailable(store, key)
        await asyncio.to_thread(mortal.server.start)

        assert await _once_back(store, key) == PHOTO


async def test_a_server_that_hangs_is_unavailable_in_bounded_time(
    mortal: Buckets,
) -> None:
    async with open_s3(mortal.new(), read_seconds=0.3) as store:
        key = _key()
        await store.put(key, PHOTO, content_type="image/jpeg")

        mortal.server.pause()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await _every_call_is_unavailable(store, key)
        mortal.server.resume()

        assert await _once_back(store, key) == PHOTO


async def test_a_server_that_dies_in_the_middle_of_a_stream_is_unavailable(
    mortal: Buckets, tmp_path: Path
) -> None:
    async with open_store(mortal.new(), tmp_path) as store:
        key, photo = _key(), PHOTO * 100
        await store.put(key, photo, content_type="image/jpeg")
        chunks = store.stream(key)
        first = await anext(chunks)

        mortal.server.kill()

        assert photo.startswith(first)
        with pytest.raises(UnavailableError):
            [chunk async for chunk in chunks]


async def test_a_missing_bucket_is_named_with_its_setting(
    settings: ObjectStoreSettings, tmp_path: Path
) -> None:
    elsewhere = settings.model_copy(update={"s3_bucket_name": "nobody-made-this"})

    async with open_store(elsewhere, tmp_path) as store:
        for call in (store.check(), store.get(_key()), store.head(_key()), _put(store)):
            with pytest.raises(UnavailableError, match=r"S3_BUCKET_NAME.*nobody-made-this"):
                await call


async def test_a_wrong_secret_is_named_with_its_setting(
    settings: ObjectStoreSettings, tmp_path: Path
) -> None:
    wrong = settings.model_copy(update={"s3_secret_access_key": SecretStr("x" * 32)})

    async with open_store(wrong, tmp_path) as store:
        for call in (store.check(), store.get(_key()), store.head(_key()), _put(store)):
            with pytest.raises(UnavailableError, match="S3_ACCESS_KEY_ID") as refused:
                await call
            assert "xxxx" not in str(refused.value)


@pytest.mark.parametrize("setting", ["s3_endpoint_url", "s3_public_url"])
async def test_an_address_that_is_no_url_stops_the_start(
    settings: ObjectStoreSettings, tmp_path: Path, setting: str
) -> None:
    wrong = settings.model_copy(update={setting: "not a url"})

    with pytest.raises(SettingsError, match=setting.upper()):
        async with open_store(wrong, tmp_path):
            pass


async def test_a_service_starts_while_the_server_is_away(
    settings: ObjectStoreSettings, tmp_path: Path
) -> None:
    away = settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:9"})

    async with open_store(away, tmp_path) as store:
        with pytest.raises(UnavailableError):
            await store.check()


async def test_a_signed_url_lets_anybody_read_that_object(store: ObjectStore) -> None:
    key = await _put(store)

    url = await store.presigned(key, 60)

    assert await _read(url) == (200, PHOTO)


async def test_a_signed_url_that_was_tampered_with_is_refused(store: ObjectStore) -> None:
    key, other = await _put(store), await _put(store)

    url = await store.presigned(key, 60) or ""

    assert (await _read(url.replace(key, other)))[0] == 403
    assert (await _read(url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")))[0] == 403
    assert (await _read(url.partition("?")[0]))[0] == 403


async def test_a_signed_url_expires(store: ObjectStore) -> None:
    url = await store.presigned(await _put(store), 1)

    async with asyncio.timeout(30):
        while (await _read(url))[0] == 200:
            await asyncio.sleep(0.2)

    assert (await _read(url))[0] == 403


async def test_without_a_public_address_nothing_is_signed(
    settings: ObjectStoreSettings, tmp_path: Path
) -> None:
    private = settings.model_copy(update={"s3_public_url": None})

    async with open_store(private, tmp_path) as store:
        assert await store.presigned(await _put(store), 60) is None


async def _every_call_is_unavailable(store: ObjectStore, key: str) -> None:
    calls = [
        store.put(key, PHOTO, content_type="image/jpeg"),
        store.get(key),
        store.head(key),
        store.delete(key),
        store.check(),
        anext(store.stream(key)),
        anext(store.list("")),
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [UnavailableError] * len(calls)


async def _once_back(store: ObjectStore, key: str) -> bytes | None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                return await store.get(key)
            except UnavailableError:
                await asyncio.sleep(0.1)


async def _put(store: ObjectStore) -> str:
    key = _key()
    await store.put(key, PHOTO, content_type="image/jpeg")
    return key


def _key() -> str:
    return job_key(
        "preview", "edit", uuid4(), role="raw", sha256=digest(PHOTO), content_type="image/jpeg"
    )


async def _read(url: str | None) -> tuple[int, bytes]:
    assert url is not None
    return await asyncio.to_thread(_get, url)


def _get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
