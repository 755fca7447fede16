"""Signed links to pictures: the same on every read of a day, valid for at least one more."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from services.chassis.keyring import Keyring, Use, framed

DAY_SECONDS: Final = 86_400


class Links:
    """Makes and checks the gateway's own picture URLs."""

    def __init__(self, keyring: Keyring, *, now: Callable[[], float] = time.time) -> None:
        self._keyring = keyring
        self._now = now

    def picture(self, base: str, key: str) -> str:
        """The absolute URL of a stored picture."""
        expires = (int(self._now()) // DAY_SECONDS + 2) * DAY_SECONDS
        signature = self._keyring.sign(Use.URL, _signed(key, expires))
        return f"{base}/images/{key}?exp={expires}&sig={signature}"

    def seconds_left(self, key: str, *, expires: str, signature: str) -> int:
        """How long the link still holds; 0 for one that expired or that we did not make."""
        if not expires.isdecimal() or len(expires) > 12:  # noqa: PLR2004 - beyond any date
            return 0
        genuine = self._keyring.verify(Use.URL, _signed(key, int(expires)), signature)
        return max(0, int(expires) - int(self._now())) if genuine else 0


def polling_path(job_id: UUID) -> str:
    """Where a job's status is read."""
    return f"/edit/{job_id}"


def _signed(key: str, expires: int) -> bytes:
    return framed("picture", key, str(expires))
