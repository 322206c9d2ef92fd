"""The guard on its own, driven as ASGI: what may pass, and the sentence for what may not."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import BadInput
from serving.requests.guard import Guard
from serving.requests.hosts import allowed_hosts
from serving.requests.reply import Reply, as_bytes, failure, send_reply
from serving.requests.strict_json import strict_json

HOST = (b"host", b"localhost:3000")
JSON_HEADER = (b"content-type", b"application/json")


def ask(
    body: Iterable[bytes] = (b"{}",),
    *,
    path: str = "/predict",
    method: str = "POST",
    headers: tuple[tuple[bytes, bytes], ...] = (JSON_HEADER,),
    hosts: tuple[tuple[bytes, bytes], ...] = (HOST,),
    max_bytes: int = 100,
) -> tuple[int, Any, int]:
    """Status, what the path's function read (None: the application was asked) or the error, and chunks received."""
    chunks = list(body)
    read, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": chunks[read - 1], "more_body": read < len(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        sent.extend([{"status": 200}, {"body": b"null"}])

    async def echo(body: bytes) -> Reply:
        found = strict_json(body)
        if found == {"bad": 1}:
            raise BadInput("bad is not a key: leave it out")
        return Reply(200, as_bytes(found))

    guard = Guard(
        app,
        {"/predict": echo},
        ("/models", "/static/*"),
        lambda: allowed_hosts(["shop.example", "10.0.0.7:3000"]),
        max_bytes,
    )
    scope = {"type": "http", "path": path, "method": method, "headers": [*hosts, *headers]}
    asyncio.run(guard(scope, receive, send))
    status, answered = sent[0]["status"], json.loads(sent[1]["body"])
    return status, answered if status == 200 else answered["error"], read


def test_a_body_reaches_the_function_of_its_path_whole() -> None:
    assert ask([b'{"a": ', b"[1, 2.5]}"])[:2] == (200, {"a": [1, 2.5]})


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"", 400, "is empty"),
        (b"{", 400, "is not JSON at line 1"),
        (b'{"a": NaN}', 400, "NaN"),
        (b'{"a": -Infinity}', 400, "-Infinity"),
        (b'{"a": 1e400}', 400, "1e400"),
        (b'{"a": -1e400}', 400, "-1e400"),
        (b'{"a": 1, "a": 2}', 400, '"a" comes twice'),
        (b'{"b": {"a": 1, "c": 3, "a": 2}}', 400, '"a" comes twice'),
        (b'{"a": "\xff"}', 400, "not UTF-8 at byte 7"),
        (b"\xef\xbb\xbf{}", 400, "is not JSON"),
        ('{"a": 1}'.encode("utf-16"), 400, "not UTF-8"),
        (b"9" * 5000, 400, "too many digits"),
        (b'{"bad": 1}', 422, "bad is not a key"),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused_with_a_sentence(body: bytes, status: int, part: str) -> None:
    found, sentence, _ = ask([body], max_bytes=10_000)
    assert found == status
    assert part in sentence


def test_a_body_nested_without_end_is_refused() -> None:
    status, sentence, _ = ask([b"[" * 200_000], max_bytes=1 << 20)
    assert status == 400
    assert "nested too deeply" in sentence


def test_reading_stops_at_the_first_chunk_over_the_limit() -> None:
    status, sentence, chunks_read = ask([b" " * 60] * 50, max_bytes=100)
    assert status == 413
    assert "at most 100" in sentence
    assert chunks_read == 2


def test_an_announced_length_over_the_limit_is_refused_unread() -> None:
    status, _, chunks_read = ask(headers=(JSON_HEADER, (b"content-length", b"101")))
    assert (status, chunks_read) == (413, 0)


def test_a_body_of_exactly_the_limit_passes() -> None:
    assert ask([b"{}" + b" " * 98], headers=(JSON_HEADER, (b"content-length", b"100")))[0] == 200


@pytest.mark.parametrize(
    "value",
    [
        b"text/plain",
        b"",
        b"application/vnd.bentoml+pickle",
        b"multipart/form-data",
        b"application/json;charset=latin-1",
    ],
)
def test_only_json_is_taken(value: bytes) -> None:
    status, sentence, chunks_read = ask(headers=((b"content-type", value),))
    assert (status, chunks_read) == (415, 0)
    assert "Content-Type: application/json" in sentence


def test_a_second_content_type_is_no_way_in() -> None:
    assert ask(headers=(JSON_HEADER, (b"content-type", b"text/plain")))[0] == 415


@pytest.mark.parametrize(
    "value", [b"application/json; charset=utf-8", b"Application/JSON", b'application/json;charset="UTF-8"']
)
def test_json_may_name_its_charset(value: bytes) -> None:
    assert ask(headers=((b"content-type", value),))[0] == 200


def test_a_compressed_body_is_refused() -> None:
    assert ask(headers=(JSON_HEADER, (b"content-encoding", b"gzip")))[0] == 415


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/predict", "GET", 405),
        ("/predict/", "POST", 404),
        ("/models", "GET", 200),
        ("/models", "HEAD", 200),
        ("/models", "DELETE", 405),
        ("/static/a.css", "GET", 200),
        ("/static", "GET", 404),
        ("/elsewhere", "POST", 404),
    ],
)
def test_only_known_paths_with_their_method_pass(path: str, method: str, status: int) -> None:
    assert ask(path=path, method=method)[0] == status


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_every_json_value_is_read_as_it_was_meant(value: object) -> None:
    assert strict_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_never_anything_else(body: bytes) -> None:
    status, answered, _ = ask([body])
    assert status in (200, 400, 422)
    assert status == 200 or ": " in answered


def test_when_to_ask_again_is_said_in_a_header() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(send_reply(send, failure(429, "busy: send it again later", retry_after_s=1)))
    assert sent[0]["status"] == 429
    assert (b"retry-after", b"1") in sent[0]["headers"]


@pytest.mark.parametrize("length", [b"101", b"0101", b"9" * 5_000])
def test_an_announced_length_may_have_any_number_of_digits(length: bytes) -> None:
    status, _, chunks_read = ask(headers=(JSON_HEADER, (b"content-length", length)))
    assert (status, chunks_read) == (413, 0)


HOSTS = [
    ((b"localhost",), 200),
    ((b"LocalHost:3000",), 200),
    ((b"127.0.0.1:3000",), 200),
    ((b"[::1]:3000",), 200),
    ((b"[0:0::1]",), 200),
    ((b"shop.example:80",), 200),
    ((b"10.0.0.7:3000",), 200),
    ((b"10.0.0.7",), 421),
    ((b"10.0.0.8:3000",), 421),
    ((b"attacker.example",), 421),
    ((b"localhost.attacker.example:3000",), 421),
    ((b"attacker.example@localhost",), 421),
    ((b"localhost:3000, attacker.example",), 421),
    ((b"::1",), 421),
    ((b"[localhost]",), 421),
    ((b"localhost:x",), 421),
    ((b" localhost",), 421),
    ((b"localhost\n",), 421),
    ((b"",), 421),
    ((), 400),
    ((b"localhost", b"localhost"), 400),
    ((b"localhost", b"attacker.example"), 400),
]


@pytest.mark.parametrize("path", ["/predict", "/models", "/static/a.css", "/elsewhere"])
@pytest.mark.parametrize(("names", "status"), HOSTS)
def test_only_an_allowed_host_is_answered(path: str, names: tuple[bytes, ...], status: int) -> None:
    method = "POST" if path == "/predict" else "GET"
    found, answered, chunks_read = ask(path=path, method=method, hosts=tuple((b"host", name) for name in names))
    if status == 200:
        assert found == (404 if path == "/elsewhere" else 200)
    else:
        assert (found, chunks_read) == (status, 0)
        assert ": " in answered


def test_a_websocket_is_closed_unanswered() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def never(*_: Any) -> None:
        raise AssertionError("the application was reached")

    asyncio.run(Guard(never, {})({"type": "websocket", "path": "/models", "headers": []}, never, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
