"""Services and their commands as processes of their own."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from deploy.local import ports


def admin(name: str, settings: Mapping[str, str], *words: str, within_seconds: float = 60) -> str:
    """What a service's command for operators printed. Raises CalledProcessError."""
    command = [sys.executable, "-m", f"services.{name}.admin", *words]
    done = subprocess.run(
        command,
        env=dict(settings),
        capture_output=True,
        text=True,
        timeout=within_seconds,
        check=True,
    )
    return done.stdout


@contextmanager
def service(name: str, settings: Mapping[str, str]) -> Iterator[str]:
    """The address of a running service, ended as an operator ends it."""
    port = ports.free()
    app = f"services.{name}.main:build_app"
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", str(port)]
    with subprocess.Popen(command, env=dict(settings)) as process:
        try:
            yield f"http://127.0.0.1:{port}"
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) in {0, -signal.SIGTERM, 128 + signal.SIGTERM}
        finally:
            process.kill()


async def answers(url: str, status: int, words: str) -> bool:
    """Whether a service answers about its readiness so, with these words in it."""
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"{url}/health/ready")
        except httpx.TransportError:
            return False
    return answer.status_code == status and words in answer.text
