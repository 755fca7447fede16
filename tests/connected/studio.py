"""An operator's folder of styles, and what storage makes of it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from contracts.base import utcnow
from contracts.queries import StylesQuestion
from contracts.styles import Guide, Style
from services.chassis.database import Database
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.objects import ObjectStore, fetch
from services.storage.adapters.style_folder import StyleFolder
from services.storage.adapters.styles import PostgresCatalogue
from services.storage.domain.styles import Changes, FormerStyles
from services.storage.handlers import styles as on
from tests.pictures import plain
from tests.samples import PREFIX

GRACE = timedelta(hours=24)
PICTURE = plain(40, 30)


def write_style(folder: Path, style: str, rules: str, picture: bytes | None = PICTURE) -> None:
    """A style's guide and picture, in place of those that it had."""
    remove_style(folder, style)
    for name, content in (
        (f"style_guides/{style}.md", rules.encode()),
        (f"style_images/{style}.jpg", picture),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)


def remove_style(folder: Path, style: str) -> None:
    """Take it out of the folder."""
    for path in folder.glob(f"style_*/{style}.*"):
        path.unlink()


@dataclass
class Studio:
    """Storage's styles on a real Postgres."""

    catalogue: PostgresCatalogue
    store: ObjectStore
    shelf: StyleFolder
    folder: Path

    def write(self, style: str, rules: str, picture: bytes | None = PICTURE) -> None:
        write_style(self.folder, style, rules, picture)

    def remove(self, style: str) -> None:
        remove_style(self.folder, style)

    async def load(self, *, only_check: bool = False) -> Changes:
        return await on.load_styles(
            self.shelf, catalogue=self.catalogue, store=self.store, only_check=only_check
        )

    async def load_and_remove(self, style: str, rules: str) -> None:
        """A style that was in use and is no longer."""
        self.write(style, rules)
        await self.load()
        self.remove(style)
        await self.load()

    async def told(self) -> tuple[Style, ...]:
        """What a gateway is answered."""
        return (await on.on_styles_question(StylesQuestion(), catalogue=self.catalogue)).styles

    async def one(self) -> Style:
        """The only one there is."""
        (style,) = await self.told()
        return style

    async def rules(self, style: Style) -> str:
        """What a model is told in this version, its picture being there too."""
        if style.reference:
            await fetch(self.store, style.reference)
        return Guide.model_validate_json(await fetch(self.store, style.guide)).rules

    async def keys(self) -> set[str]:
        return {stored.key async for stored in self.store.list(f"{PREFIX}/")}

    async def sweep(self, *, after: timedelta) -> int:
        """How many versions are removed so much later."""
        return await FormerStyles(self.catalogue, self.store, GRACE).sweep(utcnow() + after)


@contextmanager
def opened_studio(store: ObjectStore, tables: Database, folder: Path) -> Iterator[Studio]:
    limits = ImageLimits()
    with closing(PixelPool()) as pool:
        shelf = StyleFolder(
            folder,
            ImageChecker(limits, pool),
            max_picture_bytes=limits.max_upload_bytes,
            prefix=PREFIX,
        )
        yield Studio(PostgresCatalogue(tables), store, shelf, folder)


class Interposed:
    """A store whose calls of one name pass through a function first."""

    def __init__(
        self, store: ObjectStore, name: str, before: Callable[[str], Awaitable[None]]
    ) -> None:
        self._store = store
        self._name = name
        self._before = before

    def __getattr__(self, name: str) -> object:
        method = getattr(self._store, name)
        if name != self._name:
            return method

        async def passed(key: str, *args: object, **named: object) -> object:
            await self._before(key)
            return await method(key, *args, **named)

        return passed
