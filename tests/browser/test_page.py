"""What people do at the web page, in a real browser."""

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.gateway.routes import documents
from tests.browser.visitor import Visitor
from tests.pictures import plain
from tests.stack import RealStack

HOSTILE = "make it blue <img src=x onerror=alert(1)>"
CARDS = "#past li"
WAITING = documents.STATUS_EXAMPLE | {
    "original_image_url": None,
    "message": "The image service is busy, trying again in 4 seconds",
    "retry_at": "2026-11-20T10:30:08.000Z",
    "updated_at": "2026-11-20T10:30:04.000Z",
}
DROP = """([bytes, kind]) => {
  const moved = new DataTransfer();
  moved.items.add(new File([new Uint8Array(bytes)], "moved.jpg", { type: "image/jpeg" }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: moved, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: moved, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


def split(visitor: Visitor) -> str:
    return str(
        visitor.page.eval_on_selector(".compare", "e => e.style.getPropertyValue('--split')")
    )


def test_an_edit_is_shown_beside_its_original_and_kept_in_the_history(
    visitor: Visitor, tmp_path: Path
):
    assert visitor.make(words="make it blue") == "completed"

    assert visitor.text("#message") == "Edit completed successfully!"
    assert visitor.text("#note")
    visitor.until(lambda: visitor.is_drawn(".compare .before"))
    visitor.until(lambda: visitor.is_drawn("#past img"))
    saved = visitor.download(tmp_path)
    assert saved.suffix == ".jpg"
    assert saved.read_bytes().startswith(b"\xff\xd8")


def test_every_stage_is_told_as_it_comes(visitor: Visitor):
    visitor.page.evaluate(
        """() => {
          window.told = [];
          const message = document.getElementById("message");
          const tell = () => told.push(message.textContent);
          new MutationObserver(tell).observe(message, { childList: true });
        }"""
    )

    visitor.make()

    told = visitor.page.evaluate("told")
    assert "Creating your edited image with AI..." in told
    assert told[-1] == "Edit completed successfully!"


def test_the_slider_is_moved_with_the_keyboard(visitor: Visitor):
    visitor.make()

    slider = visitor.page.get_by_role("slider")
    for _ in range(5):
        slider.press("ArrowLeft")

    assert split(visitor) == "45%"


def test_a_background_is_removed_to_a_transparent_picture(visitor: Visitor, tmp_path: Path):
    assert visitor.make("cutout") == "completed"

    assert visitor.download(tmp_path).read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_described_in_words_that_can_be_copied(visitor: Visitor, context: Any):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert visitor.make("description") == "completed"

    visitor.press("Copy")

    visitor.page.get_by_role("button", name="Copied").wait_for()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == visitor.text("#text")
    assert "1,200 x 900" in visitor.text("#text")


def test_words_that_look_like_markup_stay_words(visitor: Visitor):
    visitor.make(words=HOSTILE)

    visitor.page.click("#facts summary")
    assert HOSTILE in visitor.text("#facts")
    assert HOSTILE in visitor.text("#past")
    assert visitor.count("img[src=x]") == 0


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(visitor: Visitor, way: str):
    visitor.page.evaluate(DROP, [list(plain(96, 64)), way])

    assert visitor.text("#chosen-name") == "moved.jpg"
    visitor.until_told("#chosen-about", lambda about: about.endswith("96\xa0×\xa064"))


def test_nothing_is_sent_without_a_picture_or_a_sentence(visitor: Visitor):
    visitor.page.click("#submit")
    assert visitor.text("#problem") == "Please choose a picture first."

    visitor.choose()
    visitor.page.click("#submit")

    assert visitor.text("#problem") == "Please say what should change."
    assert not [asked for asked in visitor.asked if asked.method == "POST"]


def test_a_result_is_edited_further_as_a_chain(visitor: Visitor):
    visitor.make()
    first = visitor.page.url.partition("#")[2]
    visitor.press("Edit this further")
    visitor.ask(words="make it darker")

    assert visitor.await_end() == "completed"
    visitor.page.click("#facts summary")
    visitor.page.get_by_role("link", name="an earlier edit").click()
    assert visitor.page.url.endswith(f"#{first}")


def test_a_bad_result_is_rated_with_a_word_about_why(visitor: Visitor):
    visitor.make()
    visitor.press("Not good")
    visitor.press("Send")
    assert "Please say in a word" in visitor.text("#rating")

    visitor.page.fill("#why-text", "too blue")
    visitor.press("Send")

    visitor.until_told("#rating", lambda told: told == "Thank you for helping us improve!")


def test_what_is_deleted_is_listed_and_gone(visitor: Visitor):
    visitor.make()
    visitor.press("Delete")
    visitor.press("Delete for good")

    visitor.until_told("#erase-title", lambda title: title == "Deleted")
    removed = visitor.text("#erased")
    assert "original" in removed
    assert "prompt" in removed
    assert visitor.count(CARDS) == 0
    visitor.press("Close")
    assert visitor.state == "empty"


def test_a_reload_shows_the_same_job(visitor: Visitor):
    visitor.make()

    visitor.page.reload()

    assert visitor.await_end() == "completed"
    visitor.until(lambda: visitor.is_drawn(".compare .after"))


def test_what_somebody_else_made_is_shown_and_not_listed(visitor: Visitor, browser: Any):
    visitor.make()
    with closing(browser.new_context()) as elsewhere:
        other = Visitor(elsewhere.new_page(), visitor.url)
        other.come()
        other.page.evaluate("place => (location.hash = place)", visitor.page.url.partition("#")[2])

        assert other.await_end() == "completed"
        assert other.count(CARDS) == 0


def listed(number: int, next_cursor: str | None = None) -> dict[str, Any]:
    """A page of the history with one job on it, the lower its number the newer."""
    job_id = f"{number:08}-0000-4000-8000-000000000000"
    created_at = f"2026-11-{20 - number}T10:30:00.000Z"
    item = documents.STATUS_EXAMPLE | {"job_id": job_id, "created_at": created_at}
    return {"items": [item], "next_cursor": next_cursor}


def test_a_history_that_is_read_anew_while_its_next_page_comes_is_whole(troubled: Visitor):
    held: list[Any] = []

    def history(route: Any) -> None:
        if "cursor=" in route.request.url:
            held.append(route)
        else:
            route.fulfill(json=listed(1, "later"))

    troubled.page.route("**/api/history*", history)
    troubled.come()
    troubled.page.click("#more")
    troubled.until(lambda: held)
    troubled.page.dispatch_event("#filter", "change")
    held.pop().fulfill(json=listed(2))

    troubled.until(lambda: troubled.count(f"{CARDS} a[href='#{listed(1)['items'][0]['job_id']}']"))


def test_the_history_is_live_in_another_tab_and_filtered(visitor: Visitor, context: Any):
    other = Visitor(context.new_page(), visitor.url)
    other.come()
    visitor.page.bring_to_front()

    visitor.make()
    other.page.bring_to_front()
    other.page.wait_for_selector(CARDS)
    other.page.select_option("#filter", "cutout")

    other.until_told("#past-note", lambda note: note.startswith("Nothing yet"))
    assert other.complaints == []


def test_a_job_is_cancelled_while_it_waits(visitor: Visitor, system: RealStack):
    system.parts["renderer"].kill()
    try:
        visitor.choose()
        visitor.ask()
        visitor.press("Cancel")
        assert visitor.await_end() == "cancelled"
    finally:
        system.parts["renderer"].start()


def test_a_refused_submission_counts_down_and_is_sent_again_under_its_key(troubled: Visitor):
    problem = {"detail": "Too many requests; please try again in 2 seconds."}
    troubled.page.route(
        "**/edit-image/",
        lambda route: route.fulfill(status=429, json=problem, headers={"Retry-After": "2"}),
        times=1,
    )
    troubled.choose()
    troubled.page.fill("#prompt", "make it blue")
    troubled.page.click("#submit")

    waits = troubled.until_told("#submit", lambda word: word.startswith("Try again in"))
    assert re.fullmatch(r"Try again in [12] seconds?", waits)
    assert troubled.text("#problem") == problem["detail"]
    troubled.until_told("#submit", lambda word: word == "Try again")
    troubled.page.click("#submit")

    assert troubled.await_end() == "completed"
    keys = [a.headers["idempotency-key"] for a in troubled.asked if a.method == "POST"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_submission_that_nobody_answered_is_sent_again_under_its_key(troubled: Visitor):
    troubled.page.route("**/edit-image/", lambda route: route.abort(), times=1)

    assert troubled.make() == "completed"
    keys = [a.headers["idempotency-key"] for a in troubled.asked if a.method == "POST"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_wait_is_counted_down(troubled: Visitor):
    frame = json.dumps(WAITING)
    troubled.page.route(
        "**/stream",
        lambda route: route.fulfill(
            content_type="text/event-stream", body=f"id: 1\nevent: stage\ndata: {frame}\n\n"
        ),
    )
    troubled.come(f"/ui#{WAITING['job_id']}")

    assert troubled.until_told("#message", bool) == WAITING["message"]
    assert re.fullmatch(r"Going on in \d+ seconds?|Going on…", troubled.until_told("#wait", bool))


def test_a_failed_edit_can_be_asked_for_otherwise(visitor: Visitor):
    assert visitor.make(words="do what no machine understands") == "failed"
    visitor.page.fill("#prompt", "")

    visitor.press("Change and try again")

    assert visitor.page.input_value("#prompt") == "do what no machine understands"


def test_the_same_wish_keeps_its_key_and_another_has_its_own(troubled: Visitor):
    troubled.page.route("**/edit-image/", lambda route: route.abort(), times=3)
    troubled.choose()
    troubled.page.fill("#prompt", "make it blue")
    troubled.page.keyboard.press("Control+Enter")
    troubled.until_told("#problem", bool)

    troubled.page.click("#submit")
    troubled.await_end()
    troubled.ask(words="make it darker")
    troubled.await_end()

    keys = [a.headers["idempotency-key"] for a in troubled.asked if a.method == "POST"]
    assert len(keys) == 5
    assert len(set(keys[:4])) == 1
    assert keys[4] != keys[0]


def test_without_a_stream_the_job_is_asked_for(troubled: Visitor):
    troubled.page.route("**/stream", lambda route: route.fulfill(status=503))

    assert troubled.make() == "completed"


def test_what_the_service_refuses_is_shown_in_its_words(troubled: Visitor):
    troubled.choose(b"no picture at all")
    troubled.page.fill("#prompt", "make it blue")
    troubled.page.click("#submit")

    assert "not a picture that can be read" in troubled.until_told("#problem", bool)
    assert troubled.count(CARDS) == 0


@pytest.mark.parametrize("kind", ["edit", "description"])
def test_a_narrow_page_needs_no_sideways_scrolling(visitor: Visitor, kind: str):
    visitor.page.set_viewport_size({"width": 360, "height": 740})

    visitor.make(kind, "make it blue")

    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 360
