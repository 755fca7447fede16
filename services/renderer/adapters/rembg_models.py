"""The models of rembg that may be used here, and where their files lie. Nothing is loaded here."""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from services.chassis.settings import SettingsError

PACKAGES: Final = ("rembg", "onnxruntime")


@dataclass(frozen=True, slots=True)
class RembgModel:
    """A model that may be used commercially. `likely`: its output for as likely as not."""

    name: str
    licence: str
    likely: float


_LOGITS: Final = 0.0
_SHARES: Final = 0.5

MODELS: Final = {
    model.name: model
    for model in (
        RembgModel("birefnet-general", "MIT", _LOGITS),
        RembgModel("birefnet-general-lite", "MIT", _LOGITS),
        RembgModel("birefnet-portrait", "MIT", _LOGITS),
        RembgModel("isnet-general-use", "Apache-2.0", _SHARES),
        RembgModel("u2net", "Apache-2.0", _SHARES),
        RembgModel("u2netp", "Apache-2.0", _SHARES),
        RembgModel("u2net_human_seg", "Apache-2.0", _SHARES),
        RembgModel("silueta", "Apache-2.0", _SHARES),
    )
}
"""rembg knows more: bria-rmbg, its default, may not be used commercially, withoutbg and atlascloud
send pictures to paid services, and the others answer with something else than one mask.
"""


def allowed(name: str) -> RembgModel:
    """The model of this name. Raises SettingsError for one that may not be used."""
    if name not in MODELS:
        raise SettingsError(f"CUTOUT_MODEL: {name!r} is none of {', '.join(MODELS)}")
    return MODELS[name]


def is_installed() -> bool:
    """Whether rembg and what runs its models are there; rembg ends the process without it."""
    return all(find_spec(package) for package in PACKAGES)


def home_of(u2net_home: Path | None) -> Path:
    """Where model files lie, by default where rembg itself puts them."""
    return u2net_home or Path(os.environ.get("HOME", "/")) / ".rembg"


def expected_file(home: Path, name: str) -> Path:
    """Where a model's file should lie."""
    return home / "models" / name / f"{name}.onnx"


def file_of(home: Path, name: str) -> Path | None:
    """The model's file, also where earlier releases of rembg kept it; None where there is none."""
    places = (expected_file(home, name), home / f"{name}.onnx")
    # Path.is_file raises where nobody may look.
    return next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113
