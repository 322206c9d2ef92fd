"""Histories wait here for the process that answers them, so that look-ups never wait for a history."""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

from features.errors import BadArtifact
from serving import history_process
from serving.history_process import HistoryProcess
from serving.history_worker import FRAME
from serving.requests.reply import Reply, failure

WAITING = 16
"""Histories that wait at most, behind the one that is being answered."""
RETRY_AFTER_S = 1
TIMEOUT_S = 30.0
"""Seconds in which a history must be answered, waiting included."""


class Streams(NamedTuple):
    """Both directions of the process's socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class HistoryQueue:
    """Answers one history after the other in a process of its own; at most ``waiting`` wait, the others are refused.

    A process that ends, or that is still busy after ``timeout_s``, is replaced.
    """

    def __init__(self, folder: Path, waiting: int = WAITING, timeout_s: float = TIMEOUT_S) -> None:
        """Take the process that was started early, or start it: it loads the bundle in ``folder`` meanwhile."""
        self.folder, self.waiting, self.timeout_s = folder, waiting, timeout_s
        self.inside = 0
        self.turn = asyncio.Lock()
        self.process: HistoryProcess = history_process.take(folder) or history_process.start(folder)
        self.streams: Streams | None = None

    async def ready(self) -> dict[str, Any]:
        """Wait until the bundle is loaded; what the pages show of its models. BadArtifact if it cannot be loaded."""
        self.streams = Streams(*await asyncio.open_connection(sock=self.process.connection))
        try:
            hello = await receive(self.streams.reader)
        except EOFError:
            raise BadArtifact(
                "the process that answers histories ended before it was ready: the lines above say why"
            ) from None
        facts: dict[str, Any] = json.loads(hello.body)
        if hello.status != 200:
            raise BadArtifact(facts["error"])
        return facts

    async def answer(self, body: bytes) -> Reply:
        """The answer to a request's body; 429 if too many wait, 504 if it took too long, 503 if the process ended."""
        if self.inside > self.waiting:
            return failure(
                429, f"{self.inside} histories are being answered or wait: send this one again later", RETRY_AFTER_S
            )
        self.inside += 1
        try:
            async with asyncio.timeout(self.timeout_s), self.turn:
                return await self.ask(body)
        except TimeoutError:
            return failure(504, f"no answer within {self.timeout_s:g} s: send fewer customers or rows at once")
        except (EOFError, OSError):
            return failure(503, "the process that answers histories ended: send this one again later", RETRY_AFTER_S)
        finally:
            self.inside -= 1

    async def ask(self, body: bytes) -> Reply:
        """The process's answer. It is replaced if there is none, also if this is cancelled: it would answer later."""
        try:
            if self.streams is None:
                await self.ready()
            assert self.streams is not None
            self.streams.writer.write(FRAME.pack(0, 0, len(body)) + body)
            await self.streams.writer.drain()
            return await receive(self.streams.reader)
        except BaseException:
            self.stop()
            self.process = history_process.start(self.folder)
            raise

    def stop(self) -> None:
        """End the process."""
        self.process.end()
        (self.streams.writer if self.streams else self.process.connection).close()
        self.streams = None


async def receive(reader: asyncio.StreamReader) -> Reply:
    """The next frame; EOFError if the process ended."""
    status, retry_after_s, size = FRAME.unpack(await reader.readexactly(FRAME.size))
    return Reply(status, await reader.readexactly(size), retry_after_s or None)
