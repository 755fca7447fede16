"""Who is at the other end of the line: addresses, proxies, and how little of them is kept."""

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address that the last trusted proxy saw; `forwarded` is read from its end."""
    address = peer
    for hop in reversed(forwarded):
        if not _is_trusted(address, trusted):
            break
        parsed = _address(hop)
        if parsed is None:
            break
        address = str(parsed)
    return address


def client_name(address: str) -> str:
    """Whom limits count: an IPv4 address, or an IPv6 network, since one host has all of it."""
    parsed = _address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return f"address:{ipaddress.ip_network((int(parsed), 64), strict=False)}"
    return f"address:{parsed or address}"


def anonymised(address: str) -> str | None:
    """The network of an address (/24, /48), which names nobody; None for what is no address."""
    parsed = _address(address)
    if parsed is None:
        return None
    kept = 24 if parsed.version == 4 else 48  # noqa: PLR2004 - IP versions
    return str(ipaddress.ip_network((int(parsed), kept), strict=False))


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _address(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _address(text: str) -> Address | None:
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
