"""Parameters of a query, read or refused with a sentence."""

from contracts.errors import ErrorCode
from services.gateway.domain.problems import FieldError, RefusalError


def whole_number(name: str, text: str | None, *, usual: int, most: int) -> int:
    """The number, the usual one without a text. Raises RefusalError (422) outside 1 to `most`."""
    if text is None:
        return usual
    # int() takes signs, spaces and digits of any script, and its time for a million of them.
    if text.isascii() and text.isdecimal() and len(text) <= len(str(most)):
        number = int(text)
        if 1 <= number <= most:
            return number
    raise refused(name, f"The `{name}` is a whole number from 1 to {most}.")


def refused(name: str, sentence: str) -> RefusalError:
    """The refusal (422) of a parameter."""
    return RefusalError(
        422, ErrorCode.INVALID_REQUEST, sentence, errors=(FieldError(name, sentence),)
    )
