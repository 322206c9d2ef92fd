"""Tables of text for the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH = 110
MOST_LETTERS = 28


def as_text(*tables: Table) -> str:
    """The tables as plain text, without spaces at the ends of lines."""
    console = Console(width=WIDTH, force_terminal=False, color_system=None)
    with console.capture() as captured:
        for table in tables:
            console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())


def cell(value: Any) -> str:
    """A value in at most 28 letters, on one line.

    >>> cell(None), cell("a\\nb"), cell(4.0)
    ('-', 'a b', '4.0')
    """
    text = "-" if value is None else " ".join(str(value).split()).replace("[", "\\[")
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
