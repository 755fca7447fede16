"""libvips, hardened: the one module that imports pyvips, so that nobody meets it as it comes.

Loading it allows only the loaders of the pictures we accept (each is a parser of hostile bytes),
switches the operation cache off (it would keep pictures alive) and keeps every operation in one
thread: two pictures side by side give more than one picture in two threads. It says nothing to the
log: what it warns of is the sender's doing, as often as the sender likes.
"""

import ctypes
import logging
from array import array
from collections.abc import Sequence
from typing import Final

from pyvips import Error, Image, Source, cache_set_max, operation_block_set
from pyvips.voperation import concurrency_set

__all__ = ["KEEP_NOTHING", "Error", "Image", "Source", "give_memory_back", "harden", "numbers"]

KEEP_NOTHING: Final = 0
"""A saver's `keep`: no metadata at all."""

LOADERS: Final = ("Jpeg", "Png", "Webp", "Tiff")

SILENT: Final = logging.CRITICAL + 1
"""Above every level that anybody logs at."""

# malloc.h of glibc
M_MMAP_THRESHOLD: Final = -3
M_ARENA_MAX: Final = -8
MMAP_FROM_BYTES: Final = 1024 * 1024


def harden() -> None:
    """Set libvips and the allocator up for untrusted pictures; doing it again changes nothing."""
    logging.getLogger("pyvips").setLevel(SILENT)
    operation_block_set("VipsForeignLoad", state=True)
    for loader in LOADERS:
        operation_block_set(f"VipsForeignLoad{loader}", state=False)
    cache_set_max(0)
    concurrency_set(1)
    _bound_arenas()


def numbers(image: Image) -> Sequence[float]:
    """Every value of a small image or table, row by row. Raises Error."""
    return array("d", bytes(image.cast("double").write_to_memory()))


def give_memory_back() -> None:
    """Return freed heap to the system, where the allocator can (glibc)."""
    if _TRIM is not None:
        _TRIM(0)


def _bound_arenas() -> None:
    """Few arenas, and every large block its own mapping: freed pixels leave the process at once."""
    mallopt = getattr(_LIBC, "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES)


_LIBC: Final = ctypes.CDLL(None)
_TRIM: Final = getattr(_LIBC, "malloc_trim", None)

harden()
