"""What one request says about itself: headers, address, identity, and the URL it reached us by."""

import re
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.types import Scope

from contracts.errors import ErrorCode
from services.chassis.telemetry import request_id_of
from services.gateway.domain.fields import identifier
from services.gateway.domain.identity import Caller, Credentials, Identities, same
from services.gateway.domain.network import Network, client_address, client_name
from services.gateway.domain.parts import Parts
from services.gateway.domain.problems import RefusalError
from services.gateway.routes.peer import LOOPBACK, peer_of

SCOPE_KEY: Final = "mizual.visit"
_HOST: Final = re.compile(r"[A-Za-z0-9.\-:\[\]]{1,255}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all requests share."""

    identities: Identities
    public_url: str | None
    admin_token: str | None
    proxies: tuple[Network, ...]
    cookie_name: str


class Visit:
    """One request, its facts found when asked for."""

    __slots__ = ("_address", "_caller", "_headers", "_house", "_scope", "cookie", "request_id")

    def __init__(self, scope: Scope, house: House) -> None:
        self._scope = scope
        self._house = house
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._caller: Caller | None = None
        self._address: str | None = None
        self.request_id = request_id_of(self.header(b"x-request-id"))
        self.cookie: str | None = None
        """The session cookie to set with the answer."""

    def header(self, name: bytes) -> str | None:
        """A header's value; of several the last."""
        value = self._headers.get(name)
        return value.decode("latin-1") if value is not None else None

    @property
    def address(self) -> str:
        """The client's address, as far as trusted proxies vouch for it."""
        if self._address is None:
            lines = [v for k, v in self._scope["headers"] if k == b"x-forwarded-for"]
            hops = b",".join(lines).decode("latin-1").split(",") if lines else []
            self._address = client_address(peer_of(self._scope), hops, self._house.proxies)
        return self._address

    @property
    def client(self) -> str:
        """Whom reads and attempts are counted for: a platform's user, else the address."""
        if b"x-platform-token" in self._headers:
            return self.caller.client
        return client_name(self.address)

    @property
    def session(self) -> str | None:
        """The session cookie as presented."""
        try:
            morsel = SimpleCookie(self.header(b"cookie") or "").get(self._house.cookie_name)
        except CookieError:
            return None
        return morsel.value if morsel else None

    @property
    def caller(self) -> Caller:
        """Who asks. Raises RefusalError for a platform that names its user wrongly."""
        if self._caller is None:
            self._caller = self._house.identities.caller(
                Credentials(
                    client=client_name(self.address),
                    platform_token=self.header(b"x-platform-token") or "",
                    user_id=self.header(b"x-user-id"),
                    tenant_id=self.header(b"x-tenant-id"),
                    session=self.session,
                )
            )
        return self._caller

    def remember(self) -> None:
        """Give a caller without a name its session cookie with the answer."""
        self.cookie = self.caller.minted

    @property
    def is_admin(self) -> bool:
        """Whether the operators' token was presented."""
        secret, presented = self._house.admin_token, self.header(b"x-admin-token")
        return secret is not None and presented is not None and same(presented, secret)

    @property
    def idempotency_key(self) -> str | None:
        """The key of this submission. Raises RefusalError (422) for a malformed one."""
        key = self.header(b"idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            sentence = "The Idempotency-Key takes 1 to 255 visible ASCII characters."
            raise RefusalError(422, ErrorCode.INVALID_REQUEST, sentence)
        return key

    @property
    def base(self) -> str:
        """What absolute URLs start with: PUBLIC_URL, else as the request came."""
        return self._house.public_url or self.reached

    @property
    def reached(self) -> str:
        """Scheme and host that the request was sent to."""
        host = self.header(b"host") or ""
        if not _HOST.fullmatch(host):
            server = self._scope.get("server") or (LOOPBACK, 80)
            host = f"{server[0]}:{server[1]}"
        return f"{self._scheme()}://{host}"

    def _scheme(self) -> str:
        forwarded = self.header(b"x-forwarded-proto")
        if forwarded in {"http", "https"} and self.address != peer_of(self._scope):
            return forwarded
        return str(self._scope["scheme"])


def visit_of(request: Request) -> Visit:
    """The request's visit."""
    visit: Visit = request.scope[SCOPE_KEY]
    return visit


def parts_of(request: Request) -> Parts:
    """The gateway's insides."""
    parts: Parts = request.app.state.parts
    return parts


def job_id_of(request: Request, absent: ErrorCode = ErrorCode.EDIT_NOT_FOUND) -> UUID:
    """The id in the path. Raises RefusalError (404) for what is no id."""
    params: dict[str, Any] = request.scope["path_params"]
    job_id = identifier(params["job_id"], absent)
    assert job_id is not None
    return job_id
