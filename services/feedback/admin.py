"""Operators' commands: `python -m services.feedback.admin migrate up|down|status`."""

import argparse
import sys
from collections.abc import Sequence

from services.chassis.migrate import migrate_command


def main(argv: Sequence[str]) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.feedback.admin", description="Looks after the feedback tables."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", add_help=False, help="bring the tables to this code's version")
    _, rest = parser.parse_known_args(argv)
    return migrate_command("feedback", rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
