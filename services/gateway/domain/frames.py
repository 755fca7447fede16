"""Server-Sent Events on the wire."""

from typing import Final

OPENING: Final = b"retry: 2000\n\n"
"""Sent once: a client that lost us comes back after two seconds."""

KEEPALIVE: Final = b": still here\n\n"


def stage(sequence: int, status: bytes) -> bytes:
    """One entry; its id is the journal's sequence, which every replica knows."""
    return b"id: %d\nevent: stage\ndata: %b\n\n" % (sequence, status)


def place(sequence: int) -> bytes:
    """Where the stream stands, for a client that comes back before there was anything to tell."""
    return b"id: %d\n\n" % sequence


def skipped(detail: bytes) -> bytes:
    """Something is left out, and where it can be read."""
    return b"event: skipped\ndata: %b\n\n" % detail


def end(status: bytes) -> bytes:
    """The last frame. Without an id, so that a client resumes after the last entry."""
    return b"event: end\ndata: %b\n\n" % status
