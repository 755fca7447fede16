"""Token buckets, byte ranges, problem documents, and what production refuses."""

import pytest
from pydantic import ValidationError

from contracts.errors import ErrorCode
from contracts.queries import QueryError
from services.chassis.errors import PermanentError, RefusedError, UnavailableError
from services.gateway.domain.buckets import MAX_BUCKETS, Buckets
from services.gateway.domain.problems import FieldError, RefusalError, pause_of, trouble_of
from services.gateway.domain.ranges import ByteRange, UnsatisfiableError, byte_range
from services.gateway.settings import GatewaySettings

SAFE = {
    "environment": "production",
    "nats_url": "nats://user:word@bus:4222",
    "public_url": "https://mizual.example/",
    "app_secret_key": "k" * 40,
}


def test_a_bucket_refuses_when_it_is_empty_and_fills_again():
    clock = [0.0]
    buckets = Buckets("reads", 60, now=lambda: clock[0])
    for _ in range(60):
        buckets.take("client")

    with pytest.raises(RefusalError) as refused:
        buckets.take("client")
    buckets.take("another client")
    clock[0] += 1
    buckets.take("client")

    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "1"
    assert refused.value.headers["RateLimit-Policy"] == '"reads";q=60;w=60'


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "3 minutes"),
        (7199, "120 minutes"),
        (86_390, "24 hours"),
    ],
)
def test_a_wait_is_told_in_the_unit_that_a_person_would_choose(seconds, words):
    assert pause_of(seconds) == words


def test_who_is_refused_is_told_how_long_to_wait_in_words():
    buckets = Buckets("reads", 60, now=lambda: 0.0)
    for _ in range(60):
        buckets.take("client")

    with pytest.raises(RefusalError) as refused:
        buckets.take("client")

    assert refused.value.sentence == "Too many requests; please try again in 1 second."


def test_forty_pages_of_an_office_with_two_tabs_each_poll_for_ever():
    clock = [0.0]
    allowed = GatewaySettings(**SAFE).status_checks_per_minute
    buckets = Buckets("status-checks", allowed, now=lambda: clock[0])

    for _ in range(1800):
        clock[0] += 2
        for edit in range(40):
            buckets.take(("office", edit))
            buckets.take(("office", edit))


def test_what_production_allows_and_preview():
    production, preview = GatewaySettings(**SAFE), GatewaySettings()

    assert (production.status_checks_per_minute, preview.status_checks_per_minute) == (90, 600)
    assert (production.attempts_per_minute, preview.attempts_per_minute) == (30, 600)
    assert (production.per_minute(10), preview.per_minute(10)) == (10, 200)
    assert (production.max_streams_per_client, preview.max_streams_per_client) == (20, 20)
    assert GatewaySettings(rate_limit_status_checks_per_minute=0).status_checks_per_minute == 0


def test_a_limit_of_zero_is_off():
    buckets = Buckets("reads", 0)

    for _ in range(1000):
        buckets.take("client")


def test_the_number_of_buckets_is_bounded():
    clock = [0.0]
    buckets = Buckets("reads", 1, now=lambda: clock[0])
    buckets.take("first")
    for client in range(MAX_BUCKETS):
        buckets.take(client)

    buckets.take("first")  # forgotten, so it begins anew


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=90-", ByteRange(90, 100)),
        ("bytes=90-500", ByteRange(90, 100)),
        ("bytes=-10", ByteRange(90, 100)),
        ("bytes=-500", ByteRange(0, 100)),
        ("bytes=5-2", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=1-2", None),
    ],
)
def test_a_single_range_is_understood_and_everything_else_is_the_whole(header, expected):
    assert byte_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_past_the_end_cannot_be_satisfied(header: str):
    with pytest.raises(UnsatisfiableError):
        byte_range(header, 100)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RefusalError(404, ErrorCode.EDIT_NOT_FOUND, "Edit not found"), 404, "EDIT_NOT_FOUND"),
        (PermanentError(ErrorCode.INVALID_IMAGE, "Damaged."), 400, "INVALID_IMAGE"),
        (PermanentError(ErrorCode.PAYLOAD_TOO_LARGE, "Big."), 413, "PAYLOAD_TOO_LARGE"),
        (UnavailableError("nats://secret:4222"), 503, "SERVICE_UNAVAILABLE"),
        (KeyError("SELECT secret"), 500, "INTERNAL_ERROR"),
    ],
)
def test_every_error_is_a_problem_that_tells_nothing_internal(error, status: int, code: str):
    trouble = trouble_of(error, "request-1")

    assert trouble.problem.status == trouble.status == status
    assert trouble.problem.error_code == code
    assert trouble.problem.request_id == "request-1"
    assert "secret" not in trouble.problem.model_dump_json()


def test_the_refusal_of_another_service_is_passed_on():
    error = QueryError(status=409, code=ErrorCode.FEEDBACK_EXISTS, detail="Once is enough.")

    trouble = trouble_of(RefusedError(error), "r")

    assert (trouble.status, trouble.problem.detail) == (409, "Once is enough.")


def test_what_is_away_says_when_to_come_back():
    assert trouble_of(UnavailableError("x", retry_after=7), "r").headers["Retry-After"] == "7"


def test_a_problem_names_fields():
    error = RefusalError(
        422, ErrorCode.INVALID_REQUEST, "No.", errors=(FieldError("seed", "not a number"),)
    )

    problem = trouble_of(error, "r").problem

    assert problem.errors == ({"field": "seed", "message": "not a number"},)


def test_a_safe_production_starts():
    settings = GatewaySettings(**SAFE)

    assert settings.public_url == "https://mizual.example"
    assert settings.chain_limit == 5
    assert settings.attempts_per_minute == 30


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"public_url": None}, "PUBLIC_URL"),
        ({"cors_allowed_origins": "*"}, "CORS_ALLOWED_ORIGINS"),
        ({"gateway_workers": 2}, "S3_BUCKET_NAME"),
        ({"admin_token": "short"}, "ADMIN_TOKEN"),
        ({"nats_url": "nats://bus:4222"}, "NATS_CREDENTIALS_FILE"),
    ],
)
def test_an_unsafe_production_does_not_start_and_says_which(change: dict, name: str):
    with pytest.raises(ValidationError, match=name):
        GatewaySettings(**{**SAFE, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"public_url": "mizual.example"},
        {"public_url": "http://mizual.example:abc"},
        {"public_url": "http://:80"},
        {"cors_allowed_origins": "https://*.*.example"},
        {"trusted_proxies": "nowhere"},
    ],
)
def test_a_value_that_means_nothing_is_refused(change: dict):
    with pytest.raises(ValidationError):
        GatewaySettings(**change)
