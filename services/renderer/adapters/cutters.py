"""Who cuts subjects out, as the settings say: rembg where it is there, else colours alone."""

import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, TransientError
from services.chassis.images.encode import PNG
from services.chassis.metrics import PIXEL_SECONDS
from services.chassis.settings import SettingsError
from services.renderer.adapters import rembg_models
from services.renderer.adapters.frames import Frame
from services.renderer.adapters.processes import (
    Bounds,
    Command,
    NotStartedError,
    ProcessPool,
    bare_environment,
)
from services.renderer.domain.cutting import CUT_SECONDS, WAIT_SECONDS, Cutter
from services.renderer.domain.editing import Edited, Source
from services.renderer.settings import RendererSettings

log = logging.getLogger(__name__)

LOCAL: Final = "local"
REMBG: Final = "rembg"
LOCAL_MODEL: Final = "grabcut"
BOUNDS: Final = Bounds(job=CUT_SECONDS, wait=WAIT_SECONDS)
ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""For numpy, whose threads wait for each other; a model is told by itself how many it has."""
WORKER: Final = "services.renderer.adapters.cutout_worker"


@dataclass(frozen=True, slots=True)
class Choice:
    """Who cuts, with which model, from which file; `why` is for the log."""

    provider: str
    model: str
    file: Path | None
    why: str


class Answer(BaseModel):
    """What a process says of a picture: its cutout's size, or why there is none."""

    model_config = ConfigDict(frozen=True)

    seconds: float
    width_pixels: int = 0
    height_pixels: int = 0
    code: ErrorCode | None = None
    sentence: str = ""
    reason: str = ""


class ProcessCutter:
    """A Cutter whose work is done by processes."""

    def __init__(self, choice: Choice, pool: ProcessPool) -> None:
        self.name = choice.provider
        self.model = choice.model
        self._pool = pool

    @property
    def pids(self) -> tuple[int, ...]:
        """The numbers of its processes."""
        return self._pool.pids

    async def cut(self, source: Source) -> Edited:
        """See Cutter."""
        frame = await self._pool.run(Frame({}, source.data))
        answer = _answer_in(frame)
        PIXEL_SECONDS.inc(answer.seconds)
        if answer.code is not None:
            raise PermanentError(answer.code, answer.sentence, reason=answer.reason)
        return Edited(
            data=frame.body,
            content_type=PNG,
            width_pixels=answer.width_pixels,
            height_pixels=answer.height_pixels,
            provider=self.name,
            model=self.model,
        )

    async def check(self) -> None:
        """See Cutter."""
        self._pool.check()


def chosen(settings: RendererSettings) -> Choice:
    """Who cuts. Raises SettingsError for a model that may not be used, and for what is set and not
    there.
    """
    name = rembg_models.allowed(settings.cutout_model).name
    without = Choice(LOCAL, LOCAL_MODEL, None, f"CUTOUT_PROVIDER={settings.cutout_provider}")
    if settings.cutout_provider == LOCAL:
        return without
    home = rembg_models.home_of(settings.u2net_home)
    file = rembg_models.file_of(home, name)
    if missing := _missing(home, name, file):
        if settings.cutout_provider == REMBG:
            raise SettingsError(missing)
        return Choice(LOCAL, LOCAL_MODEL, None, missing)
    return Choice(REMBG, name, file, "rembg and its model are there")


@asynccontextmanager
async def open_cutter(
    settings: RendererSettings, choice: Choice | None, *, bounds: Bounds = BOUNDS
) -> AsyncIterator[Cutter | None]:
    """The cutter, its processes ready; None where none was chosen.

    Raises SettingsError for a model that cannot be loaded.
    """
    if choice is None:
        yield None
        return
    said = {"provider": choice.provider, "model": choice.model, "why": choice.why}
    log.info("cutter_chosen", extra=said)
    pool = _pool_of(choice, settings, bounds)
    try:
        await pool.open()
    except NotStartedError as error:
        # Whoever starts the service does not print what it ends with.
        log.error("cutter_not_started", extra={"reason": str(error)})  # noqa: TRY400
        raise SettingsError(str(error)) from None
    try:
        yield ProcessCutter(choice, pool)
    finally:
        await pool.close()


def _pool_of(choice: Choice, settings: RendererSettings, bounds: Bounds) -> ProcessPool:
    words = (sys.executable, "-m", WORKER, _task_of(choice, settings))
    command = Command(words, "CUTOUT_PROVIDER", bare_environment() | ONE_THREAD)
    processes = 1 if choice.file else processes_for(settings.worker_concurrency)
    return ProcessPool(command, processes=processes, bounds=bounds)


def processes_for(jobs: int) -> int:
    """How many processes work on so many jobs at once: others of them are being fetched or stored.

    A model has one process: it is as large as all else together, and uses every core by itself.
    """
    return max(1, min(jobs // 2, os.cpu_count() or 1))


def _missing(home: Path, name: str, file: Path | None) -> str | None:
    """What rembg lacks, beginning with the setting to change."""
    if not rembg_models.is_installed():
        lacks = " and ".join(rembg_models.PACKAGES)
        return f"CUTOUT_PROVIDER: {lacks} are not installed here (requirements/rembg.txt)"
    if file is None:
        return f"U2NET_HOME: there is no file {rembg_models.expected_file(home, name)}"
    return None


def _task_of(choice: Choice, settings: RendererSettings) -> str:
    task = {
        "model": choice.model,
        "file": str(choice.file) if choice.file else None,
        "threads": os.cpu_count() or 1,
        "max_image_pixels": settings.max_image_pixels,
    }
    return json.dumps(task)


def _answer_in(frame: Frame) -> Answer:
    try:
        return Answer.model_validate(dict(frame.head))
    except ValidationError as error:
        raise TransientError("the process answered nonsense") from error
