"""The one error of the embedded stack."""


class StackError(Exception):
    """The stack cannot go on; the message is one sentence for whoever started it."""
