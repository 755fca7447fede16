"""The process that cuts subjects out: `python -m services.renderer.adapters.cutout_worker TASK`.

It takes pictures and gives cutouts, see answered.
"""

import sys
from functools import partial
from pathlib import Path
from time import perf_counter

import cv2
from pydantic import BaseModel, ConfigDict

from services.chassis.errors import PermanentError
from services.chassis.images.limits import ImageLimits
from services.renderer.adapters.frames import Frame
from services.renderer.adapters.rembg_models import allowed
from services.renderer.adapters.serving import Answer, serve
from services.renderer.domain.cutout import FindAlpha, cut_out
from services.renderer.domain.subject import alpha_of


class Task(BaseModel):
    """What the process is to do. Without a model's file subjects are found without a model."""

    model_config = ConfigDict(frozen=True)

    model: str
    file: Path | None = None
    threads: int = 1
    max_image_pixels: int


def prepared(task: Task) -> Answer:
    """What answers pictures, its model loaded. Raises SettingsError."""
    # More processes give more than more threads, and a second thread gives nothing here.
    cv2.setNumThreads(1)
    limits = ImageLimits(max_image_pixels=task.max_image_pixels)
    return partial(answered, limits=limits, find=_finder(task))


def answered(question: Frame, *, limits: ImageLimits, find: FindAlpha) -> Frame:
    """The cutout, or why there is none, and the seconds that it took."""
    begun = perf_counter()
    try:
        cutout = cut_out(question.body, limits, find)
    except PermanentError as error:
        why = {"code": error.code.value, "sentence": error.sentence, "reason": error.reason}
        return Frame({**why, "seconds": perf_counter() - begun})
    size = {"width_pixels": cutout.width_pixels, "height_pixels": cutout.height_pixels}
    return Frame({**size, "seconds": perf_counter() - begun}, cutout.data)


def _finder(task: Task) -> FindAlpha:
    if task.file is None:
        return alpha_of
    # rembg takes seconds to import, and is not there where it is not asked for.
    from services.renderer.adapters.cutout_rembg import load  # noqa: PLC0415

    return load(allowed(task.model), task.file, threads=task.threads)


if __name__ == "__main__":
    serve(partial(prepared, Task.model_validate_json(sys.argv[1])))
