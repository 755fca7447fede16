"""Finding subjects with a model, by rembg. Imported by worker processes alone: it takes seconds."""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort
from PIL import Image
from rembg.sessions import sessions_class
from rembg.sessions.base import BaseSession

from services.chassis.errors import PermanentError
from services.chassis.settings import SettingsError
from services.renderer.adapters.rembg_models import RembgModel
from services.renderer.domain.cutout import FindAlpha
from services.renderer.domain.cutting import no_object
from services.renderer.domain.pixels import OPAQUE, Mask, Pixels

TRIAL_SIDE: Final = 64
ORT_ERRORS: Final = tuple(
    kind for kind in vars(ort).values() if isinstance(kind, type) and issubclass(kind, Exception)
)
"""They have no root of their own."""
NO_MODEL: Final[tuple[type[Exception], ...]] = (
    *ORT_ERRORS,
    OSError,
    ValueError,
    IndexError,
    TypeError,
)
"""What comes of a file that is damaged, or another model."""


class WatchedModel:
    """An ONNX session, and the lowest and highest value that it last gave.

    rembg stretches a mask from black to white, so that nothing looks like something.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.low = self.high = 0.0

    def get_inputs(self) -> Any:
        """What the model takes."""
        return self._session.get_inputs()

    def get_providers(self) -> Any:
        """What runs the model."""
        return self._session.get_providers()

    def run(self, names: None, inputs: Mapping[str, npt.NDArray[np.float32]]) -> Any:
        """The model's outputs."""
        outputs: Any = self._session.run(names, dict(inputs))
        first = outputs[0][:, 0, :, :]
        self.low, self.high = float(first.min()), float(first.max())
        return outputs


class Rembg:
    """One model, loaded; its file is named, so that nothing is ever downloaded."""

    def __init__(self, model: RembgModel, file: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._model = model
        self._session = _from_file(model, file)(model.name, options)
        self._watched = WatchedModel(self._session.inner_session)
        self._session.inner_session = self._watched

    def alpha_of(self, picture: Pixels, _visible: Mask) -> Pixels:
        """See FindAlpha. Raises PermanentError where the model sees nothing."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # Of a mask that is all the same, and of a way to make pictures that Pillow gives up.
            warnings.simplefilter("ignore")
            mask = self._session.predict(Image.fromarray(picture))[0]
        if self._watched.high < self._model.likely:
            raise no_object(f"{self._model.name} is sure of no pixel ({self._watched.high:.3f})")
        if self._watched.low >= self._model.likely:
            return np.full(picture.shape[:2], OPAQUE, np.uint8)
        return np.asarray(mask, np.uint8)


def load(model: RembgModel, file: Path, *, threads: int) -> FindAlpha:
    """The model, loaded and tried. Raises SettingsError for a file that is not this model."""
    grey = np.full((TRIAL_SIDE, TRIAL_SIDE, 3), 127, np.uint8)
    try:
        found = Rembg(model, file, threads=threads)
        with suppress(PermanentError):
            found.alpha_of(grey, np.ones(grey.shape[:2], bool))
    except NO_MODEL as error:
        what = f"{file} is no {model.name} model ({type(error).__name__})"
        raise SettingsError(f"U2NET_HOME: {what}") from error
    return found.alpha_of


def _from_file(model: RembgModel, file: Path) -> type[BaseSession]:
    kind = next(kind for kind in sessions_class if kind.name() == model.name)

    class FromFile(kind):  # type: ignore[misc, valid-type]
        @classmethod
        def download_models(cls, *_: object, **__: object) -> str:
            return str(file)

    return FromFile
