"""One photo, edited end to end, by five real services over a real bus."""

import json

import pyvips

from tests import api
from tests.pictures import chroma, means, photo, pixels, plain

STAGES = [
    "pending",
    "enhancing_prompt",
    "fetching_image",
    "ai_processing",
    "uploading_result",
    "completed",
]


async def edited(gateway, prompt, **options):
    """The final status and the bytes of the result."""
    answer = await api.submit(gateway, prompt, **options)
    final = await api.ended(gateway, answer["edit_id"])
    assert final["is_complete"], final
    picture = await gateway.get(final["edited_image_url"])
    assert picture.status_code == 200
    return final, picture


def in_order(stages):
    """The stages without repeats."""
    return [stage for at, stage in enumerate(stages) if stage not in stages[:at]]


async def test_make_it_blue_raises_blue_against_red_and_green(gateway):
    _, picture = await edited(gateway, "make it blue")

    before, after = means(photo()), means(picture.content)

    assert after[2] - max(after[0], after[1]) > before[2] - max(before[0], before[1]) + 20
    assert pixels(picture.content).shape == pixels(photo()).shape


async def test_black_and_white_has_no_chroma(gateway):
    _, picture = await edited(gateway, "black and white")

    assert chroma(picture.content) == 0


async def test_a_rotated_picture_is_turned(gateway):
    source = plain(200, 100)

    _, picture = await edited(gateway, "rotate it 90 degrees to the right", picture=source)

    assert pixels(picture.content).shape == (200, 100, 3)


async def test_a_sky_can_be_made_dramatic(gateway):
    final, picture = await edited(gateway, "make the sky more dramatic")

    assert abs(pixels(picture.content).astype(int) - pixels(photo()).astype(int)).mean() > 2
    assert final["note"]


async def test_the_result_carries_nothing_personal(gateway):
    _, picture = await edited(gateway, "make it warmer")

    image = pyvips.Image.new_from_buffer(picture.content, "")

    assert not [field for field in image.get_fields() if "exif" in field or "xmp" in field]


async def test_the_stages_come_live_in_order_and_the_stream_ends(gateway):
    answer = await api.submit(gateway)

    frames = [frame async for frame in api.frames(gateway, answer["edit_id"])]

    bodies = [json.loads(frame.data) for frame in frames]
    assert in_order([body["processing_stage"] for body in bodies]) == STAGES
    assert [frame.event for frame in frames[:-1]] == ["stage"] * (len(frames) - 1)
    assert frames[-1].event == "end"
    assert frames[-1].id is None
    assert bodies[-1] == bodies[-2] == await api.status(gateway, answer["edit_id"])
    progress = [body["progress_percent"] for body in bodies]
    assert progress == sorted(progress)


async def test_a_wish_that_cannot_be_carried_out_says_what_can(gateway):
    answer = await api.submit(gateway, "put a hat on the dog")

    final = await api.ended(gateway, answer["edit_id"])

    assert final["status"] == "failed"
    assert final["is_error"]
    assert final["error_code"] == "NOT_UNDERSTOOD"
    assert "rotate" in final["message"]
    assert final["edited_image_url"] is None


async def test_an_edit_without_enhancement_skips_that_stage(gateway):
    answer = await api.submit(gateway, enhance="false")

    frames = [frame async for frame in api.frames(gateway, answer["edit_id"])]

    stages = {json.loads(frame.data)["processing_stage"] for frame in frames}
    assert stages == set(STAGES) - {"enhancing_prompt"}
    assert json.loads(frames[-1].data)["enhanced_prompt"] is None


async def test_a_follow_up_edits_the_parents_result(gateway):
    first, _ = await edited(gateway, "black and white")

    answer = await gateway.post(
        "/edit-image/", json={"prompt": "rotate it right", "parent_edit_uuid": first["uuid"]}
    )
    final = await api.ended(gateway, answer.json()["edit_id"])
    picture = await gateway.get(final["edited_image_url"])

    assert final["parent_edit_uuid"] == first["uuid"]
    assert final["chain_position"] == 2
    assert chroma(picture.content) == 0


async def test_feedback_is_kept_once(gateway):
    final, _ = await edited(gateway, "make it blue")
    body = {"edit_uuid": final["uuid"], "rating": 1, "feedback_text": "lovely"}

    first = await gateway.post("/feedback/", json=body)
    second = await gateway.post("/feedback/", json=body)
    read = await gateway.get(f"/feedback/{final['uuid']}")

    assert first.json()["message"] == "Thank you for your feedback!"
    assert second.status_code == 409
    assert read.json()["feedback_text"] == "lovely"
