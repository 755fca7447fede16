"""The port to whoever cuts subjects out of their backgrounds."""

from typing import Final, Protocol

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.renderer.domain.editing import Edited, Source

CUT_SECONDS: Final = 60.0
"""The longest that one picture may take."""
WAIT_SECONDS: Final = 60.0
"""The longest that a picture waits for its turn: as long as the one before may take."""
NOTHING_SENTENCE: Final = (
    "Nothing in this picture stands out from its background. Please try one whose subject is easier"
    " to tell apart."
)
EVERYTHING_SENTENCE: Final = (
    "No background was found in this picture: all of it seems to be its subject."
)


class Cutter(Protocol):
    """Whoever makes a picture's background transparent."""

    name: str
    model: str

    async def cut(self, source: Source) -> Edited:
        """The picture as displayed, as a PNG of the same size. Raises PermanentError
        NO_OBJECT_FOUND, UnavailableError when too many pictures are waiting, and TransientError
        when the work was cut off.
        """

    async def check(self) -> None:
        """Raises UnavailableError while nobody is there to do the work."""


def no_object(reason: str) -> PermanentError:
    """The error for a picture without a subject; `reason` is for the log."""
    return PermanentError(ErrorCode.NO_OBJECT_FOUND, NOTHING_SENTENCE, reason=reason)
