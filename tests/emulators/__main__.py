"""`python -m tests.emulators bfl|gemini|openai --port N`: one emulator, until SIGTERM."""

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Final

from starlette.types import ASGIApp

from tests.emulators.core.serving import serve

NAMES: Final = ("bfl", "gemini", "openai")


def main(words: list[str] | None = None) -> None:
    """Serve the named emulator; its first line of output is its address."""
    asked = _parser().parse_args(words)
    build: Callable[[], ASGIApp] = import_module(f"tests.emulators.{asked.name}.app").build_app
    serve(build(), host=asked.host, port=asked.port, leashed=asked.leashed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--leashed", action="store_true", help="end also when the input closes")
    return parser


if __name__ == "__main__":
    main()
