"""What the embedded stack is made of, and the order in which it comes and goes."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from signal import SIGINT, SIGQUIT
from typing import Final

from dotenv import dotenv_values

from deploy.local import emulators, ports, probes, programs, seaweed
from deploy.local.errors import StackError
from deploy.local.nats import Nats
from deploy.local.postgres import Postgres
from deploy.local.seaweed import Seaweed
from deploy.local.supervisor import Part

ROOT: Final = Path(__file__).resolve().parents[2]
STYLES: Final = ROOT / "deploy" / "local" / "styles"
"""Examples, for whoever has loaded no styles of their own."""

DEFAULT_PORT: Final = "10000"
# The gateway's port is the base; each worker's health and metrics follow it in this order.
WORKERS: Final = ("enhancer", "renderer", "storage", "feedback")
MIGRATED: Final = ("storage", "feedback")
BUCKET: Final = "mizual"

# Open streams are spread over the gateway's drain; all of the stack must end within 10 s.
GATEWAY_DRAIN_SECONDS: Final = 8
GATEWAY_IDLE_SECONDS: Final = 75


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = f"[{self.reachable_host}]" if ":" in self.host else self.reachable_host
        return f"http://{host}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """The host, or loopback where it stands for every address."""
        return {"0.0.0.0": ports.LOOPBACK, "::": "::1"}.get(self.host, self.host)  # noqa: S104


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The parts in the order of their start; setup is chains of commands that run to their end.

    Examples are commands too, for which no service has to wait.
    """

    gateway: Gateway
    servers: tuple[Part, ...]
    setup: tuple[tuple[Part, ...], ...]
    services: tuple[Part, ...]
    examples: tuple[Part, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that can stand in front of a line."""
        chained = (part for chain in self.setup for part in chain)
        all_parts = (*self.servers, *chained, *self.services, *self.examples)
        return tuple(part.name for part in all_parts)


def user_settings() -> dict[str, str]:
    """The environment over the file that the services read too (`DOTENV_FILE`, else `.env`)."""
    file = dotenv_values(os.environ.get("DOTENV_FILE", ".env"))
    return {name: value for name, value in file.items() if value is not None} | dict(os.environ)


def home_of(settings: Mapping[str, str]) -> Path:
    """The folder of this stack's data, absolute."""
    return Path(settings.get("MIZUAL_HOME") or ".mizual").absolute()


def build(
    home: Path, settings: Mapping[str, str], *, with_s3: bool = False, is_emulated: bool = False
) -> Stack:
    """All that the settings leave to the embedded stack. Raises StackError, so for a taken port."""
    gateway = _gateway(settings)
    known = ports.remembered(home / "ports.json", ("nats", "nats_monitor", "postgres"))
    environment = dict(settings) | {"MIZUAL_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    environment.setdefault("ENVIRONMENT", "preview")
    servers: list[Part] = []
    if not settings.get("NATS_URL"):
        nats = _nats(home, settings, known)
        environment["NATS_URL"] = nats.url
        servers.append(
            Part(name="nats", launch=nats.launch, ready=nats.ready, environment=os.environ)
        )
    if has_database := not settings.get("DATABASE_URL"):
        servers.append(_postgres(home, settings, known["postgres"], environment))
    with_bucket = with_s3 and not settings.get("S3_BUCKET_NAME")
    if with_bucket:
        servers.append(_seaweed(home, environment))
    if is_emulated:
        emulated = ports.remembered(home / "ports.json", emulators.NAMES)
        environment |= emulators.addresses(emulated)
        servers += emulators.parts(emulated, root=ROOT)
    return Stack(
        gateway=gateway,
        servers=tuple(servers),
        setup=_setup(environment, with_bucket=with_bucket),
        services=_services(gateway, environment),
        # A database of somebody else's has somebody else's styles.
        examples=(_styles(environment),) if has_database else (),
    )


def _gateway(settings: Mapping[str, str]) -> Gateway:
    host = settings.get("GATEWAY_HOST") or ports.LOOPBACK
    text = settings.get("GATEWAY_PORT") or DEFAULT_PORT
    if not text.isdecimal() or not 0 < int(text) <= 65535 - len(WORKERS):
        raise StackError(f"GATEWAY_PORT: {text!r} is no port between 1 and {65535 - len(WORKERS)}")
    ports.require_free(int(text), host=host, variable="GATEWAY_PORT")
    for step in range(1, len(WORKERS) + 1):
        ports.require_free(int(text) + step, host=ports.LOOPBACK, variable="GATEWAY_PORT")
    return Gateway(host, int(text))


def _nats(home: Path, settings: Mapping[str, str], known: Mapping[str, int]) -> Nats:
    strict = settings.get("NATS_REQUIRE_SYNC", "").lower() in {"1", "true", "yes", "on"}
    return Nats(
        folder=home / "nats",
        port=known["nats"],
        monitor_port=known["nats_monitor"],
        sync_interval="always" if strict else "10s",
    )


def _postgres(
    home: Path, settings: Mapping[str, str], port: int, environment: dict[str, str]
) -> Part:
    binaries = programs.postgres_binaries(settings.get("PG_BIN"))
    postgres = Postgres(folder=home / "postgres", port=port, binaries=binaries)
    # Its password is made with the cluster, before any service is started.
    postgres.launch()
    environment["DATABASE_URL"] = postgres.url
    return Part(
        name="postgres",
        launch=postgres.launch,
        ready=postgres.ready,
        environment=os.environ,
        directory=postgres.folder,
        stop_signals=(SIGINT, SIGQUIT),
    )


def _seaweed(home: Path, environment: dict[str, str]) -> Part:
    server = Seaweed(folder=home / "seaweed", first_port=Seaweed.free_ports())
    server.launch()
    environment |= {
        "S3_BUCKET_NAME": BUCKET,
        "S3_ENDPOINT_URL": server.endpoint_url,
        "S3_ACCESS_KEY_ID": seaweed.ACCESS_KEY,
        "S3_SECRET_ACCESS_KEY": server.secret_key,
    }
    return Part(
        name="seaweed",
        launch=server.launch,
        ready=server.ready,
        tidy=server.tidy,
        environment=seaweed.environment(),
        directory=server.folder,
    )


def _setup(environment: Mapping[str, str], *, with_bucket: bool) -> tuple[tuple[Part, ...], ...]:
    streams = _module("streams", environment, "services.chassis.streams")
    migrations = tuple(
        _module(f"{name}-db", environment, f"services.{name}.admin", "migrate", "up")
        for name in MIGRATED
    )
    bucket = _module("bucket", environment, "deploy.local.bucket")
    return ((streams,), migrations, *([(bucket,)] if with_bucket else []))


def _styles(environment: Mapping[str, str]) -> Part:
    words = ("styles", "load", str(STYLES), "--if-none")
    return _module("styles", environment, "services.storage.admin", *words)


def _services(gateway: Gateway, environment: Mapping[str, str]) -> tuple[Part, ...]:
    workers = (
        _service(name, environment, port=gateway.port + step, host=ports.LOOPBACK)
        for step, name in enumerate(WORKERS, start=1)
    )
    return (*workers, _gateway_part(gateway, environment))


def _gateway_part(gateway: Gateway, environment: Mapping[str, str]) -> Part:
    own = {name: value for name, value in environment.items() if name != "OPS_PORT"}
    own |= {"GATEWAY_HOST": gateway.host, "GATEWAY_PORT": str(gateway.port)}
    # Whom to believe about addresses is the gateway's to decide (TRUSTED_PROXIES).
    options = ("--no-proxy-headers", "--http", "services.gateway.adapters.http:BoundedHttp")
    drain = ("--timeout-graceful-shutdown", str(GATEWAY_DRAIN_SECONDS))
    # Longer than clients and load balancers reuse a connection: they close it first.
    idle = ("--timeout-keep-alive", str(GATEWAY_IDLE_SECONDS))
    workers = ("--workers", own.get("GATEWAY_WORKERS") or "1")
    return Part(
        name="gateway",
        launch=lambda: (
            *_uvicorn("gateway", gateway.host, gateway.port),
            *options,
            *drain,
            *idle,
            *workers,
        ),
        ready=_answers(gateway.port, gateway.reachable_host),
        why_not=_reasons(gateway.port, gateway.reachable_host),
        environment=own,
        directory=ROOT,
    )


def _service(name: str, environment: Mapping[str, str], *, port: int, host: str) -> Part:
    return Part(
        name=name,
        launch=lambda: _uvicorn(name, host, port),
        ready=_answers(port, host),
        why_not=_reasons(port, host),
        environment=dict(environment) | {"OPS_PORT": str(port)},
        directory=ROOT,
    )


def _uvicorn(name: str, host: str, port: int) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "uvicorn", "--factory", f"services.{name}.main:build_app"),
        *("--host", host, "--port", str(port), "--no-access-log", "--log-level", "warning"),
    )


def _module(name: str, environment: Mapping[str, str], *words: str) -> Part:
    command = (sys.executable, "-m", *words)
    return Part(name=name, launch=lambda: command, environment=environment, directory=ROOT)


def _answers(port: int, host: str) -> Callable[[int], bool]:
    return lambda _pid: probes.get(port, "/health/ready", host=host)[0] == HTTPStatus.OK


def _reasons(port: int, host: str) -> Callable[[], str]:
    return lambda: probes.get(port, "/health/ready", host=host)[1].decode(errors="replace")
