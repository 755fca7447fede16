"""Settings: read once in `build_app`, validated there, passed down as values.

Names are flat environment variables, in any order of precedence: the environment, then the file
named by `DOTENV_FILE` (default `.env`). Each service's `settings.py` composes the groups below.
"""

import os
import re
import secrets
from io import StringIO
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.chassis.setting_names import KNOWN_NAMES

S = TypeVar("S", bound="ServiceSettings")


def _split(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
    return tuple(part.strip() for part in parts if part.strip())


Names = Annotated[tuple[str, ...], NoDecode, PlainValidator(_split)]
"""A comma list in the environment."""

MIN_SECRET_BYTES: Final = 32
_KEY: Final = re.compile(r"[!-~]+")
_URL: Final = re.compile(r"https?://(\[[\da-fA-F:.]+\]|[^\s/?#@:\[\]]+)(:\d+)?(/[^\s?#]*)?")


def _http_url(value: str) -> str:
    if not (_URL.fullmatch(value) and _has_a_place(value)):
        raise ValueError("not an http or https URL")
    return value.rstrip("/")


def _has_a_place(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


BaseUrl = Annotated[str, AfterValidator(_http_url)]
"""Where an HTTP API is, without credentials and query; a slash at the end is dropped."""


def _sendable(value: SecretStr) -> SecretStr:
    key = value.get_secret_value().strip()
    if not _KEY.fullmatch(key):
        raise ValueError("not a key: only visible ASCII characters can be sent")
    return SecretStr(key)


ApiKey = Annotated[SecretStr, AfterValidator(_sendable)]
"""A provider's key, which goes into a header; a line break around it, as files have, is dropped."""


class SettingsError(SystemExit):
    """The configuration cannot be used; the message names each variable and is the exit message."""


class SettingsGroup(BaseSettings):
    """How every group is read: frozen, an empty value is no value, errors repeat no input."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )


class ServiceSettings(SettingsGroup):
    """What every service needs: where it is, its bus, its logs."""

    environment: Literal["preview", "production"] = "preview"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    app_secret_key: SecretStr | None = None
    mizual_home: Path = Path(".mizual")
    nats_url: str = Field(default="nats://127.0.0.1:4222", pattern=r"^(nats|tls|ws|wss)://")
    nats_replicas: int = Field(default=1, ge=1, le=5)
    nats_credentials_file: Path | None = None
    nats_require_sync: bool | None = None
    journal_retention_days: float = Field(default=7, gt=0)
    job_deadline_seconds: float = Field(default=900, gt=0)
    worker_concurrency: int = Field(default=2, ge=1, le=8)
    ops_port: int | None = Field(default=None, ge=1, le=65535)

    @property
    def production(self) -> bool:
        """Whether unsafe defaults are refused."""
        return self.environment == "production"

    @property
    def sync_required(self) -> bool:
        """Whether readiness demands that the bus writes to disk before it confirms."""
        return self.production if self.nats_require_sync is None else self.nats_require_sync

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if self.production and not (
            self.nats_credentials_file or "@" in self.nats_url.partition("://")[2]
        ):
            raise ValueError("NATS_CREDENTIALS_FILE: production needs credentials on the bus")
        return self


class ObjectStoreSettings(SettingsGroup):
    """Where bytes are kept: S3 when a bucket is named, else a directory under `MIZUAL_HOME`."""

    s3_bucket_name: str = ""
    s3_endpoint_url: str | None = None
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None
    s3_region_name: str = "us-east-1"
    s3_public_url: str | None = None
    storage_path_prefix: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")


class DatabaseSettings(SettingsGroup):
    """The Postgres that a service owns tables in."""

    database_url: SecretStr
    database_schema: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    database_pool_size: int = Field(default=10, ge=1, le=100)
    database_pgbouncer: bool = False


class ImageSettings(SettingsGroup):
    """What an untrusted picture may be."""

    max_upload_bytes: int = Field(default=20 * 1024 * 1024, ge=1)
    max_image_pixels: int = Field(default=50_000_000, ge=1)
    unsupported_image_types: Names = ("heic", "avif", "gif")


class PublicSettings(SettingsGroup):
    """Where the gateway is reached from outside."""

    public_url: BaseUrl | None = None


class AccountSettings(SettingsGroup):
    """What the account of the image provider allows, over all renderers of a bus."""

    flux_max_active_tasks: int = Field(default=24, ge=1)
    flux_timeout_seconds: float = Field(default=300, gt=0)


class GeminiSettings(SettingsGroup):
    """Google's Gemini, which two services may ask: one for words, one for pictures."""

    gemini_api_key: ApiKey | None = None
    gemini_base_url: BaseUrl = "https://generativelanguage.googleapis.com"


class LimitSettings(ServiceSettings):
    """What one client may ask for; 0 switches a limit off. None: the environment's default."""

    rate_limit_daily_images: int | None = Field(default=None, ge=0)
    rate_limit_burst_seconds: float | None = Field(default=None, ge=0)
    rate_limit_attempts_per_minute: int | None = Field(default=None, ge=0)
    rate_limit_status_checks_per_minute: int | None = Field(default=None, ge=0)
    max_active_jobs_per_owner: int | None = Field(default=None, ge=0)


def load(kind: type[S]) -> S:
    """Read and validate the settings. Raises SettingsError naming each variable that is wrong."""
    values = _file_values()
    try:
        return kind(**_from_file(kind, values))  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error))) from None


def schema_of(settings: ServiceSettings, database: DatabaseSettings) -> str:
    """The Postgres schema: as set, else `public` in production, else the environment's name."""
    return database.database_schema or ("public" if settings.production else settings.environment)


def prefix_of(settings: ServiceSettings, store: ObjectStoreSettings) -> str:
    """The first part of every object key: as set, else the environment's name."""
    return store.storage_path_prefix or settings.environment


def secret_keys(settings: ServiceSettings) -> tuple[bytes, ...]:
    """The application secrets: the first signs, all verify; preview makes and keeps its own.

    Raises SettingsError when production has none or a short one.
    """
    if settings.app_secret_key is not None:
        return _checked_keys(settings)
    if settings.production:
        raise SettingsError("APP_SECRET_KEY: required in production")
    return (_kept_key(settings.mizual_home / "app_secret_key"),)


def _file_values() -> dict[str, str]:
    named = os.environ.get("DOTENV_FILE")
    dotenv = Path(named or ".env")
    if named and not dotenv.exists():
        raise SettingsError(f"DOTENV_FILE: there is no file {dotenv}")
    try:
        values = _parsed(dotenv)
    except UnicodeDecodeError:
        raise SettingsError(f"{dotenv}: is not UTF-8 text") from None
    if unknown := sorted(set(values) - KNOWN_NAMES):
        raise SettingsError(f"{dotenv}: no setting is called {', '.join(unknown)}")
    # As in the environment, an empty value is no value.
    return {name: value for name, value in values.items() if value}


def _parsed(dotenv: Path) -> dict[str, str | None]:
    """The file's values. Raises SettingsError for a line that is no setting, without its text."""
    if not dotenv.is_file():
        return {}
    text = dotenv.read_text(encoding="utf-8")
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise SettingsError(f"{dotenv}: line {binding.original.line} is not NAME=value")
    return dotenv_values(stream=StringIO(text))


def _from_file(kind: type[ServiceSettings], values: dict[str, str]) -> dict[str, str]:
    fields = {name.upper() for name in kind.model_fields}
    taken = {name.upper() for name in os.environ}
    return {k.lower(): v for k, v in values.items() if k in fields and k not in taken}


def _lines(error: ValidationError) -> list[str]:
    return [
        f"{str(e['loc'][0]).upper()}: {e['msg']}" if e["loc"] else e["msg"].split(", ", 1)[-1]
        for e in error.errors(include_input=False, include_url=False)
    ]


def _checked_keys(settings: ServiceSettings) -> tuple[bytes, ...]:
    assert settings.app_secret_key is not None
    keys = tuple(key.encode() for key in _split(settings.app_secret_key.get_secret_value()))
    short = any(len(key) < MIN_SECRET_BYTES for key in keys)
    if not keys or (settings.production and short):
        raise SettingsError(f"APP_SECRET_KEY: each key needs {MIN_SECRET_BYTES} characters or more")
    return keys


def _kept_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        # A hard link fails when another service was first, so all read one key.
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
    return path.read_bytes()
