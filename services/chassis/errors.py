"""The three kinds of errors, and waiting.

    MizualError
    ├── TransientError      may work next time: retried, spaced, counted as a try (retry_after)
    │   └── UnavailableError    something we need is away: waits, uses no try
    ├── PermanentError      will never work: ends the job with a public code and sentence
    │   ├── MisconfiguredError  the way that we are set up is at fault: an operator is called
    │   └── RefusedError        another service said no, with the status and code to pass on
    └── ObsoleteError       nobody needs this any more: acknowledged and forgotten

Adapters translate vendor errors into these; handlers never catch; an exception of any other
class is treated as Transient by the failure policy.
"""

from contracts.errors import ErrorCode
from contracts.queries import QueryError


class MizualError(Exception):
    """The root of everything we raise on purpose."""


class TransientError(MizualError):
    """It may work next time. `retry_after` is the wait in seconds that the other side asked for.

    `sentence` is what the person reads once no try is left; None: that it was our fault.
    """

    def __init__(
        self, reason: str, *, retry_after: float | None = None, sentence: str | None = None
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.sentence = sentence


class UnavailableError(TransientError):
    """A part we need is away (store, database, bus, an open breaker, a limit): wait, use no try."""


class PermanentError(MizualError):
    """It will never work. `code` and `sentence` are what the person reads; `reason` is logged."""

    def __init__(self, code: ErrorCode, sentence: str, *, reason: str = "") -> None:
        super().__init__(reason or sentence)
        self.code = code
        self.sentence = sentence
        self.reason = reason


class MisconfiguredError(PermanentError):
    """It will never work as we are set up: a model that is gone, say. An operator has to mend it.

    The person is told no more than of any failure.
    """


class RefusedError(PermanentError):
    """Another service refused a question; `status` is what HTTP says for it."""

    def __init__(self, error: QueryError) -> None:
        super().__init__(error.code, error.detail)
        self.status = error.status


class ObsoleteError(MizualError):
    """The work is no longer wanted: the job ended or moved on."""
