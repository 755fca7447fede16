"""Calls to a provider: one deadline, one breaker, one place that counts them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from contracts.errors import ErrorCode
from services.chassis.breaker import Breaker
from services.chassis.errors import MisconfiguredError, PermanentError, TransientError
from services.chassis.metrics import PROVIDER_CALLS, PROVIDER_SECONDS

log = logging.getLogger(__name__)

ALERTS: Final = frozenset({ErrorCode.PROVIDER_AUTH, ErrorCode.PROVIDER_CREDITS})
"""What no retry and no user can mend: an operator has to, as with MisconfiguredError."""
SETUP: Final = "provider_setup"
"""The metric's outcome for a MisconfiguredError, whose code is that of any failure."""


class Provider:
    """One operation's door to a provider: "flux" and its submissions, or its polls."""

    def __init__(self, name: str, breaker: Breaker) -> None:
        self.name = name
        self.breaker = breaker

    @asynccontextmanager
    async def call(self, operation: str, *, seconds: float) -> AsyncIterator[None]:
        """One call, translated by the caller inside; `seconds` is its total deadline.

        A TransientError counts against the breaker, and so does the deadline, which raises one. A
        PermanentError is an answer: it proves that the provider is there.
        """
        started, outcome = perf_counter(), "broken"
        try:
            async with asyncio.timeout(seconds):
                yield
            outcome = "ok"
            self.breaker.succeeded()
        except PermanentError as error:
            outcome = SETUP if isinstance(error, MisconfiguredError) else error.code.lower()
            self.breaker.succeeded()
            self._alert(operation, error)
            raise
        except TimeoutError:
            outcome = "timeout"
            self.breaker.failed()
            raise TransientError(f"{self.name} {operation}: no end within {seconds:g} s") from None
        except TransientError:
            outcome = "transient"
            self.breaker.failed()
            raise
        finally:
            PROVIDER_CALLS.labels(self.name, operation, outcome).inc()
            PROVIDER_SECONDS.labels(self.name, operation).observe(perf_counter() - started)

    def _alert(self, operation: str, error: PermanentError) -> None:
        if error.code in ALERTS or isinstance(error, MisconfiguredError):
            where = {"provider": self.name, "operation": operation, "code": error.code}
            log.error("provider_needs_operator", extra={**where, "reason": error.reason})
