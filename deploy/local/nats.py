"""The embedded NATS server."""

import json
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

from deploy.local import probes
from deploy.local.ports import LOOPBACK
from deploy.local.programs import installed

MAX_PAYLOAD_BYTES: Final = 8 * 1024 * 1024
MAX_MEMORY_STORE_BYTES: Final = 256 * 1024 * 1024
# A promise of streams' byte limits, not disk that is taken: those limits must fit in it.
MAX_FILE_STORE_BYTES: Final = 64 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Nats:
    """One server with JetStream that keeps everything in one folder."""

    folder: Path
    port: int
    monitor_port: int
    sync_interval: str = "10s"
    """How long a confirmed message may live in memory alone; `always` waits for the disk."""
    name: str = field(default_factory=lambda: f"mizual-{secrets.token_hex(6)}")

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"nats://{LOOPBACK}:{self.port}"

    @property
    def monitor_url(self) -> str:
        """Its HTTP monitoring."""
        return f"http://{LOOPBACK}:{self.monitor_port}"

    def launch(self) -> tuple[str, ...]:
        """Write the configuration and answer the command line."""
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "nats.conf"
        configuration.write_text(json.dumps(self._configuration(), indent=2))
        return (str(installed("nats-server")), "--config", str(configuration))

    def ready(self, _pid: int) -> bool:
        """Whether JetStream takes messages, and it is this server that says so."""
        status, body = probes.get(self.monitor_port, "/varz")
        if status != HTTPStatus.OK or json.loads(body).get("server_name") != self.name:
            return False
        return probes.get(self.monitor_port, "/healthz?js-enabled-only=true")[0] == HTTPStatus.OK

    def _configuration(self) -> dict[str, object]:
        return {
            "host": LOOPBACK,
            "port": self.port,
            "http": f"{LOOPBACK}:{self.monitor_port}",
            "server_name": self.name,
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {
                "store_dir": str(self.folder / "jetstream"),
                "max_memory_store": MAX_MEMORY_STORE_BYTES,
                "max_file_store": MAX_FILE_STORE_BYTES,
                "sync_interval": self.sync_interval,
            },
        }
