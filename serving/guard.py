"""The door: what a request must be before anything behind it looks at it.

A middleware for any ASGI application. It knows which hosts a request may name and which paths exist with which method,
reads a body only up to its limit, takes strict JSON and nothing else, hands the parsed body to the reader of its path,
and answers everything it refuses with a 4xx and one sentence. It logs nothing: bodies are customers' data.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NoReturn

from features.errors import BadInput, CoterieError, NotFound
from serving.hosts import HOSTS_VARIABLE, AllowedHosts, allowed_hosts_of_environment

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Reader = Callable[[object], object]
Headers = Sequence[tuple[bytes, bytes]]

CHECKED = "coterie.checked"  # where in the ASGI scope the application finds what its reader made of the body
MAX_BYTES = 1 << 20


class Refused(BadInput):
    """A request turned away at the door, with the HTTP status that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Guard:
    """Lets a request through if host, path, method, type, size and JSON are right, and its reader accepts the body.

    ``readers`` maps each POST path to the function that checks its parsed body (raising ``BadInput``);
    ``pages`` are the GET paths; one that ends in ``/*`` covers everything below it.
    ``hosts`` gives the hosts a request may name; it is called once, when the server starts.
    """

    def __init__(
        self,
        app: App,
        readers: Mapping[str, Reader],
        pages: tuple[str, ...] = (),
        hosts: Callable[[], AllowedHosts] = allowed_hosts_of_environment,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.app, self.readers, self.pages, self.max_bytes = app, readers, pages, max_bytes
        self.hosts = hosts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # nothing here speaks it, so nothing checks it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            try:
                await self.admit(scope, receive)
            except CoterieError as error:
                await refuse(send, status_of(error), str(error))
                return
        await self.app(scope, receive, send)

    async def admit(self, scope: Scope, receive: Receive) -> None:
        """Raises if the request must not pass; otherwise leaves the checked body in ``scope[CHECKED]``."""
        path, method = scope["path"], scope["method"]
        check_host(scope["headers"], self.hosts)
        if path not in self.readers:
            check_page(path, method, self.pages, tuple(self.readers))
            return
        if method != "POST":
            raise Refused(405, f"{path} was asked with {shown(method)} but takes POST: send a JSON body by POST")
        check_headers(scope["headers"], self.max_bytes)
        scope[CHECKED] = self.readers[path](strict_json(await read_body(receive, self.max_bytes)))


def status_of(error: CoterieError) -> int:
    """The HTTP status of an error meant for the caller: 4xx, or 500 if it is not the request's fault."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, NotFound):
        return 404
    return 422 if isinstance(error, BadInput) else 500


def check_page(path: str, method: str, pages: tuple[str, ...], posts: tuple[str, ...]) -> None:
    """A path that is read: it must exist, and be asked with GET or HEAD."""
    if not any(path == page or (page.endswith("/*") and path.startswith(page[:-1])) for page in pages):
        known = ", ".join([*(f"POST {post}" for post in posts), *(f"GET {page}" for page in pages[:3])])
        raise Refused(404, f"there is nothing at {shown(path)}: ask one of {known}")
    if method not in ("GET", "HEAD"):
        raise Refused(405, f"{shown(path)} was asked with {shown(method)} but takes GET: ask it with GET")


def check_host(headers: Headers, allowed: AllowedHosts) -> None:
    """Exactly one ``Host``, and one that is allowed."""
    found = values(headers, b"host")
    if len(found) != 1:
        raise Refused(400, f"the request names {len(found)} hosts, needed is one: send the header Host once")
    if not allowed.allow(found[0]):
        raise Refused(
            421,
            f"the host {shown(found[0])} is not one this service answers for: ask it by its own name, or start it with "
            f"that host in --allow-host or ${HOSTS_VARIABLE}",
        )


def check_headers(headers: Headers, max_bytes: int) -> None:
    """Content type, encoding and the announced length, before a byte of the body is read."""
    kind = ", ".join(values(headers, b"content-type"))
    media, _, options = (part.strip().lower() for part in kind.partition(";"))
    if media != "application/json" or options.replace('"', "") not in ("", "charset=utf-8"):
        raise Refused(415, f"the body came as {shown(kind)}: send JSON with the header Content-Type: application/json")
    encoding = ", ".join(values(headers, b"content-encoding")) or "identity"
    if encoding != "identity":
        raise Refused(415, f"the body is encoded as {shown(encoding)}: send it plain, without Content-Encoding")
    for length in values(headers, b"content-length"):
        digits = length.lstrip("0")
        # Python refuses to read numbers of thousands of digits.
        if digits.isdecimal() and (len(digits) > len(str(max_bytes)) or int(digits) > max_bytes):
            raise too_large(digits[:20], max_bytes)


def values(headers: Headers, name: bytes) -> list[str]:
    """Every value that came under the header ``name`` (lower case)."""
    return [value.decode("latin-1") for found, value in headers if found == name]


def too_large(found: str, max_bytes: int) -> Refused:
    """The refusal of a body over the limit."""
    return Refused(413, f"the body has {found} bytes, at most {max_bytes:,} are read: split it into several requests")


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole body; stops reading at the first byte over the limit, announced or not."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the connection closed before the whole body came: send it again")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > max_bytes:
            raise too_large(f"more than {max_bytes:,}", max_bytes)
        more = message.get("more_body", False)
    return b"".join(chunks)


def strict_json(body: bytes) -> object:
    """Parsed JSON as the standard has it: UTF-8, no NaN or Infinity, no number beyond a float, no key twice.

    >>> strict_json(b'{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    """
    try:
        return json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_key_twice
        )
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8 at byte {error.start}: send JSON encoded as UTF-8") from None
    except json.JSONDecodeError as error:
        found = "is empty" if not body.strip() else f"is not JSON at line {error.lineno}, column {error.colno}"
        raise Refused(400, f"the body {found} ({error.msg}): send one JSON object") from None
    except RecursionError:
        raise Refused(400, "the body is nested too deeply to be read: send one flat JSON object") from None
    except ValueError:  # an integer of thousands of digits
        raise Refused(400, "the body has a number with too many digits: send numbers a 64-bit float can hold") from None


def _no_constant(name: str) -> NoReturn:
    raise Refused(400, f"the body has {name}, which is not JSON: send a finite number, or null where it may be absent")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Refused(400, f"the body has {shown(text)}, beyond a 64-bit float: send a finite number")
    return number


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise Refused(400, f"the key {shown(key)} comes twice in one object: send it once")
        found[key] = value
    return found


def shown(value: object, width: int = 60) -> str:
    """A found value as it can be repeated in a sentence: quoted, ASCII, shortened."""
    text = json.dumps(value, default=str)
    return text if len(text) <= width else f"{text[: width - 3]}..."


async def refuse(send: Send, status: int, sentence: str) -> None:
    """Answer ``{"error": sentence}``."""
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
