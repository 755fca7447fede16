"""A folder of styles: `style_guides/<id>.md` or `.txt` and `.json`, `style_images/<id>.*`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from contracts.styles import Guide
from services.chassis.errors import PermanentError
from services.chassis.images.checker import ImageChecker
from services.chassis.images.picture import Picture
from services.storage.adapters.disk import Folder, opened
from services.storage.domain.style_files import (
    MAX_GUIDE_FILE_BYTES,
    MAX_PROFILE_FILE_BYTES,
    StyleError,
    guide_of,
    profile_of,
    style_id,
    text_of,
)
from services.storage.domain.styles import MAX_STYLES, Draft, guide_bytes, style_of

GUIDES: Final = "style_guides"
IMAGES: Final = "style_images"

_GUIDE_ENDINGS: Final = (".md", ".txt")
_PROFILE_ENDING: Final = ".json"


@dataclass(slots=True)
class Found:
    """What was read so far by the style's id, and in words what was refused."""

    texts: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    pictures: dict[str, tuple[str, Picture]] = field(default_factory=dict)
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    """The file of each part of a style, also of one that was refused."""
    refused: list[str] = field(default_factory=list)

    @contextmanager
    def about(self, file: str) -> Iterator[None]:
        """Note what is wrong with the file, and go on with the next."""
        try:
            yield
        except StyleError as error:
            self.refused.append(f"{shown(file)}: {error}")
        except PermanentError as error:
            self.refused.append(f"{shown(file)}: {error.sentence}")

    def claim(self, part: str, stem: str, file: str) -> str:
        """The id that the file is a part of. Raises StyleError when another file is that part."""
        style = style_id(stem)
        other = self.files.setdefault((part, style), file)
        if other != file:
            raise StyleError(f"the {part} of {style} is {shown(other)} already")
        return style


class StyleFolder:
    """Reads a folder, all of it before anything is believed."""

    def __init__(
        self, folder: Path, checker: ImageChecker, *, max_picture_bytes: int, prefix: str
    ) -> None:
        self._folder = folder
        self._checker = checker
        self._max_picture_bytes = max_picture_bytes
        self._prefix = prefix

    async def drafts(self) -> list[Draft]:
        """The styles in it. Raises StyleError naming every file that is refused, and why."""
        found = Found()
        await asyncio.to_thread(self._read_guides, found)
        await self._check_pictures(found)
        _refuse_parts_of_none(found)
        drafts = self._drafted(found)
        if found.refused:
            files = "1 file is" if len(found.refused) == 1 else f"{len(found.refused)} files are"
            raise StyleError(
                "\n  ".join([f"nothing was changed, {files} refused:", *found.refused])
            )
        return drafts

    def _read_guides(self, found: Found) -> None:
        with found.about(GUIDES), opened(self._folder, GUIDES) as folder:
            if folder is None:
                raise StyleError(f"there is no such folder in {shown(str(self._folder))}")
            for name in folder.names():
                with found.about(f"{GUIDES}/{name}"):
                    _read_guide(found, folder, name)
            if len(found.texts) > MAX_STYLES:
                raise StyleError(f"it has {len(found.texts):,} guides; {MAX_STYLES:,} fit")

    async def _check_pictures(self, found: Found) -> None:
        with found.about(IMAGES), opened(self._folder, IMAGES) as folder:
            for name in folder.names() if folder else ():
                assert folder is not None
                with found.about(f"{IMAGES}/{name}"):
                    await self._check_picture(found, folder, name)

    async def _check_picture(self, found: Found, folder: Folder, name: str) -> None:
        style = found.claim("picture", Path(name).stem, f"{IMAGES}/{name}")
        data = await asyncio.to_thread(folder.read, name, most_bytes=self._max_picture_bytes)
        found.pictures[style] = name, await self._checker.check(data)

    def _drafted(self, found: Found) -> list[Draft]:
        drafts = []
        for style, text in sorted(found.texts.items()):
            with found.about(found.files["guide", style]):
                guide = guide_of(style, text, found.profiles.get(style))
                name, picture = found.pictures.get(style, (None, None))
                drafts.append(self._draft(style, guide, name, picture))
        return drafts

    def _draft(self, style: str, guide: Guide, name: str | None, picture: Picture | None) -> Draft:
        return Draft(
            style_of(self._prefix, style, guide, picture),
            guide_bytes(guide),
            partial(asyncio.to_thread, self._picture, name) if name else None,
        )

    def _picture(self, name: str) -> bytes:
        with opened(self._folder, IMAGES) as folder:
            if folder is None:
                raise StyleError(f"{IMAGES} is there no longer: load again")
            return folder.read(name, most_bytes=self._max_picture_bytes)


def shown(name: str) -> str:
    """A file's name as a terminal may be given it, whatever characters it has."""
    return name if name.isprintable() else ascii(name)[1:-1]


def _read_guide(found: Found, folder: Folder, name: str) -> None:
    path, file = Path(name), f"{GUIDES}/{name}"
    ending = path.suffix.lower()
    if ending in _GUIDE_ENDINGS:
        style = found.claim("guide", path.stem, file)
        found.texts[style] = text_of(folder.read(name, most_bytes=MAX_GUIDE_FILE_BYTES))
    elif ending == _PROFILE_ENDING:
        style = found.claim("profile", path.stem, file)
        found.profiles[style] = profile_of(folder.read(name, most_bytes=MAX_PROFILE_FILE_BYTES))
    else:
        raise StyleError("it is no guide (.md or .txt) and no profile (.json)")


def _refuse_parts_of_none(found: Found) -> None:
    for (part, style), file in found.files.items():
        if ("guide", style) not in found.files:
            with found.about(file):
                raise StyleError(f"there is no guide that this {part} belongs to")
