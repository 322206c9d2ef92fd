"""Killing an ingest between two of its writes."""

from pathlib import Path
from typing import Any

import pytest


class Killed(BaseException):
    """A kill: nothing in the code may catch it."""


OURS = ("/.draft", "/.CURRENT", "/.deliveries", "/staging/", "/delivered/")


def kill_at(patch: pytest.MonkeyPatch, step: int) -> None:
    """Die right before the ``step``-th file is put in its place or taken away."""
    steps = iter(range(1, 10_000))
    for name in ("rename", "replace", "unlink"):
        real = getattr(Path, name)

        def dying(self: Path, *given: Any, real: Any = real, **options: Any) -> Any:
            if any(part in str(self) for part in OURS) and next(steps) == step:
                raise Killed
            return real(self, *given, **options)

        patch.setattr(Path, name, dying)
