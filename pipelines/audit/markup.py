"""Small pieces of HTML; every text is escaped here."""

from collections.abc import Collection, Sequence
from html import escape


def anchor(title: str) -> str:
    """The id of a section.

    >>> anchor("Rows a week")
    'rows-a-week'
    """
    return escape(title.lower().replace(" ", "-"))


def section(title: str, body: str) -> str:
    """A section with its heading; ``body`` is HTML."""
    return f'<section id="{anchor(title)}"><h2>{escape(title)}</h2>{body}</section>'


def details(summary: str, body: str) -> str:
    """Something that opens on a click; ``body`` is HTML."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], figures: Collection[int] = ()) -> str:
    """A table of texts; the columns at the positions ``figures`` stand to the right."""

    def cells(texts: Sequence[str], tag: str) -> str:
        shown = (
            f"<{tag}{' class=n' if place in figures else ''}>{escape(text)}</{tag}>" for place, text in enumerate(texts)
        )
        return f"<tr>{''.join(shown)}</tr>"

    body = "".join(cells(row, "td") for row in rows)
    return f'<div class="wide"><table><thead>{cells(head, "th")}</thead><tbody>{body}</tbody></table></div>'


def number(n: int) -> str:
    """With thousands apart.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{n:,}"


def percent(part: float, whole: float) -> str:
    """A share for reading: never 0% for something, never 100% for not all.

    >>> percent(1, 3), percent(1, 1_000_000), percent(999_999, 1_000_000), percent(0, 0)
    ('33.3%', '< 0.1%', '> 99.9%', '0%')
    """
    share = part / whole if whole else 0.0
    if 0 < share < 0.001:
        return "< 0.1%"
    if 0.999 < share < 1:
        return "> 99.9%"
    return f"{share:.1%}" if 0 < share < 1 else f"{share:.0%}"
