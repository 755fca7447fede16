"""What the gateway can be told, and what production refuses."""

import ipaddress
import re
from functools import cached_property
from typing import Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from services.chassis.settings import (
    ImageSettings,
    LimitSettings,
    Names,
    ObjectStoreSettings,
    PublicSettings,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PREVIEW_FACTOR: Final = 20
"""Preview allows this much more of what production allows per minute."""

_ORIGIN: Final = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
_MIN_TOKEN_CHARACTERS: Final = 16


class GatewaySettings(LimitSettings, PublicSettings, ObjectStoreSettings, ImageSettings):
    """The gateway's environment."""

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=10000, ge=1, le=65535)
    gateway_workers: int = Field(default=1, ge=1, le=64)
    cors_allowed_origins: Names | None = None
    trusted_proxies: Names = ()
    platform_token: SecretStr | None = None
    admin_token: SecretStr | None = None
    max_streams_per_client: int = Field(default=20, ge=0)
    max_chain_length: int | None = Field(default=None, ge=1)

    @field_validator("cors_allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        wrong = [
            origin for origin in value or () if origin != "*" and not _ORIGIN.fullmatch(origin)
        ]
        if wrong:
            raise ValueError("each is an origin, as https://example.com or https://*.example.com")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("platform_token", "admin_token")
    @classmethod
    def _none_when_empty(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value and value.get_secret_value() else None

    @model_validator(mode="after")
    def _is_safe_in_production(self) -> Self:
        if not self.production:
            return self
        if self.public_url is None:
            raise ValueError("PUBLIC_URL: required in production")
        if "*" in (self.cors_allowed_origins or ()):
            raise ValueError("CORS_ALLOWED_ORIGINS: production names its origins, `*` is refused")
        for name in ("platform_token", "admin_token"):
            token = getattr(self, name)
            if token and len(token.get_secret_value()) < _MIN_TOKEN_CHARACTERS:
                raise ValueError(
                    f"{name.upper()}: needs {_MIN_TOKEN_CHARACTERS} characters or more"
                )
        if not self.s3_bucket_name and self.gateway_workers > 1:
            raise ValueError(
                "S3_BUCKET_NAME: a local directory serves one gateway only, GATEWAY_WORKERS is more"
            )
        return self

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        """From whom a forwarded address is believed."""
        return tuple(ipaddress.ip_network(name, strict=False) for name in self.trusted_proxies)

    @property
    def chain_limit(self) -> int:
        """The longest path from a root."""
        return self.max_chain_length or (5 if self.production else 50)

    @property
    def attempts_per_minute(self) -> float:
        """Calls that cost work before they can be refused, per client; 0 is off."""
        return self._or_default(self.rate_limit_attempts_per_minute, 30, 600)

    @property
    def status_checks_per_minute(self) -> float:
        """Status reads, per client and edit; 0 is off."""
        return self._or_default(self.rate_limit_status_checks_per_minute, 90, 600)

    def per_minute(self, production: float) -> float:
        """A fixed limit of production, as it is here."""
        return production if self.production else production * PREVIEW_FACTOR

    def _or_default(self, asked: int | None, production: float, preview: float) -> float:
        if asked is not None:
            return asked
        return production if self.production else preview
