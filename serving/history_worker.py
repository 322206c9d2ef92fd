"""The process that answers histories, one at a time: ``python -m serving.history_worker FD FOLDER``.

It is a process of its own because computing features in a thread would keep look-ups waiting for Python's lock.
Over the socket ``FD`` it sends one frame when it is ready, with what the pages show of the models, and then a frame for
each frame it receives. It ends when the socket is closed, so also when the service dies.
"""

import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from io import BufferedRWPair
from pathlib import Path
from typing import Any

FRAME = struct.Struct(">HHI")
"""What precedes a frame's bytes: the HTTP status, seconds after which to ask again (0: none), and their number."""
MANIFEST_KEYS = (
    "task",
    "question",
    "learner",
    "clusterer",
    "soundness",
    "horizon_days",
    "training_window",
    "dataset_fingerprint",
    "scores",
    "reasons",
)
"""What the page of models shows of each model's manifest."""
NICE = 5
"""How far the process steps back behind look-ups when the processors are busy."""


def main() -> None:
    """Load the bundle, warm up, say what it has, answer until the socket is closed."""
    fd, folder = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is sent to it too: it ends when the service does
    # LightGBM imports scikit-learn, if it is there, for estimators that only fitting uses: a second and 50 MB.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    # Whoever asked may be gone before it is answered.
    with suppress(BrokenPipeError), socket.socket(fileno=int(fd)) as connection, connection.makefile("rwb") as stream:
        serve(stream, Path(folder))


def serve(stream: BufferedRWPair, folder: Path) -> None:
    """Answer each frame of ``stream``; a bundle that cannot be loaded is said in the first frame."""
    from features.errors import CoterieError
    from serving.bundle import load_bundle
    from serving.history import answer_history, warm_up
    from serving.requests.reply import Reply, as_bytes, failure, refused

    try:
        bundle = load_bundle(folder)
    except CoterieError as error:
        write(stream, *refused(error))
        return
    warm_up(bundle)
    os.nice(NICE)
    write(stream, *Reply(200, as_bytes(facts(bundle))))
    while (body := read(stream)) is not None:
        try:
            reply = answer_history(bundle, body)
        except Exception as error:  # the next history must be answered whatever this one did
            # The message of an exception may repeat a customer's data, and so may a traceback.
            print(f"coterie: a history failed with {type(error).__name__}", file=sys.stderr, flush=True)
            reply = failure(500, "the history could not be answered: the service's log has the kind of error")
        write(stream, *reply)


def facts(bundle: Any) -> dict[str, Any]:
    """What the pages show: each model's facts, the segments, and the schema of an answer."""
    from serving.answers import kind_of

    models = {}
    for name, loaded in bundle.models.items():
        stated = {key: loaded.manifest[key] for key in MANIFEST_KEYS if key in loaded.manifest}
        models[name] = {**bundle.versions[name], **stated}
    fitted = [loaded.model for loaded in bundle.models.values()]
    segments = [entry for model in fitted for entry in kind_of(model).catalogue(model)]
    ledger = [entry for model in fitted for entry in kind_of(model).ledger(model)]
    groups = [entry for model in fitted for entry in kind_of(model).groups(model)]
    cards = {id_: card for model in fitted for id_, card in kind_of(model).cards(model).items()}
    return {
        "models": models,
        "segments": segments,
        "groups": groups,
        "ledger": ledger,
        "cards": cards,
        "staleness": bundle.staleness,
        "schema": answers_schema(),
    }


def answers_schema() -> dict[str, Any]:
    """The schema of the body of an answer."""
    from serving.requests.answers import Answers

    return Answers.model_json_schema()


def read(stream: BufferedRWPair) -> bytes | None:
    """The bytes of the next frame; None at the end."""
    head = stream.read(FRAME.size)
    if len(head) < FRAME.size:
        return None
    return stream.read(FRAME.unpack(head)[2])


def write(stream: BufferedRWPair, status: int, body: bytes, retry_after_s: int | None = None) -> None:
    """Send one frame."""
    stream.write(FRAME.pack(status, retry_after_s or 0, len(body)) + body)
    stream.flush()


if __name__ == "__main__":
    main()
