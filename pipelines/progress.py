"""A progress bar on the terminal's error stream, so that standard output stays a result."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def trial_progress(study: str, trials: int) -> Iterator[Callable[[Any], None]]:
    """A function to call after every finished trial; silent where no terminal is attached."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(f"{study}: trials", total=trials)
        yield lambda _: progress.update(bar, advance=1)
