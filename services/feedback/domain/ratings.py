"""What feedback keeps of a rating, and how it refuses one."""

from ipaddress import IPv6Address, ip_interface, ip_network
from typing import Final, Protocol
from uuid import UUID

from contracts.errors import ErrorCode
from contracts.queries import FeedbackGiven, GiveFeedback, QueryError
from services.chassis.errors import RefusedError

NETWORK_BITS: Final = {4: 24, 6: 48}
"""How much of an address may be kept, by IP version."""


class Ratings(Protocol):
    """One rating for each edit. Every method raises UnavailableError while the database is away."""

    async def add(self, rating: GiveFeedback) -> int | None:
        """The number of the new row; None when this edit has one."""

    async def read(self, edit_uuid: UUID) -> FeedbackGiven | None:
        """What was said of an edit, or None."""

    async def forget(self, edit_uuid: UUID, *, keep_rating: bool) -> int:
        """Remove the rating, or only its words and where it came from; how many rows had any."""


def keepable(rating: GiveFeedback) -> GiveFeedback:
    """The rating without what must not, or cannot, be kept: an exact address, NUL characters."""
    text = rating.feedback_text.replace("\0", "").strip() if rating.feedback_text else None
    network = network_of(rating.client_network) if rating.client_network else None
    return rating.model_copy(update={"feedback_text": text or None, "client_network": network})


def network_of(address: str) -> str | None:
    """The network that an address lies in, too wide to tell a person; None for no address."""
    try:
        given = ip_interface(address)
    except ValueError:
        return None
    mapped = given.ip.ipv4_mapped if isinstance(given.ip, IPv6Address) else None
    if mapped is not None:
        return network_of(str(mapped))
    bits = min(given.network.prefixlen, NETWORK_BITS[given.version])
    return str(ip_network((given.ip, bits), strict=False))


def already_given() -> RefusedError:
    """The refusal of a second rating."""
    return RefusedError(
        QueryError(
            status=409,
            code=ErrorCode.FEEDBACK_EXISTS,
            detail="Feedback for this edit was already given",
        )
    )


def nothing_given() -> RefusedError:
    """The answer for an edit that nobody rated."""
    return RefusedError(
        QueryError(status=404, code=ErrorCode.FEEDBACK_NOT_FOUND, detail="Feedback not found")
    )
