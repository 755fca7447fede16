"""The sentences with which a picture is refused."""

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.formats import NAMES, article, listing
from services.chassis.images.limits import ImageLimits


def empty() -> PermanentError:
    """No bytes at all."""
    return PermanentError(ErrorCode.INVALID_IMAGE, "The picture is empty.")


def too_many_bytes(limits: ImageLimits) -> PermanentError:
    """More bytes than an upload may have."""
    most = limits.max_upload_bytes / (1024 * 1024)
    sentence = f"This picture is too large to upload; at most {most:g} MB are accepted."
    return PermanentError(ErrorCode.PAYLOAD_TOO_LARGE, sentence)


def no_picture(limits: ImageLimits) -> PermanentError:
    """Bytes of no known picture type."""
    wanted = listing(limits.accepted_types)
    return PermanentError(
        ErrorCode.INVALID_IMAGE, f"This is not a picture that can be read; send a {wanted}."
    )


def unsupported(name: str, limits: ImageLimits) -> PermanentError:
    """A known type that is not accepted."""
    wanted = listing(limits.accepted_types)
    return PermanentError(
        ErrorCode.UNSUPPORTED_IMAGE, f"This picture is {article(name)}; send a {wanted}."
    )


def unusual(name: str, what: str) -> PermanentError:
    """An accepted type in a variant that is not read."""
    sentence = f"This {NAMES[name]} {what}, which is not supported; save it as an ordinary picture."
    return PermanentError(ErrorCode.UNSUPPORTED_IMAGE, sentence)


def damaged(name: str, reason: str) -> PermanentError:
    """The bytes stop early or contradict themselves; `reason` is for the log."""
    sentence = f"This {NAMES[name]} is damaged or incomplete and cannot be read."
    return PermanentError(ErrorCode.INVALID_IMAGE, sentence, reason=reason)


def too_many_parts(name: str) -> PermanentError:
    """More chunks, segments or tags than are looked at."""
    sentence = f"This {NAMES[name]} is put together in an unusual way; save it anew and try again."
    return PermanentError(ErrorCode.INVALID_IMAGE, sentence, reason="too many parts")


def too_large(width: int, height: int, limits: ImageLimits) -> PermanentError:
    """More pixels, or a longer side, than is decoded."""
    sentence = (
        f"This picture has {width:,} x {height:,} pixels; at most "
        f"{limits.max_image_pixels / 1e6:g} megapixels and {limits.max_side_pixels:,} pixels "
        "a side are accepted."
    )
    return PermanentError(ErrorCode.IMAGE_TOO_LARGE, sentence)


def too_many_frames(frames: int, limits: ImageLimits) -> PermanentError:
    """More frames or pages than a picture may hold."""
    sentence = f"This picture has {frames:,} frames; at most {limits.max_frames:,} are accepted."
    return PermanentError(ErrorCode.IMAGE_TOO_LARGE, sentence)
