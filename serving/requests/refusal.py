"""How a request is refused: an HTTP status and one sentence."""

import json

from features.errors import BadInput, CoterieError, NotFound


class Refused(BadInput):
    """A request that is not answered, with the HTTP status to refuse it by."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def status_of(error: CoterieError) -> int:
    """The HTTP status for an error: 4xx if the request caused it, otherwise 500."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, NotFound):
        return 404
    return 422 if isinstance(error, BadInput) else 500


def quoted(value: object, width: int = 60) -> str:
    """A value as an error sentence can repeat it: quoted, ASCII, at most ``width`` characters.

    >>> quoted("Zoë")
    '"Zo\\\\u00eb"'
    """
    text = json.dumps(value, default=str)
    return text if len(text) <= width else f"{text[: width - 3]}..."
