"""From a submission's body to an order: the checks in the provider's order, and what it costs."""

import base64
import binascii
import uuid
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from tests.emulators.bfl import refusals
from tests.emulators.bfl.behaviour import BflBehaviour, fault_of
from tests.emulators.bfl.inputs import UNASKED, Inputs
from tests.emulators.bfl.models import Model
from tests.emulators.bfl.refusals import detail, wrong_picture
from tests.emulators.bfl.tasks import READY, Task
from tests.emulators.core.calls import Call, RefusedError
from tests.emulators.core.desk import Desk
from tests.emulators.core.pictures import BadPictureError, Look, Size, Studio, blank, colour_of

SEEDS: Final = 2**32
# Prices are per megapixel of 1024 x 1024, what answers report is in millions.
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Sent:
    """The pictures of one submission: the digest of the first, and the size of each."""

    source: str
    sizes: tuple[Size, ...]


def check_key(call: Call, key: str) -> None:
    """Raises RefusedError without the right x-key."""
    presented = call.headers.get("x-key")
    if presented is None:
        raise RefusedError(detail(403, refusals.NO_KEY))
    if presented != key:
        raise RefusedError(detail(403, refusals.WRONG_KEY))


def read_inputs(call: Call, model: Model) -> Inputs:
    """The body's fields. Raises RefusedError."""
    try:
        return model.inputs.model_validate(call.json)
    except ValidationError as wrong:
        raise RefusedError(refusals.invalid(wrong)) from None
    except ValueError as wrong:
        raise RefusedError(refusals.no_json(wrong)) from None


def take_pictures(inputs: Inputs, model: Model, studio: Studio) -> Sent:
    """Check and keep what was sent. Raises RefusedError."""
    kept = [_take(name, text, model, studio) for name, text in inputs.pictures().items()]
    if not kept:
        return Sent(studio.keep(blank(inputs.output(UNASKED)))[0], ())
    return Sent(kept[0][0], tuple(size for _, size in kept))


def order(call: Call, model: Model, inputs: Inputs, sent: Sent, desk: Desk[BflBehaviour]) -> Task:
    """The task; a fault on its submission may say how it ends."""
    fault = fault_of(call)
    size = inputs.output(sent.sizes[0] if sent.sizes else UNASKED)
    seconds = desk.latency()
    webhook = inputs.webhook()
    return Task(
        id=str(uuid.uuid4()),
        model=model,
        prompt=inputs.prompt,
        seed=inputs.seed_or(desk.random.randrange(SEEDS)),
        source=sent.source,
        look=Look(size, inputs.kind(), colour_of(inputs.prompt)),
        cost=model.price.of(size, sent.sizes),
        input_pixels=sum(each.pixels for each in sent.sizes),
        webhook_url=webhook.url,
        webhook_secret=webhook.secret,
        outcome=fault.outcome or READY,
        reasons=fault.reasons,
        seconds=seconds,
        host=call.host,
        began=desk.clock.now(),
    )


def megapixels(pixels: int) -> float:
    """As answers report them."""
    return round(pixels / MILLION, 2)


def _take(name: str, text: str, model: Model, studio: Studio) -> tuple[str, Size]:
    data = _decoded(name, text)
    if len(data) > model.max_bytes:
        raise wrong_picture(name, f"Image is larger than {model.max_bytes} bytes", text)
    try:
        digest, size = studio.keep(data)
    except BadPictureError:
        raise wrong_picture(name, "Could not read the image", text) from None
    if min(size.width, size.height) < model.min_side:
        raise wrong_picture(name, f"Image is smaller than {model.min_side} pixels", text)
    if size.pixels > model.max_pixels:
        raise _too_many_pixels(name, text, model)
    return digest, size


def _decoded(name: str, text: str) -> bytes:
    if text.startswith(("http://", "https://")):
        # Nothing is fetched from here: as an address that cannot be reached.
        raise wrong_picture(name, "Could not download the image", text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong_picture(name, "Invalid base64 image", text) from None


def _too_many_pixels(name: str, text: str, model: Model) -> RefusedError:
    said = f"Image has more than {model.max_pixels} pixels"
    if model.thinks:
        return RefusedError(detail(400, said))
    return wrong_picture(name, said, text)
