"""Pictures really edited: tinted with libvips in one thread, each different edit done once."""

import asyncio
import hashlib
import re
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyvips

MIB: Final = 1024 * 1024
SOURCES_BYTES: Final = 512 * MIB
RESULTS_BYTES: Final = 256 * MIB
MAX_SIZES: Final = 10_000

TYPES: Final = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
# Quick encoders: these are sent over loopback.
_SUFFIXES: Final = {"jpeg": ".jpg[Q=85]", "png": ".png[compression=1]", "webp": ".webp[effort=0]"}

BLUE: Final = (40, 70, 230)
COLOURS: Final = {
    "red": (220, 40, 40),
    "orange": (240, 140, 30),
    "yellow": (240, 220, 40),
    "green": (40, 170, 70),
    "blue": BLUE,
    "purple": (140, 60, 190),
    "pink": (240, 120, 170),
    "brown": (130, 85, 50),
    "black": (15, 15, 15),
    "white": (245, 245, 245),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
}
_COLOUR: Final = re.compile(rf"\b({'|'.join(COLOURS)})\b", re.IGNORECASE)
# Strong enough to be measured in the mean of a channel, weak enough to know the picture again.
_STRENGTH: Final = 0.5
_TURNED: Final = 5  # EXIF orientations from here on lie on their side

pyvips.cache_set_max(0)


class BadPictureError(ValueError):
    """Bytes that are no picture."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, upright."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Look:
    """What an edit makes of a picture: its size, its type (a key of TYPES) and its tint."""

    size: Size
    kind: str
    colour: tuple[int, int, int] = BLUE


def colour_of(sentence: str) -> tuple[int, int, int]:
    """The first colour that the sentence names, else blue."""
    found = _COLOUR.search(sentence)
    return COLOURS[found.group().lower()] if found else BLUE


def size_of(data: bytes) -> Size:
    """From the header alone. Raises BadPictureError."""
    try:
        image = pyvips.Image.new_from_buffer(data, "")
    except pyvips.Error:
        raise BadPictureError("not a picture") from None
    fields = image.get_fields()
    if "orientation" in fields and image.get("orientation") >= _TURNED:
        return Size(image.height, image.width)
    return Size(image.width, image.height)


def blank(size: Size) -> bytes:
    """Something to start from where no picture was sent: a grey gradient, PNG."""
    grey = pyvips.Image.xyz(size.width, size.height)[1] * (255 / size.height)
    image = grey.bandjoin([grey, grey]).cast("uchar").copy(interpretation="srgb")
    return bytes(image.write_to_buffer(_SUFFIXES["png"]))


def edit(data: bytes, look: Look) -> bytes:
    """The edited picture. Raises BadPictureError when the pixels cannot be read."""
    try:
        image = pyvips.Image.thumbnail_buffer(
            data, look.size.width, height=look.size.height, size="force"
        )
        return bytes(_tinted(image, look.colour).write_to_buffer(_SUFFIXES[look.kind], keep="none"))
    except pyvips.Error:
        raise BadPictureError("the pixels cannot be read") from None


class Studio:
    """Keeps sources and results within bounds, the most recently used ones."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="studio")
        self._sources = _Shelf(SOURCES_BYTES)
        self._results = _Shelf(RESULTS_BYTES)
        self._sizes: OrderedDict[str, Size] = OrderedDict()
        self._under_way: dict[str, asyncio.Future[bytes]] = {}

    def keep(self, data: bytes) -> tuple[str, Size]:
        """Remember a source; its digest and size. Raises BadPictureError."""
        digest = hashlib.sha256(data).hexdigest()
        size = self._sizes.get(digest)
        if size is None:
            size = self._sizes[digest] = size_of(data)
            if len(self._sizes) > MAX_SIZES:
                self._sizes.popitem(last=False)
        self._sources.put(digest, data)
        return digest, size

    async def edited(self, digest: str, look: Look) -> bytes | None:
        """The result for a kept source; None when the source is gone. Raises BadPictureError."""
        key = f"{digest}{look}"
        done = self._results.get(key)
        if done is not None:
            return done
        data = self._sources.get(digest)
        if data is None:
            return None
        running = self._under_way.get(key)
        if running is None:
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._thread, edit, data, look)
            self._under_way[key] = running
            running.add_done_callback(partial(self._finish, key))
        return await asyncio.shield(running)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _finish(self, key: str, running: "asyncio.Future[bytes]") -> None:
        del self._under_way[key]
        if not running.cancelled() and running.exception() is None:
            self._results.put(key, running.result())


class _Shelf:
    """Bytes by key up to a sum; the least recently used go first."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """The bytes, now used."""
        data = self._kept.get(key)
        if data is not None:
            self._kept.move_to_end(key)
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep them, whatever else has to go."""
        if self.get(key) is not None:
            return
        self._kept[key] = data
        self._bytes += len(data)
        while self._bytes > self._max_bytes:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone)


def _tinted(image: Any, colour: tuple[int, int, int]) -> Any:
    whole = image.colourspace("srgb")
    if whole.hasalpha():
        whole = whole.flatten(background=[255, 255, 255])
    tint = [channel * _STRENGTH for channel in colour]
    return (whole[0:3] * (1 - _STRENGTH) + tint).cast("uchar")
