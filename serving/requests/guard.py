"""The guard: checks each request before any other code of the service sees it, and answers those with a body.

An ASGI middleware. It knows which hosts a request may name and which method each path takes, and reads a body up to its
limit, for the function that answers the path. Everything else is refused with a 4xx and one sentence. Nothing is
logged: bodies are customers' data.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from features.errors import CoterieError
from serving.requests.hosts import HOSTS_VARIABLE, AllowedHosts, allowed_hosts_of_environment
from serving.requests.refusal import Refused, quoted
from serving.requests.reply import Reply, Send, refused, send_reply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = Callable[[bytes], Awaitable[Reply]]
Headers = Sequence[tuple[bytes, bytes]]

MAX_BYTES = 1 << 20
KNOWN_HOSTS = 64
"""Values of the header Host whose check is remembered: a service is asked by few names."""


class Guard:
    """Answers the POST paths, and passes a GET request on, if host, path, method, content type and size are right.

    ``answers`` maps each POST path to the function that answers its body, raising ``CoterieError`` to refuse it;
    ``pages`` are the GET paths, where ``/*`` at the end covers all paths below;
    ``hosts`` returns the hosts a request may name and is called once, when the server starts.
    """

    def __init__(
        self,
        app: App,
        answers: Mapping[str, Answer],
        pages: tuple[str, ...] = (),
        hosts: Callable[[], AllowedHosts] = allowed_hosts_of_environment,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.app, self.answers, self.pages, self.max_bytes = app, answers, pages, max_bytes
        self.allows = lru_cache(KNOWN_HOSTS)(hosts().allow)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # the service has none, so none is checked
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            try:
                reply = await self.reply(scope, receive)
            except CoterieError as error:
                reply = refused(error)
            if reply is not None:
                await send_reply(send, reply)
                return
        await self.app(scope, receive, send)

    async def reply(self, scope: Scope, receive: Receive) -> Reply | None:
        """The answer to a POST request, None for a page; raises if the request must not pass."""
        path, method = scope["path"], scope["method"]
        check_host(scope["headers"], self.allows)
        answer = self.answers.get(path)
        if answer is None:
            check_page(path, method, self.pages, tuple(self.answers))
            return None
        if method != "POST":
            raise Refused(405, f"{path} was asked with {quoted(method)} but takes POST: send a JSON body by POST")
        check_headers(scope["headers"], self.max_bytes)
        return await answer(await read_body(receive, self.max_bytes))


def check_page(path: str, method: str, pages: tuple[str, ...], posts: tuple[str, ...]) -> None:
    """Any path that takes no body must exist, and be asked with GET or HEAD."""
    if not any(path == page or (page.endswith("/*") and path.startswith(page[:-1])) for page in pages):
        known = ", ".join([*(f"POST {post}" for post in posts), *(f"GET {page}" for page in pages[:3])])
        raise Refused(404, f"there is nothing at {quoted(path)}: ask one of {known}")
    if method not in ("GET", "HEAD"):
        raise Refused(405, f"{quoted(path)} was asked with {quoted(method)} but takes GET: ask it with GET")


def check_host(headers: Headers, allows: Callable[[str], bool]) -> None:
    """Refuse a request unless it names exactly one host, and that host is allowed."""
    found = values(headers, b"host")
    if len(found) != 1:
        raise Refused(400, f"the request names {len(found)} hosts, needed is one: send the header Host once")
    if not allows(found[0]):
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
