"""Settings are read once, and what is wrong with them is said by name."""

from pathlib import Path

import pytest

from services.chassis.settings import (
    DatabaseSettings,
    ServiceSettings,
    SettingsError,
    load,
    schema_of,
    secret_keys,
)


class Some(ServiceSettings, DatabaseSettings):
    """A service with a database."""


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path: Path):
    for name in Some.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/mizual")
    monkeypatch.setenv("MIZUAL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def refusal(kind: type[ServiceSettings] = Some) -> str:
    with pytest.raises(SettingsError) as refused:
        load(kind)
    return str(refused.value)


def test_every_wrong_value_is_named_and_none_is_repeated(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "secret")
    monkeypatch.setenv("DATABASE_POOL_SIZE", "secret")

    text = refusal()

    assert {line.split(":")[0] for line in text.splitlines()} == {"LOG_LEVEL", "DATABASE_POOL_SIZE"}
    assert "secret" not in text


def test_a_value_that_is_missing_is_named(monkeypatch):
    monkeypatch.delenv("DATABASE_URL")

    assert refusal() == "DATABASE_URL: Field required"


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path: Path):
    (tmp_path / ".env").write_text("LOG_LEVEL=ERROR\nWORKER_CONCURRENCY=3\n")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")

    settings = load(Some)

    assert (settings.log_level, settings.worker_concurrency) == ("DEBUG", 3)


def test_an_empty_value_is_no_value(monkeypatch, tmp_path: Path):
    (tmp_path / ".env").write_text("WORKER_CONCURRENCY=\n")
    monkeypatch.setenv("OPS_PORT", "")

    settings = load(Some)

    assert (settings.worker_concurrency, settings.ops_port) == (2, None)


def test_a_name_that_no_service_knows_stops_the_start(tmp_path: Path):
    (tmp_path / ".env").write_text("BFL_API_KYE=x\n")

    assert refusal() == ".env: no setting is called BFL_API_KYE"


@pytest.mark.parametrize("content", [None, b"LOG_LEVEL=\xff\xfe\n"])
def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path: Path, content: bytes | None):
    file = tmp_path / "own.env"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("DOTENV_FILE", str(file))

    assert "own.env" in refusal()


def test_production_needs_credentials_on_the_bus(monkeypatch):
    monkeypatch.setenv("ENVIRONMENT", "production")

    assert refusal() == "NATS_CREDENTIALS_FILE: production needs credentials on the bus"


@pytest.mark.parametrize("key", [None, "short"])
def test_production_needs_a_secret_of_its_own(monkeypatch, key: str | None):
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("NATS_URL", "nats://user:word@bus:4222")
    if key:
        monkeypatch.setenv("APP_SECRET_KEY", key)
    settings = load(Some)

    with pytest.raises(SettingsError, match="APP_SECRET_KEY"):
        secret_keys(settings)


def test_preview_makes_one_secret_and_keeps_it():
    settings = load(Some)

    assert secret_keys(settings) == secret_keys(settings)
    assert len(secret_keys(settings)[0]) >= 32


def test_a_secret_never_shows(monkeypatch):
    monkeypatch.setenv("APP_SECRET_KEY", "x" * 40)

    assert "x" * 40 not in repr(load(Some))


@pytest.mark.parametrize(
    ("environment", "own", "schema"),
    [("preview", None, "preview"), ("preview", "mine", "mine")],
)
def test_the_schema_follows_the_environment(monkeypatch, environment, own, schema):
    monkeypatch.setenv("ENVIRONMENT", environment)
    if own:
        monkeypatch.setenv("DATABASE_SCHEMA", own)
    settings = load(Some)

    assert schema_of(settings, settings) == schema


@pytest.mark.parametrize("line", ['BFL_API_KEY = "abcdefgh', "foo bar", "=value"])
def test_a_line_of_the_file_that_is_no_setting_stops_the_start_and_is_not_repeated(
    monkeypatch, tmp_path: Path, line: str
):
    file = tmp_path / "settings"
    file.write_text(f"LOG_LEVEL=INFO\n{line}\n")
    monkeypatch.setenv("DOTENV_FILE", str(file))

    said = refusal()

    assert "line 2 is not NAME=value" in said
    assert "abcdefgh" not in said
