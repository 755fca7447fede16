import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local import client, demo
from deploy.local.client import Edit, Frame
from deploy.local.errors import StackError

EDIT = Edit(edit_id="e1", events_url="http://gateway/edit/e1/events")


def frame(number: int, stage: str, *, event: str = "stage") -> bytes:
    status = {"processing_stage": stage, "message": f"{stage}...", "updated_at": 0}
    data = json.dumps(status)
    return f"id: {number}\nevent: {event}\ndata: {data}\n\n".encode()


async def lines(text: str) -> AsyncIterator[str]:
    for line in text.splitlines():
        yield line


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("make it blue", "make-it-blue"),
        ("  It's ../../etc, OK? ", "it-s-etc-ok"),
        ("日本語", "edit"),
        ("a" * 80, "a" * 40),
    ],
)
def test_a_prompt_becomes_a_part_of_a_file_name(prompt: str, expected: str) -> None:
    assert demo.slug(prompt) == expected


def test_the_table_adds_up() -> None:
    assert demo.table({"pending": 0.25, "ai_processing": 1.5, "completed": 0}).splitlines() == [
        "  pending           0.250 s",
        "  ai_processing     1.500 s",
        "  in all            1.750 s",
    ]


async def test_frames_are_read_as_the_standard_says() -> None:
    text = ': hello\nretry: 1000\n\nid: 7\nevent: stage\ndata: {"a":\ndata: 1}\n\n'
    text += "event: end\ndata:x\n\n"

    frames = [item async for item in client.parse(lines(text))]

    assert frames == [Frame("stage", '{"a":\n1}', "7"), Frame("end", "x", None)]


async def test_a_cut_stream_is_taken_up_where_it_was() -> None:
    asked: list[str | None] = []

    async def cut() -> AsyncIterator[bytes]:
        yield frame(1, "pending")
        raise httpx.ReadError("cut")

    def gateway(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        rest = frame(2, "completed") + frame(2, "completed", event="end")
        return httpx.Response(200, content=cut() if len(asked) == 1 else rest)

    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as http:
        stages = [status.processing_stage async for status in client.follow(http, EDIT)]

    assert stages == ["pending", "completed", "completed"]
    assert asked == [None, "1"]


async def test_a_refusal_gives_the_gateways_reason(tmp_path: Path) -> None:
    photo = tmp_path / "photo.heic"
    photo.write_bytes(b"?")
    problem = {"detail": "HEIC pictures are not supported"}
    transport = httpx.MockTransport(lambda _: httpx.Response(400, json=problem))

    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        with pytest.raises(StackError, match=r"HEIC pictures are not supported"):
            await client.submit(http, photo, "make it blue")


async def test_picture_and_sentence_are_sent_as_a_form(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"pixels")
    sent: list[bytes] = []

    def gateway(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(200, json={"edit_id": "e1", "events_url": "http://gateway/e"})

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(gateway), base_url="http://gateway"
    ) as http:
        edit = await client.submit(http, photo, "make it blue")

    assert edit.edit_id == "e1"
    assert b'name="prompt"\r\n\r\nmake it blue' in sent[0]
    assert b'filename="photo.jpg"' in sent[0]


def test_a_missing_picture_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"there is no picture at .*PHOTO="):
        demo.main(demo.Order(tmp_path / "none.jpg", "make it blue", tmp_path))
