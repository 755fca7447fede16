"""What a person may write: lengths, and characters that have no place in a sentence."""

import re
from typing import Final

from contracts.errors import ErrorCode
from contracts.journal import MAX_PROMPT_CHARACTERS
from services.gateway.domain.problems import FieldError, RefusalError

MAX_FEEDBACK_CHARACTERS: Final = 1000

# C0 but tab, newline and return; DEL; C1; halves of surrogate pairs, which no UTF-8 can hold.
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_prompt(written: str) -> str:
    """The trimmed sentence. Raises RefusalError (422) for an empty, long or unprintable one."""
    prompt = written.strip()
    if not prompt:
        raise _refused("prompt", "Please say in `prompt` what should be changed.")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        sentence = f"The prompt has {len(prompt):,} characters; {MAX_PROMPT_CHARACTERS} fit."
        raise _refused("prompt", sentence)
    if _UNFIT.search(written):
        raise _refused("prompt", "The prompt contains control characters, which are not allowed.")
    return prompt


def clean_optional_prompt(written: str | None) -> str:
    """The same for a sentence that may be left out, which is empty then."""
    if not written or not (written.strip() or _UNFIT.search(written)):
        return ""
    return clean_prompt(written)


def clean_feedback(written: str | None, *, required: bool) -> str | None:
    """The trimmed remark, None for none. Raises RefusalError (422)."""
    text = (written or "").strip()
    if required and not text:
        raise _refused("feedback_text", "Please tell us in `feedback_text` what went wrong.")
    if len(text) > MAX_FEEDBACK_CHARACTERS:
        sentence = f"The text has {len(text):,} characters; {MAX_FEEDBACK_CHARACTERS} fit."
        raise _refused("feedback_text", sentence)
    if _UNFIT.search(text):
        raise _refused("feedback_text", "The text contains control characters.")
    return text or None


def _refused(field: str, sentence: str) -> RefusalError:
    code = ErrorCode.INVALID_PROMPT if field == "prompt" else ErrorCode.INVALID_REQUEST
    return RefusalError(422, code, sentence, errors=(FieldError(field, sentence),))
