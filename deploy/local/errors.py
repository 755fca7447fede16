"""The one error of the embedded stack."""


class StackError(Exception):
    """The stack cannot go on; the message is one sentence for whoever started it.

    `part` names the part of the stack that is to blame, where there is one.
    """

    def __init__(self, message: str, *, part: str = "") -> None:
        super().__init__(message)
        self.part = part
