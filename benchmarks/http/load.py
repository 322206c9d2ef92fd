"""A load generator in a process of its own: plain sockets and one selector, to cost less than what it measures.

``python -m benchmarks.http.load PORT PATH BODIES [--connections N] [--seconds S]`` sends the lines of ``BODIES``.
Every connection stays open and sends its next request when its answer is complete. Prints one JSON line.
``python -m benchmarks.http.load PORT --serve`` is a server instead, which answers everything with the same few bytes.
"""

import argparse
import json
import selectors
import socket
import time
from pathlib import Path
from typing import Any

HEADER_END, LENGTH = b"\r\n\r\n", b"content-length:"


class Connection:
    """One kept-open connection: what it has received of the current answer, when it asked, what its answers took."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.asked = b"", 0.0
        self.took: list[float] = []

    def ask(self, request: bytes) -> None:
        """Send one whole request; a body larger than the socket's buffer waits for the service to read."""
        self.received, self.asked = b"", time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read what has come; whether the answer is complete. SystemExit if it is not a 200."""
        self.received += self.socket.recv(1 << 18)
        end = self.received.find(HEADER_END)
        if end < 0 or len(self.received) < end + 4 + announced(self.received[:end]):
            return False
        if self.received[9:12] != b"200":
            raise SystemExit(f"the service answered {self.received[:400]!r}")
        return True


def announced(head: bytes) -> int:
    """The length that the answer's head announces, in bytes."""
    found = head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
    return int(found)


def requests(port: int, path: str, bodies: list[bytes]) -> list[bytes]:
    """The bytes of a POST request for each body."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: "
    return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]


def drive(port: int, asked: list[bytes], connections: int, seconds: float) -> tuple[list[list[float]], float]:
    """Seconds that each answer took, by connection, asked for ``seconds``; and how long until the last one came."""
    answers_n = 0
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        for number in range(connections):
            connection = Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(asked[number % len(asked)])
        sent = connections
        while answers_n < sent:
            for key, _ in selector.select():
                connection = key.data
                if not connection.is_answered():
                    continue
                now = time.perf_counter()
                connection.took.append(now - connection.asked)
                answers_n += 1
                if now - began < seconds:
                    connection.ask(asked[sent % len(asked)])
                    sent += 1
        ended, every = time.perf_counter(), [key.data for key in selector.get_map().values()]
        for connection in every:
            connection.socket.close()
    return [connection.took for connection in every], ended - began


def summary(took: list[list[float]], seconds: float) -> dict[str, Any]:
    """Requests a second, and milliseconds: the 50th and 99th percentile, the most that an answer took, and the most
    that the first answer on a connection took, which waits for the connection to be accepted.
    """
    ordered = sorted(answer for answers in took for answer in answers)
    at = {name: ordered[int(share * (len(ordered) - 1))] * 1e3 for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99))}
    most = {
        "max_ms": max(max(answers[1:], default=0.0) for answers in took) * 1e3,
        "first_max_ms": max(answers[0] for answers in took) * 1e3,
    }
    return {"requests": len(ordered), "requests_per_s": len(ordered) / seconds, **at, **most}


def serve_nothing(port: int) -> None:
    """The cheapest server there can be, to see what this load generator is able to ask."""
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", port)) as server, selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ, None)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    client, _ = server.accept()
                    selector.register(client, selectors.EVENT_READ, client)
                elif not _is_answered(key.data, answer):
                    selector.unregister(key.data)
                    key.data.close()


def _is_answered(client: socket.socket, answer: bytes) -> bool:
    try:
        return bool(client.recv(1 << 16)) and bool(client.send(answer))
    except ConnectionError:  # closed while an answer was under way
        return False


def main() -> None:
    """Drive the service and print the figures, with this process's own CPU seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("path", nargs="?")
    parser.add_argument("bodies", nargs="?", type=Path)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    chosen = parser.parse_args()
    if chosen.serve:
        serve_nothing(chosen.port)
    asked = requests(chosen.port, chosen.path, chosen.bodies.read_bytes().splitlines())
    took, seconds = drive(chosen.port, asked, chosen.connections, chosen.seconds)
    print(json.dumps({**summary(took, seconds), "client_cpu_s": time.process_time()}))


if __name__ == "__main__":
    main()
