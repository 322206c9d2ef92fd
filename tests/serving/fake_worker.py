"""A stand-in for the process that answers histories: it does what a body says, and needs no bundle."""

import os
import socket
import sys
import time

from serving.history_worker import read, write


def main() -> None:
    """Answer each body with itself, after ``sleep<seconds>`` if it says so; ``die`` ends the process."""
    with socket.socket(fileno=int(sys.argv[1])) as connection, connection.makefile("rwb") as stream:
        write(stream, 200, b"{}")
        while (body := read(stream)) is not None:
            if body == b"die":
                os._exit(1)
            if body.startswith(b"sleep"):
                time.sleep(float(body.removeprefix(b"sleep")))
            write(stream, 200, body)


if __name__ == "__main__":
    main()
