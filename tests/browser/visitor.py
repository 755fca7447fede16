"""Somebody at the page: what they do, and what the browser complains about meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.pictures import photo

ENDED = frozenset({"completed", "failed", "cancelled"})
PATIENCE_MILLISECONDS = 40_000
POLL_MILLISECONDS = 50


class Visitor:
    """One tab of a browser."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.asked: list[Any] = []
        """Every request that left the page."""
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", self._request)

    def come(self, place: str = "/ui") -> None:
        """Open the page, and wait until it has read what there is."""
        self.page.goto(f"{self.url}{place}")
        self.until(lambda: self.count("#past li") or self.text("#past-note"))

    def choose(self, data: bytes | None = None, name: str = "photo.jpg") -> None:
        """Choose a picture from the disk."""
        file = {"name": name, "mimeType": "image/jpeg", "buffer": data or photo()}
        self.page.set_input_files("#file", file)

    def ask(self, kind: str = "edit", words: str = "make it blue") -> None:
        """Say what is to be done, and send it."""
        self.page.locator(f"input[name=kind][value={kind}]").check(force=True)
        if kind in {"edit", "variation"}:
            self.page.fill("#prompt", words)
        before = self.page.url
        self.page.click("#submit")
        self.page.wait_for_url(lambda url: url != before)

    def await_end(self) -> str:
        """How the job that is shown ended."""
        self.until(lambda: self.state in ENDED)
        return self.state

    @property
    def state(self) -> str:
        """How the job that is shown stands."""
        return str(self.page.get_attribute("#job", "data-state"))

    def make(self, kind: str = "edit", words: str = "make it blue") -> str:
        """Choose a picture, send it, and wait for the end."""
        self.choose()
        self.ask(kind, words)
        return self.await_end()

    def press(self, word: str) -> None:
        """Press the button with this word on it."""
        self.page.get_by_role("button", name=word, exact=True).click()

    def text(self, selector: str) -> str:
        """What stands there."""
        return str(self.page.inner_text(selector))

    def count(self, selector: str) -> int:
        """How many of them there are."""
        return int(self.page.locator(selector).count())

    def is_drawn(self, selector: str) -> bool:
        """Whether the picture there has come and is one."""
        widths = self.page.eval_on_selector_all(selector, "all => all.map(i => i.naturalWidth)")
        return bool(widths) and all(widths)

    def until_told(self, selector: str, is_so: Callable[[str], bool]) -> str:
        """What stands there once that is so."""
        self.until(lambda: is_so(self.text(selector)))
        return self.text(selector)

    def until(self, is_so: Callable[[], object]) -> None:
        """Come back once that is so. (The page's policy forbids Playwright's own way to wait.)"""
        for _ in range(PATIENCE_MILLISECONDS // POLL_MILLISECONDS):
            if is_so():
                return
            self.page.wait_for_timeout(POLL_MILLISECONDS)
        raise AssertionError(f"{self.text('body')}\n{self.complaints}")

    def download(self, folder: Path) -> Path:
        """Save the result."""
        with self.page.expect_download() as coming:
            self.page.get_by_role("link", name="Download").click()
        path = folder / str(coming.value.suggested_filename)
        coming.value.save_as(path)
        return path

    def _request(self, asked: Any) -> None:
        self.asked.append(asked)

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()
