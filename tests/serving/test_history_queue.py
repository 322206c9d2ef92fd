"""The queue before the process that answers histories: bounded, in turn, and answering again whatever happened."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from features.errors import BadArtifact
from serving import history_process
from serving.history_process import start_early, take
from serving.history_queue import HistoryQueue
from serving.requests.reply import Reply

from . import fake_worker


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process that answers histories is the stand-in."""
    monkeypatch.setattr(history_process, "start", fake_worker.start)
    monkeypatch.delenv(history_process.VARIABLE, raising=False)


@pytest.fixture
def with_queue(fake: None) -> Callable[..., Any]:  # noqa: ARG001 - its queues have the stand-in
    """Runs a test of a queue whose process is the stand-in."""

    def run(test: Callable[[HistoryQueue], Coroutine[Any, Any, Any]], **options: Any) -> Any:
        async def ready() -> Any:
            queue = HistoryQueue(Path(), **options)
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
        before = queue.process.pid
        failed = await queue.answer(body)
        assert queue.process.pid != before
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
        (tmp_path / ("0" * 16)).mkdir()
        queue = HistoryQueue(tmp_path / ("0" * 16))
        try:
            await queue.ready()
        finally:
            queue.stop()

    with pytest.raises(BadArtifact, match=r"manifest\.json"):
        asyncio.run(start())


def test_a_process_that_was_started_early_is_taken_once(with_queue: Callable[..., Any]) -> None:
    early = start_early(Path())

    async def ask(queue: HistoryQueue) -> Reply:
        assert (queue.process.pid, queue.process.child) == (early.pid, None)
        os.environ[history_process.VARIABLE] = given  # as a second worker would find it
        assert take(Path()) is None
        return await queue.answer(b"first")

    given = os.environ[history_process.VARIABLE]
    assert with_queue(ask) == Reply(200, b"first")
    assert early.child is not None
    assert early.child.wait(timeout=20) < 0  # killed with the queue


@pytest.mark.parametrize(("body", "status"), [(b"sleep9", 504), (b"die", 503)])
def test_a_taken_process_that_hangs_or_ends_is_replaced_too(
    with_queue: Callable[..., Any], body: bytes, status: int
) -> None:
    early = start_early(Path())

    async def ask(queue: HistoryQueue) -> list[Reply]:
        failed = await queue.answer(body)
        queue.timeout_s = 30.0
        return [failed, await queue.answer(b"next")]

    failed, following = with_queue(ask, timeout_s=2.0)
    assert (failed.status, following) == (status, Reply(200, b"next"))
    assert early.child is not None
    early.child.wait(timeout=20)


@pytest.mark.usefixtures("fake")
def test_the_number_of_a_process_that_has_ended_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    early, signalled = start_early(Path()), []
    taken = take(Path())
    assert taken is not None
    assert early.child is not None
    assert not taken.has_ended()
    early.child.kill()
    early.child.wait(timeout=20)  # from here on another process may get its number
    monkeypatch.setattr(os, "kill", lambda *about: signalled.append(about))
    taken.end()
    taken.connection.close()
    assert signalled == []


@pytest.mark.usefixtures("fake")
def test_a_process_for_another_bundle_is_not_taken_and_ends() -> None:
    early = start_early(Path("one"))
    assert take(Path("other")) is None
    assert early.child is not None
    early.child.wait(timeout=20)


@pytest.mark.parametrize("given", ["", "x", "999999", "0"])
def test_without_a_process_to_take_there_is_none(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(history_process.VARIABLE, given)
    assert take(Path()) is None


def test_a_process_that_nobody_takes_ends_with_the_last_who_could() -> None:
    script = f"""
import sys
sys.path.append({str(Path(__file__).parent)!r})
from pathlib import Path
import fake_worker
from serving import history_process
history_process.start = fake_worker.start
history_process.start_early(Path())
"""
    # Its standard output is open as long as the process is alive.
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.PIPE, timeout=60)
