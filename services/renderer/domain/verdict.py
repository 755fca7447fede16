"""Whether an alpha channel parts a subject from a background."""

from typing import Final

import numpy as np

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.renderer.domain.cutting import EVERYTHING_SENTENCE, no_object
from services.renderer.domain.pixels import HALF, Mask, Pixels

LEAST_SUBJECT: Final = 0.001
"""Of the picture's area: a dot of 32 x 32 pixels in a megapixel."""
MOST_SUBJECT: Final = 0.995
"""Of the picture's area: what is left over is a filter's edge, and no background."""
MOST_UNDECIDED: Final = 0.5
"""Of the picture's area: a soft edge, even of fur, has a twentieth."""
# Between these an alpha channel says neither yes nor no.
_NO: Final = 64
_YES: Final = 192


def refuse_undecided(alpha: Pixels, visible: Mask) -> None:
    """Raise PermanentError unless the alpha channel parts a subject from a background.

    A subject that is all there is counts as none: the source would pass for its own cutout. Where
    something is transparent already, it does not.
    """
    subject = float(np.mean((alpha >= HALF) & visible))
    undecided = float(np.mean((alpha >= _NO) & (alpha < _YES) & visible))
    if subject < LEAST_SUBJECT or undecided > MOST_UNDECIDED:
        raise no_object(f"subject {subject:.4f}, undecided {undecided:.4f}")
    if subject > MOST_SUBJECT:
        raise PermanentError(ErrorCode.NO_OBJECT_FOUND, EVERYTHING_SENTENCE)
