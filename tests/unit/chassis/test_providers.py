"""A call to a provider: its deadline, what it tells the breaker, what is counted, who is called."""

import asyncio
import logging

import pytest

from contracts.errors import ErrorCode
from services.chassis.breaker import OPENS_AFTER, Breaker
from services.chassis.errors import MisconfiguredError, PermanentError, TransientError
from services.chassis.metrics import PROVIDER_CALLS
from services.chassis.providers import Provider


@pytest.fixture
def provider() -> Provider:
    return Provider("flux", Breaker("flux-test"))


def counted(outcome: str) -> float:
    return float(PROVIDER_CALLS.labels("flux", "poll", outcome)._value.get())


async def called(provider: Provider, error: BaseException | None = None) -> None:
    async with provider.call("poll", seconds=5):
        if error is not None:
            raise error


async def test_a_call_that_ends_is_counted_and_closes_the_breaker(provider: Provider):
    before = counted("ok")
    for _ in range(OPENS_AFTER):
        provider.breaker.failed()

    await called(provider)

    assert counted("ok") == before + 1
    assert not provider.breaker.is_open


async def test_what_may_pass_counts_against_the_breaker(provider: Provider):
    before = counted("transient")
    for _ in range(OPENS_AFTER):
        with pytest.raises(TransientError):
            await called(provider, TransientError("503"))

    assert provider.breaker.is_open
    assert counted("transient") == before + OPENS_AFTER


async def test_a_refusal_is_an_answer(provider: Provider):
    for _ in range(OPENS_AFTER):
        with pytest.raises(PermanentError):
            await called(provider, PermanentError(ErrorCode.CONTENT_MODERATED, "Refused."))

    assert not provider.breaker.is_open


@pytest.mark.parametrize("code", [ErrorCode.PROVIDER_AUTH, ErrorCode.PROVIDER_CREDITS])
async def test_what_only_an_operator_can_mend_is_an_error_in_the_log(
    provider: Provider, code: ErrorCode, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.ERROR), pytest.raises(PermanentError):
        await called(provider, PermanentError(code, "Please try again later."))

    (record,) = caplog.records
    assert record.message == "provider_needs_operator"
    assert vars(record)["code"] == code
    assert counted(code.lower()) > 0


async def test_a_setup_that_cannot_work_calls_an_operator_and_tells_a_person_nothing_new(
    provider: Provider, caplog: pytest.LogCaptureFixture
):
    gone = MisconfiguredError(ErrorCode.PROVIDER_FAILED, "It failed.", reason="flux: HTTP 404")
    before = counted("provider_setup")

    with caplog.at_level(logging.ERROR), pytest.raises(PermanentError):
        await called(provider, gone)

    (record,) = caplog.records
    assert record.message == "provider_needs_operator"
    assert vars(record)["reason"] == "flux: HTTP 404"
    assert counted("provider_setup") == before + 1


async def test_another_failure_calls_nobody(provider: Provider, caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(PermanentError):
        await called(provider, PermanentError(ErrorCode.PROVIDER_FAILED, "It failed."))

    assert caplog.records == []


async def test_the_deadline_is_for_the_whole_call_and_may_pass(provider: Provider):
    before = counted("timeout")

    with pytest.raises(TransientError, match="no end within"):
        async with provider.call("poll", seconds=0.01):
            await asyncio.Event().wait()

    assert counted("timeout") == before + 1


async def test_being_cancelled_says_nothing_about_the_provider(provider: Provider):
    for _ in range(OPENS_AFTER):
        with pytest.raises(asyncio.CancelledError):
            await called(provider, asyncio.CancelledError())

    assert not provider.breaker.is_open
