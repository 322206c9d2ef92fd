"""What a request is answered with: an HTTP status and the bytes of a JSON body."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from features.errors import CoterieError
from serving.requests.refusal import status_of

_ENCODER = json.JSONEncoder(allow_nan=False)  # json.dumps would make one for each call

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Reply(NamedTuple):
    """``body`` is JSON; ``retry_after_s`` is when to ask again, if the service is too busy to answer now."""

    status: int
    body: bytes
    retry_after_s: int | None = None


def as_bytes(body: object) -> bytes:
    """JSON whose floats read back to the same bits; NaN raises an error instead of becoming null."""
    return _ENCODER.encode(body).encode()


def facts(as_of: str, models: Mapping[str, Mapping[str, str]], bundle: str, **more: object) -> bytes:
    """The end of every body of answers: the time they are about, the models' versions, the bundle's version."""
    return as_bytes({"as_of": as_of, "models": models, "bundle": bundle, **more}).removeprefix(b"{")


def answered(answers: Sequence[bytes], unknown: Sequence[str], facts: bytes) -> Reply:
    """The body that ``answers.Answers`` describes, from each customer's answer as JSON."""
    return Reply(200, b'{"answers": [%b], "unknown": %b, %b' % (b", ".join(answers), as_bytes(unknown), facts))


def refused(error: CoterieError) -> Reply:
    """``{"error": sentence}`` with the status of the error."""
    return failure(status_of(error), str(error))


def failure(status: int, sentence: str, retry_after_s: int | None = None) -> Reply:
    """``{"error": sentence}`` with this status."""
    return Reply(status, as_bytes({"error": sentence}), retry_after_s)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send the whole answer."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply.body))]
    if reply.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % reply.retry_after_s))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
