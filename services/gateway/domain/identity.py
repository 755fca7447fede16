"""Who asks: the owner of what is made, the scope of idempotency keys, the client of limits."""

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from contracts.commands import PlatformOwner
from contracts.errors import ErrorCode
from services.chassis.keyring import Keyring, Use, hashed, platform_owner, text_of
from services.gateway.domain.problems import RefusalError

_OWNER_PART: Final = re.compile(r"[A-Za-z0-9._@-]{1,128}")
_SESSION_BYTES: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a request presented, unchecked; `client` is the name of its address."""

    client: str
    platform_token: str = ""
    user_id: str | None = None
    tenant_id: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A request's identity; `minted` is the session cookie to set, if there was none."""

    owner: str
    scope: str
    client: str
    minted: str | None = None


class Identities:
    """Turns what was presented into who it is."""

    def __init__(self, keyring: Keyring, platform_token: str | None) -> None:
        self._keyring = keyring
        self._platform_token = platform_token

    def caller(self, presented: Credentials) -> Caller:
        """The caller. Raises RefusalError for a platform that names its user wrongly."""
        if self._is_platform(presented):
            return platform_caller(_platform_owner(presented))
        if presented.session and self._is_session(presented.session):
            owner = hashed("session", presented.session)
            return Caller(owner=owner, scope=f"session:{owner}", client=presented.client)
        minted = self._mint()
        return Caller(
            owner=hashed("session", minted),
            scope=presented.client,
            client=presented.client,
            minted=minted,
        )

    def _is_platform(self, presented: Credentials) -> bool:
        return (
            presented.user_id is not None
            and self._platform_token is not None
            and same(presented.platform_token, self._platform_token)
        )

    def _is_session(self, cookie: str) -> bool:
        name, _, signature = cookie.partition(".")
        return bool(name) and self._keyring.verify(Use.COOKIE, name.encode(), signature)

    def _mint(self) -> str:
        name = text_of(secrets.token_bytes(_SESSION_BYTES))
        return f"{name}.{self._keyring.sign(Use.COOKIE, name.encode())}"


def platform_caller(owner: PlatformOwner) -> Caller:
    """A platform's user: the same over HTTP and over the bus."""
    name = platform_owner(owner.user_id, owner.tenant_id)
    return Caller(owner=name, scope=f"platform:{name}", client=f"platform:{name}")


def same(presented: str, secret: str) -> bool:
    """Whether the texts are equal, told in constant time."""
    return hmac.compare_digest(presented.encode(), secret.encode())


def _platform_owner(presented: Credentials) -> PlatformOwner:
    parts = [part for part in (presented.user_id, presented.tenant_id) if part is not None]
    if not all(_OWNER_PART.fullmatch(part) for part in parts):
        raise RefusalError(
            400,
            ErrorCode.INVALID_REQUEST,
            "X-User-Id and X-Tenant-Id take 1 to 128 letters, digits and the characters . _ @ -",
        )
    return PlatformOwner(user_id=presented.user_id or "", tenant_id=presented.tenant_id)
