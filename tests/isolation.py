"""`python -m tests.isolation [service ...]`: each service, installed alone, can be imported alone.

For each one its own requirements go into a throw-away environment, and of the code only the
contracts, the chassis and the service itself are there.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SERVICES: Final = ("gateway", "enhancer", "renderer", "storage", "feedback")
# As in the Makefile: a list is whole, and pyvips comes as source alone.
INSTALL: Final = (
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
    *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-binary", "pyvips"),
)
PROCESSES: Final = {"renderer": ("services.renderer.adapters.cutout_worker",)}
"""What a service runs in processes of their own, and so does not import itself."""
INSTALL_SECONDS: Final = 600
IMPORT_SECONDS: Final = 60


def main(names: list[str]) -> int:
    """Try the named services, by default all; 1 when one cannot be installed or imported."""
    if unknown := set(names) - set(SERVICES):
        print(f"there is no service {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    return max(_report(name) for name in names or SERVICES)


def _report(service: str) -> int:
    begun = time.monotonic()
    try:
        _try(service)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{service}: {error}\n{(error.stderr or b'').decode()}", file=sys.stderr)
        return 1
    print(f"{service}: imported alone ({time.monotonic() - begun:.0f} s)", flush=True)
    return 0


def _try(service: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _copy(service, folder)
        python = folder / ".venv" / "bin" / "python"
        requirements = ROOT / "requirements" / f"{service}.txt"
        _run((sys.executable, "-m", "venv", str(folder / ".venv")), folder, INSTALL_SECONDS)
        _run((str(python), *INSTALL, "-r", str(requirements)), folder, INSTALL_SECONDS)
        _run((str(python), "-m", "pip", "check"), folder, IMPORT_SECONDS)
        for module in (f"services.{service}.main", *PROCESSES.get(service, ())):
            _run((str(python), "-c", f"import {module}"), folder, IMPORT_SECONDS)


def _copy(service: str, folder: Path) -> None:
    for package in ("contracts", "services/chassis", f"services/{service}"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "services" / "__init__.py", folder / "services")


def _run(command: tuple[str, ...], folder: Path, seconds: float) -> None:
    subprocess.run(
        command, cwd=folder, timeout=seconds, check=True, stdout=sys.stderr, stderr=subprocess.PIPE
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
