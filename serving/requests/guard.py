"""The guard: checks each request before any other code of the service sees it.

An ASGI middleware. It knows which hosts a request may name and which method each path takes, reads a body up to its
limit, accepts strict JSON only, and passes the parsed body to the reader of its path. Everything else is refused with
a 4xx and one sentence. Nothing is logged: bodies are customers' data.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from features.errors import CoterieError
from serving.requests.hosts import HOSTS_VARIABLE, AllowedHosts, allowed_hosts_of_environment
from serving.requests.refusal import Refused, quoted, status_of
from serving.requests.strict_json import strict_json

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Reader = Callable[[object], object]
Headers = Sequence[tuple[bytes, bytes]]

CHECKED = "coterie.checked"
"""Key in the ASGI scope under which the application finds the body as its reader returned it."""
MAX_BYTES = 1 << 20


class Guard:
    """Passes a request on if host, path, method, content type, size and JSON are right and its reader accepts the body.

    ``readers`` maps each POST path to the function that validates its parsed body (raising ``BadInput``);
    ``pages`` are the GET paths, where ``/*`` at the end covers all paths below;
    ``hosts`` returns the hosts a request may name and is called once, when the server starts.
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
        if scope["type"] == "websocket":  # the service has none, so none is checked
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
        """Put the validated body into ``scope[CHECKED]``; raises if the request must not pass."""
        path, method = scope["path"], scope["method"]
        check_host(scope["headers"], self.hosts)
        if path not in self.readers:
            check_page(path, method, self.pages, tuple(self.readers))
            return
        if method != "POST":
            raise Refused(405, f"{path} was asked with {quoted(method)} but takes POST: send a JSON body by POST")
        check_headers(scope["headers"], self.max_bytes)
        scope[CHECKED] = self.readers[path](strict_json(await read_body(receive, self.max_bytes)))


def check_page(path: str, method: str, pages: tuple[str, ...], posts: tuple[str, ...]) -> None:
    """Any path that takes no body must exist, and be asked with GET or HEAD."""
    if not any(path == page or (page.endswith("/*") and path.startswith(page[:-1])) for page in pages):
        known = ", ".join([*(f"POST {post}" for post in posts), *(f"GET {page}" for page in pages[:3])])
        raise Refused(404, f"there is nothing at {quoted(path)}: ask one of {known}")
    if method not in ("GET", "HEAD"):
        raise Refused(405, f"{quoted(path)} was asked with {quoted(method)} but takes GET: ask it with GET")


def check_host(headers: Headers, allowed: AllowedHosts) -> None:
    """Refuse a request unless it names exactly one host, and that host is allowed."""
    found = values(headers, b"host")
    if len(found) != 1:
        raise Refused(400, f"the request names {len(found)} hosts, needed is one: send the header Host once")
    if not allowed.allow(found[0]):
        raise Refused(
            421,
            f"the host {quoted(found[0])} is not one this service answers for: ask it by its own name, or start it "
            f"with that host in --allow-host or ${HOSTS_VARIABLE}",
        )


def check_headers(headers: Headers, max_bytes: int) -> None:
    """Check content type, encoding and the announced length, before any of the body is read."""
    kind = ", ".join(values(headers, b"content-type"))
    media, _, options = (part.strip().lower() for part in kind.partition(";"))
    if media != "application/json" or options.replace('"', "") not in ("", "charset=utf-8"):
        raise Refused(415, f"the body came as {quoted(kind)}: send JSON with the header Content-Type: application/json")
    encoding = ", ".join(values(headers, b"content-encoding")) or "identity"
    if encoding != "identity":
        raise Refused(415, f"the body is encoded as {quoted(encoding)}: send it plain, without Content-Encoding")
    for length in values(headers, b"content-length"):
        digits = length.lstrip("0")
        # Python refuses to read numbers of thousands of digits.
        if digits.isdecimal() and (len(digits) > len(str(max_bytes)) or int(digits) > max_bytes):
            raise too_large(digits[:20], max_bytes)


def values(headers: Headers, name: bytes) -> list[str]:
    """All values of the header ``name`` (lower case), in the order they came."""
    return [value.decode("latin-1") for found, value in headers if found == name]


def too_large(found: str, max_bytes: int) -> Refused:
    """The error for a body over the limit."""
    return Refused(413, f"the body has {found} bytes, at most {max_bytes:,} are read: split it into several requests")


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole body; reading stops at the first chunk over the limit, whatever length was announced."""
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


async def refuse(send: Send, status: int, sentence: str) -> None:
    """Send ``{"error": sentence}`` with this status."""
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
