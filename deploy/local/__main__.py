"""`python -m deploy.local run | run-s3 | demo`: the embedded stack, kept up or for one picture."""

import argparse
import asyncio
import sys
from pathlib import Path

from deploy.local import demo, home, stack
from deploy.local.errors import StackError
from deploy.local.output import SUPERVISOR, to_screen
from deploy.local.run import running, until_stopped


def main() -> int:
    """Run one command; 0 when it ended as it should, 1 with one sentence otherwise."""
    arguments = _parser().parse_args()
    emulated = arguments.providers == "emulated"
    try:
        if arguments.command == "demo":
            return demo.main(
                demo.Order(arguments.photo, arguments.prompt, arguments.out), is_emulated=emulated
            )
        _keep_up(with_s3=arguments.command == "run-s3", is_emulated=emulated)
    except StackError as error:
        print(f"mizual: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _keep_up(*, with_s3: bool, is_emulated: bool) -> None:
    settings = stack.user_settings()
    folder = stack.home_of(settings)
    with home.occupied(folder) as lock:
        parts = stack.build(folder, settings, with_s3=with_s3, is_emulated=is_emulated)
        asyncio.run(_run(parts, lock))


async def _run(parts: stack.Stack, lock: int) -> None:
    await until_stopped(asyncio.create_task(_stay(parts, lock)))


async def _stay(parts: stack.Stack, lock: int) -> None:
    sink = to_screen(parts.names)
    async with running(parts, sink, lock=lock):
        sink(SUPERVISOR, f"the web page: {parts.gateway.url}/ui")
        sink(SUPERVISOR, f"the API, to read and to try: {parts.gateway.url}/docs")
        print(f"ready: {parts.gateway.url}", flush=True)
        await asyncio.Event().wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the stack and keep it up until Ctrl-C")
    commands.add_parser("run-s3", help="the same with SeaweedFS as object store")
    one = commands.add_parser("demo", help="edit one photo through the public API and stop")
    one.add_argument("--photo", type=Path, default=demo.PHOTO, help="the picture to edit")
    one.add_argument("--prompt", default=demo.PROMPT, help="what to do with it")
    one.add_argument("--out", type=Path, default=Path("out"), help="where the result goes")
    for command in commands.choices.values():
        command.add_argument(
            "--providers",
            choices=("configured", "emulated"),
            default="configured",
            help="emulated: the real clients against local emulators, whatever keys are set",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
