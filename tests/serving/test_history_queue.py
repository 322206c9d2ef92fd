"""The queue before the process that answers histories: bounded, in turn, and answering again whatever happened."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from features.errors import BadArtifact
from serving import history_worker
from serving.history_queue import HistoryQueue
from serving.requests.reply import Reply

FAKE = Path(__file__).parent / "fake_worker.py"
Started = tuple["subprocess.Popen[bytes]", socket.socket]


def start_fake(folder: Path, version: str) -> Started:  # noqa: ARG001 - as history_worker.start
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, str(FAKE), str(theirs.fileno())]
        return subprocess.Popen(command, pass_fds=[theirs.fileno()]), ours


@pytest.fixture
def with_queue(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a test of a queue whose process is the stand-in."""
    monkeypatch.setattr(history_worker, "start", start_fake)

    def run(test: Callable[[HistoryQueue], Coroutine[Any, Any, Any]], **options: Any) -> Any:
        async def ready() -> Any:
            queue = HistoryQueue(Path(), "", **options)
            try:
                await queue.ready()
                return await test(queue)
            finally:
                queue.stop()

        return asyncio.run(ready())

    return run


def test_each_gets_its_own_answer_in_turn(with_queue: Callable[..., Any]) -> None:
    async def ask(queue: HistoryQueue) -> list[Reply]:
        return await asyncio.gather(*(queue.answer(b"%d" % number) for number in range(10)))

    assert with_queue(ask) == [Reply(200, b"%d" % number) for number in range(10)]


def test_beyond_the_bound_it_is_429_with_a_time_to_ask_again(with_queue: Callable[..., Any]) -> None:
    async def ask(queue: HistoryQueue) -> list[Reply]:
        return await asyncio.gather(*(queue.answer(b"sleep0.3") for _ in range(5)))

    replies = with_queue(ask, waiting=2)
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert all(reply.retry_after_s for reply in replies if reply.status == 429)
    assert b'{"error": "3 histories' in replies[-1].body


def test_after_a_refusal_there_is_room_again(with_queue: Callable[..., Any]) -> None:
    async def ask(queue: HistoryQueue) -> list[Reply]:
        first = await asyncio.gather(*(queue.answer(b"a") for _ in range(3)))
        return [*first, await queue.answer(b"b")]

    assert [reply.status for reply in with_queue(ask, waiting=0)] == [200, 429, 429, 200]


@pytest.mark.parametrize(("body", "status"), [(b"sleep9", 504), (b"die", 503)])
def test_a_process_that_hangs_or_ends_is_replaced(with_queue: Callable[..., Any], body: bytes, status: int) -> None:
    async def ask(queue: HistoryQueue) -> list[Reply]:
        before = queue.started[0].pid
        failed = await queue.answer(body)
        assert queue.started[0].pid != before
        queue.timeout_s = 30.0
        return [failed, await queue.answer(b"next")]

    assert with_queue(ask, timeout_s=2.0)[0].status == status
    assert with_queue(ask, timeout_s=2.0)[1] == Reply(200, b"next")


def test_the_event_loop_is_free_while_a_history_is_answered(with_queue: Callable[..., Any]) -> None:
    async def ask(queue: HistoryQueue) -> int:
        history = asyncio.create_task(queue.answer(b"sleep0.5"))
        turns = 0
        while not history.done():
            await asyncio.sleep(0.01)
            turns += 1
        return turns

    assert with_queue(ask) > 10


def test_a_bundle_that_cannot_be_loaded_is_an_error_at_the_start(tmp_path: Path) -> None:
    async def start() -> None:
        queue = HistoryQueue(tmp_path, "0" * 16)
        try:
            await queue.ready()
        finally:
            queue.stop()

    with pytest.raises(BadArtifact, match=r"manifest\.json"):
        asyncio.run(start())
