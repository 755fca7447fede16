"""Which pages of other origins may read answers, and which may not change anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SAME: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins that are let in; `*` stands for all, without credentials."""

    allowed: tuple[re.Pattern[str], ...]
    anybody: bool

    def allows(self, origin: str) -> bool:
        """Whether scripts of this origin may read answers and send the cookie."""
        return any(pattern.fullmatch(origin) for pattern in self.allowed)

    def foreign(self, *, origin: str | None, fetch_site: str | None, own: Sequence[str]) -> bool:
        """Whether a browser says that somebody else's page sent the request."""
        if origin is not None:
            return origin not in own and not self.allows(origin)
        return fetch_site is not None and fetch_site not in _SAME


def origins_of(names: Sequence[str] | None, *, production: bool) -> Origins:
    """From CORS_ALLOWED_ORIGINS; unset means everybody in preview, nobody in production."""
    if names is None:
        return Origins((), anybody=not production)
    exact = tuple(_pattern(name) for name in names if name != "*")
    return Origins(exact, anybody="*" in names)


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(name).replace(r"\*", "[a-z0-9-]+"), re.IGNORECASE)
