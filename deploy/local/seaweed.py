"""The embedded S3 server (SeaweedFS), for `make run-s3` and the tests."""

import json
import os
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from deploy.local import ports, probes
from deploy.local.ports import LOOPBACK
from deploy.local.programs import installed

ACCESS_KEY: Final = "mizual"
LISTENERS: Final = ("master", "volume", "filer", "s3", "admin")
# Each listener has a gRPC twin this far above.
GRPC_OFFSET: Final = 10_000
# Where is compiled into it.
SOCKETS: Final = "/tmp/seaweedfs-{name}-grpc-{number}.sock"  # noqa: S108 - weed's choice
# It idles at 110 MiB with these and at 140 MiB without.
ENVIRONMENT: Final = {"GOMEMLIMIT": "100MiB", "GOGC": "50"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seaweed:
    """One `weed mini` that keeps everything in one folder."""

    folder: Path
    first_port: int

    @staticmethod
    def free_ports() -> int:
        """The first of five neighbouring ports that are free together with their gRPC twins."""
        return ports.free(len(LISTENERS), offsets=(0, GRPC_OFFSET))

    @property
    def endpoint_url(self) -> str:
        """Where S3 clients connect to (path style)."""
        return f"http://{LOOPBACK}:{self._port('s3')}"

    @property
    def secret_key(self) -> str:
        """The secret of ACCESS_KEY, made on first use and kept in the folder."""
        identity = json.loads(self._identities().read_text())["identities"][0]
        return str(identity["credentials"][0]["secretKey"])

    def launch(self) -> tuple[str, ...]:
        """Write the credentials and answer the command line; run it in the folder."""
        identities, data = self._identities(), self.folder / "data"
        data.mkdir(exist_ok=True)
        listeners = (f"-{name}.port={self._port(name)}" for name in LISTENERS)
        return (
            *(str(installed("weed")), "-logtostderr", "mini", f"-dir={data}", *listeners),
            *(f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", f"-s3.config={identities}"),
            *("-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-s3.autoCreateBucket=false", "-master.telemetry=false"),
            # Relative to the folder: by default they lie in /tmp and stay there.
            *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"),
        )

    def ready(self, _pid: int) -> bool:
        """Whether it answers S3 calls (one without a signature is refused) and has its volumes."""
        if probes.get(self._port("s3"), "/")[0] != HTTPStatus.FORBIDDEN:
            return False
        topology = json.loads(probes.get(self._port("master"), "/dir/status")[1] or b"{}")
        # After a crash the S3 side answers before the volumes have told the master of themselves.
        return bool(topology.get("Topology", {}).get("DataCenters"))

    def tidy(self) -> None:
        """Remove the sockets that it makes outside its folder and leaves there."""
        for name in LISTENERS:
            number = self._port(name) + GRPC_OFFSET
            Path(SOCKETS.format(name=name, number=number)).unlink(missing_ok=True)

    def _port(self, name: str) -> int:
        return self.first_port + LISTENERS.index(name)

    def _identities(self) -> Path:
        path = self.folder / "s3.json"
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(json.dumps(_identities(secrets.token_urlsafe(24))))
        return path


def environment() -> dict[str, str]:
    """This process's environment with SeaweedFS's memory kept small."""
    return dict(os.environ) | ENVIRONMENT


def _identities(secret: str) -> dict[str, object]:
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": secret}]
    return {"identities": [{"name": "mizual", "credentials": credentials, "actions": actions}]}
