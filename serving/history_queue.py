"""Histories wait here for the process that answers them, so that look-ups never wait for a history."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from features.errors import BadArtifact
from serving import history_worker
from serving.history_worker import FRAME
from serving.requests.reply import Reply, failure

WAITING = 16
"""Histories that wait at most, behind the one that is being answered."""
RETRY_AFTER_S = 1
TIMEOUT_S = 30.0
"""Seconds in which a history must be answered, waiting included."""


class Worker(NamedTuple):
    """The process and both directions of its socket."""

    process: "subprocess.Popen[bytes]"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class HistoryQueue:
    """Answers one history after the other in a process of its own; at most ``waiting`` wait, the others are refused.

    A process that ends, or that is still busy after ``timeout_s``, is replaced.
    """

    def __init__(self, folder: Path, version: str, waiting: int = WAITING, timeout_s: float = TIMEOUT_S) -> None:
        """Start the process, which loads the bundle ``version`` in ``folder`` while this one goes on."""
        self.folder, self.version, self.waiting, self.timeout_s = folder, version, waiting, timeout_s
        self.inside = 0
        self.turn = asyncio.Lock()
        self.started = history_worker.start(folder, version)
        self.worker: Worker | None = None

    async def ready(self) -> dict[str, Any]:
        """Wait until the bundle is loaded; what the pages show of its models. BadArtifact if it cannot be loaded."""
        process, ours = self.started
        reader, writer = await asyncio.open_connection(sock=ours)
        self.worker = Worker(process, reader, writer)
        try:
            hello = await receive(reader)
        except EOFError:
            raise BadArtifact(
                f"the process that answers histories ended with status {process.wait()} before it was ready: "
                "the lines above say why"
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
            if self.worker is None:
                await self.ready()
            assert self.worker is not None
            self.worker.writer.write(FRAME.pack(0, 0, len(body)) + body)
            await self.worker.writer.drain()
            return await receive(self.worker.reader)
        except BaseException:
            self.stop()
            self.started = history_worker.start(self.folder, self.version)
            raise

    def stop(self) -> None:
        """End the process."""
        process, ours = self.started
        process.kill()
        process.wait()
        if self.worker is None:
            ours.close()
        else:
            self.worker.writer.close()
        self.worker = None


async def receive(reader: asyncio.StreamReader) -> Reply:
    """The next frame; EOFError if the process ended."""
    status, retry_after_s, size = FRAME.unpack(await reader.readexactly(FRAME.size))
    return Reply(status, await reader.readexactly(size), retry_after_s or None)
