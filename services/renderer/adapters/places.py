"""The places of a provider's account: how many tasks it lets us have under way."""

from typing import Final

from contracts.journal import Slot
from services.chassis.breaker import Breaker
from services.chassis.bus import Bus
from services.chassis.errors import UnavailableError
from services.chassis.limits import (
    FLUX_TASKS,
    LimitExceededError,
    Policy,
    Quota,
    give_back,
    is_held,
)
from services.renderer.domain.models import model_named

ACCOUNT: Final = "account"
"""All renderers of a bus share one account."""
RECHECK_SECONDS: Final = 1.0
"""While the account is full: a place that another process frees is seen this much late."""


class AccountPlaces:
    """Taken before a submission, freed when the task has ended; a lost one expires by itself.

    While there is none, nothing more is pulled: `breaker` is that of the submissions.
    """

    def __init__(self, bus: Bus, policies: tuple[Policy, ...], breaker: Breaker) -> None:
        self._bus = bus
        self._policies = {policy.name: policy for policy in policies}
        self._breaker = breaker

    async def take(self, model: str, *, token: str) -> tuple[Slot, ...]:
        """See Places."""
        policies = (self._policies[name] for name in model_named(model).policies)
        try:
            taken = await Quota(self._bus, tuple(policies)).take(ACCOUNT, token=token)
        except LimitExceededError as full:
            if full.policy.name == FLUX_TASKS:
                self._breaker.rest(RECHECK_SECONDS)
            raise UnavailableError("as many tasks are under way as the account allows") from None
        return taken.slots

    async def are_held(self, slots: tuple[Slot, ...]) -> bool:
        """See Places."""
        return all([await is_held(self._bus, slot) for slot in slots])

    async def free(self, slots: tuple[Slot, ...]) -> None:
        """See Places."""
        if not slots:
            return
        for slot in slots:
            await give_back(self._bus, slot)
        self._breaker.wake()
