"""Tiny models in the place of large ones: to most of them what is dark is the subject."""

from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto, helper

# As rembg normalises what it gives to U2-Net and BiRefNet.
MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)
LUMA: Final = (0.299, 0.587, 0.114)
STEEPNESS: Final = 40.0


def save_darkness_model(file: Path, *, side: int, shares: bool = True, bands: int = 3) -> None:
    """A model of a few hundred bytes, which gives shares from 0 to 1 or logits."""
    weights = [part * by for part, by in zip(LUMA, DEVIATION, strict=True)]
    grey = sum(part * by for part, by in zip(LUMA, MEAN, strict=True))
    weights = [-STEEPNESS * weight for weight in weights] + [0.0] * (bands - 3)
    _save(file, weights, STEEPNESS * (0.5 - grey), side=side, shares=shares)


def save_blind_model(file: Path, says: float, *, side: int) -> None:
    """A model that gives the same logit everywhere, whatever it is shown, as a share."""
    _save(file, [0.0, 0.0, 0.0], says, side=side, shares=True)


def _save(file: Path, weights: list[float], bias: float, *, side: int, shares: bool) -> None:
    output, floats = "shares" if shares else "logits", TensorProto.FLOAT
    nodes = [helper.make_node("Conv", ["picture", "weights", "bias"], ["logits"])]
    nodes += [helper.make_node("Sigmoid", ["logits"], ["shares"])] if shares else []
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", floats, [1, len(weights), side, side])],
        [helper.make_tensor_value_info(output, floats, [1, 1, side, side])],
        [
            helper.make_tensor("weights", floats, [1, len(weights), 1, 1], weights),
            helper.make_tensor("bias", floats, [1], [bias]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, file)
