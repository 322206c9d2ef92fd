"""Evaluating trials in this process or in workers, which never write to a database."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import Any, TypeVar

from experiments.search.objective import Objective, Outcome
from features.errors import CoterieError

Result = TypeVar("Result")
Evaluate = Callable[[str, dict[str, Any]], Future[Outcome]]

_objective: Objective | None = None


@contextmanager
def evaluator(objective: Objective, workers: int) -> Iterator[Evaluate]:
    """A function that starts evaluating a candidate with parameters; with one worker it evaluates in this process."""
    if workers <= 1:
        yield lambda candidate, params: _now(objective, candidate, params)
        return
    with _pool(workers, objective) as pool:
        yield lambda candidate, params: pool.submit(_evaluate, candidate, params)


def each_of(do: Callable[..., Result], arguments: Sequence[tuple[Any, ...]], workers: int) -> list[Result]:
    """``do(*one)`` for each of ``arguments``, in their order, shared among up to ``workers`` processes."""
    if workers <= 1 or len(arguments) <= 1:
        return [do(*one) for one in arguments]
    with _pool(min(workers, len(arguments))) as pool:
        return [future.result() for future in [pool.submit(do, *one) for one in arguments]]


@contextmanager
def _pool(workers: int, objective: Objective | None = None) -> Iterator[ProcessPoolExecutor]:
    """Worker processes that end with this one."""
    # Spawned, because a forked process inherits threads of LightGBM and of MLflow in an unknown state.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start, initargs=(objective,))
    try:
        yield pool
    except BrokenProcessPool:
        raise CoterieError(
            "a worker process ended unexpectedly, often for lack of memory: run the same command again with fewer "
            "workers, finished trials are stored"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _now(objective: Objective, candidate: str, params: dict[str, Any]) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(objective(candidate, params))
    return future


def _start(objective: Objective | None) -> None:
    global _objective
    _objective = objective
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker if its parent is killed; it would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _evaluate(candidate: str, params: dict[str, Any]) -> Outcome:
    assert _objective is not None
    return _objective(candidate, params)
