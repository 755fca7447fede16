"""What an S3 server or its SDK refuses, in our kinds of errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    ParamValidationError,
)

from services.chassis.errors import TransientError, UnavailableError

ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})
"""The codes of an object that is not there."""

_BUSY: Final = frozenset(
    {"SlowDown", "RequestTimeout", "ThrottlingException", "429", "ConditionalRequestConflict"}
)
_EXPIRED: Final = frozenset({"ExpiredToken", "InvalidToken"})
_ELSEWHERE: Final = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed"})
_FORBIDDEN: Final = (401, 403)
_BROKEN: Final = 500


@contextmanager
def translated(bucket: str) -> Iterator[None]:
    """Turn the SDK's errors into ours, naming the setting where one is to blame."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error, bucket) from error
    except ParamValidationError as error:
        raise UnavailableError(f"S3_BUCKET_NAME: {error}") from error
    except FlexibleChecksumError as error:
        raise TransientError(f"S3: {error}") from error
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:
        # OSError covers the deadline, which asyncio raises as TimeoutError.
        raise UnavailableError(f"S3: {_said(error)}") from error


def code_of(error: ClientError) -> str:
    """The code by which the server refused, as in `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _refusal(error: ClientError, bucket: str) -> TransientError:
    code, status = code_of(error), error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    if code in ("NoSuchBucket", *ABSENT):
        return UnavailableError(f"S3_BUCKET_NAME: there is no bucket {bucket}")
    if code in _ELSEWHERE:
        return UnavailableError(f"S3_REGION_NAME: bucket {bucket} is in another region ({code})")
    if status in _FORBIDDEN or code in _EXPIRED:
        return UnavailableError(f"S3_ACCESS_KEY_ID: refused for bucket {bucket} ({code})")
    if status >= _BROKEN or code in _BUSY:
        return UnavailableError(f"S3 is busy or broken ({code})")
    return TransientError(f"S3 answered {code} ({status})")
