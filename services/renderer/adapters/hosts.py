"""Which addresses of a provider's answers are called: those on a list, and no others."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Literal, NamedTuple

from services.chassis.settings import SettingsError

MAX_NAME_CHARACTERS: Final = 253
"""Of a whole name: what DNS can carry."""
MAX_PORT: Final = 65_535
KNOWN_ADDRESSES: Final = 4096
"""A task's address is taken apart once, and not at each of some thousand looks."""

# Of 1 to 63 characters, as in DNS: for others Python's resolver raises UnicodeError.
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = rf"{_LABEL}(\.{_LABEL})*"
_ADDRESS: Final = r"\[[0-9a-f:.]{2,45}\]"
_PORT: Final = r"(:(?P<port>[1-9][0-9]{0,4}))?"
# A form that every parser of URLs reads alike: no user, no blanks, no backslash, plain ASCII.
_URL: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_NAME}|{_ADDRESS}){_PORT}(/[!-\[\]-~]*|\?[!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_PATTERN: Final = re.compile(rf"(?P<host>(\*\.)?{_NAME}|{_ADDRESS}){_PORT}")
_PORTS: Final = {"https": 443, "http": 80}
_ANY: Final = "*"
# As in *.bfl.ai
_DOTS_OF_WIDE: Final = 2

_WITH_KEY: Final = "api"
"""First label of the provider's own hosts that take its key, as in api.eu2.bfl.ai."""

Trouble = Literal["form", "host", "scheme", "key"]


class Place(NamedTuple):
    """Where a URL leads, its host in lower case and without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def ports(self) -> tuple[int | None, ...]:
        """How a pattern may name the port: the scheme's own needs no naming."""
        return (None, self.port) if self.port == _PORTS[self.scheme] else (self.port,)

    @property
    def is_private(self) -> bool:
        """Whether it is plainly inside: a private or loopback address, or a name without dots."""
        return _is_inside(self.host)


class AllowedHosts:
    """The hosts that may be called, as an operator lists them.

    `api.bfl.ai` is that host at its scheme's own port, `127.0.0.1:9001` that host at that port,
    `*.bfl.ai` every host below. Plain HTTP is for private hosts, which are listed one by one.
    Addresses are compared as they are written, so one in another spelling is no match.

    The key goes to those among them that are named `api.` something or are private, and to `home`,
    which needs no listing: results may lie on any other.
    """

    def __init__(self, patterns: Iterable[str], *, home: str | None = None) -> None:
        """Raise ValueError, naming the pattern, for one that is no host."""
        listed = [_pattern(text) for text in (*patterns, *([home] if home else ()))]
        self._home = listed[-1] if home else None
        self._exact = frozenset((host, port) for host, port in listed if host[0] != _ANY)
        self._below = tuple((host[1:], port) for host, port in listed if host[0] == _ANY)

    def allows(self, url: str) -> bool:
        """Whether the URL may be called."""
        return self.trouble(url) is None

    def trouble(self, url: str, *, with_key: bool = False) -> Trouble | None:
        """What is wrong with the URL, in a word that tells nothing of it; None when it is fine.

        `with_key`: the call carries the key, which not every listed host may have.
        """
        place = place_of(url)
        if place is None:
            return "form"
        if not self._lists(place):
            return "host"
        if place.scheme != "https" and not place.is_private:
            return "scheme"
        return "key" if with_key and not self._takes_key(place) else None

    def _takes_key(self, place: Place) -> bool:
        is_home = any((place.host, port) == self._home for port in place.ports)
        return is_home or place.is_private or place.host.split(".")[0] == _WITH_KEY

    def _lists(self, place: Place) -> bool:
        return any((place.host, port) in self._exact for port in place.ports) or any(
            place.host.endswith(end) and port in place.ports for end, port in self._below
        )


@lru_cache(maxsize=KNOWN_ADDRESSES)
def place_of(url: str) -> Place | None:
    """Where the URL leads; None for a form that is not read."""
    found = _URL.fullmatch(url)
    if found is None or not _exists(found):
        return None
    scheme = found["scheme"].lower()
    port = int(found["port"] or _PORTS[scheme])
    return Place(scheme, found["host"].lower().strip("[]"), port)


@lru_cache(maxsize=KNOWN_ADDRESSES)
def _is_inside(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host and ":" not in host
    return address.is_private or address.is_loopback


def listed_as(url: str) -> str:
    """The pattern that lists exactly this URL's host and port. Raises ValueError."""
    place = place_of(url)
    if place is None:
        raise ValueError("is not an http(s) address")
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if None in place.ports else f"{host}:{place.port}"


def hosts_of(base_url: str, allowed_hosts: Iterable[str]) -> AllowedHosts:
    """The hosts that may be called, that of `BFL_BASE_URL` among them. Raises SettingsError."""
    try:
        base = listed_as(base_url)
    except ValueError as error:
        raise SettingsError(f"BFL_BASE_URL: {error}") from None
    try:
        hosts = AllowedHosts(allowed_hosts, home=base)
    except ValueError as error:
        raise SettingsError(f"BFL_ALLOWED_HOSTS: {error}") from None
    if not hosts.allows(base_url):
        raise SettingsError("BFL_BASE_URL: needs https, or a private host, for the key goes there")
    return hosts


def _pattern(text: str) -> tuple[str, int | None]:
    """Host and port of a pattern; a wide one begins with its asterisk."""
    found = _PATTERN.fullmatch(text.strip().lower())
    if found is None or not _exists(found):
        raise ValueError(f"{text!r} is no host, as in api.bfl.ai, *.bfl.ai or 127.0.0.1:9001")
    host = found["host"].strip("[]")
    # All of a top-level domain is too much, and nothing lies below an address.
    if host[0] == _ANY and (host.count(".") < _DOTS_OF_WIDE or host[-1].isdigit()):
        raise ValueError(f"{text!r} is too wide")
    return host, int(found["port"]) if found["port"] else None


def _exists(found: re.Match[str]) -> bool:
    """Whether there can be such a host and port, which a form alone does not say."""
    host = found["host"]
    if int(found["port"] or 0) > MAX_PORT or len(host) > MAX_NAME_CHARACTERS:
        return False
    return host[0] != "[" or _is_address(host.strip("[]"))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
