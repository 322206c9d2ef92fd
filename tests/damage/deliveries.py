"""What comes again: files that grow, are corrected, renamed, or written in another way next month."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from tests.damage.shop import HEADER, SELECT, Input, Line, clean_lines, kind
from tests.damage.written import Style, any_style, body, whole

TOUCHES = """SELECT customer AS customer_id, sent AS "at", 'email' AS channel, 'sent' AS kind FROM touches"""


def unpacked(rng: random.Random) -> Style:
    """Any style, in a file that is not packed."""
    return replace(any_style(rng), packing="")


def text(rng: random.Random, lines: Sequence[Line], style: Style, header: Sequence[str] = HEADER) -> bytes:
    """A file of these lines."""
    return body(rng, whole(lines, style), style, [style.row(header)])[0].encode()


def halves(rng: random.Random) -> tuple[list[Line], list[Line]]:
    """Clean lines, the earlier and the later."""
    lines = clean_lines(rng, 24)
    return lines[:12], lines[12:]


@kind("a file that grows every night")
def growing(rng: random.Random) -> Input:
    """What was known stays known since then; what is new in it happened long ago, and came late."""
    old, new = halves(rng)
    style = unpacked(rng)
    before = {"lines-1.csv": text(rng, old, style)}
    return Input([before, {"lines-1.csv": text(rng, old + new, style)}], kept=old + new, late=frozenset(new))


@kind("a file that comes again with one correction")
def corrected(rng: random.Random) -> Input:
    old, _ = halves(rng)
    style, place = unpacked(rng), rng.randrange(12)
    again = [replace(line, unit_price=line.unit_price + Decimal("0.5")) if n == place else line
             for n, line in enumerate(old)]  # fmt: skip
    files = [{"lines-1.csv": text(rng, old, style)}, {"lines-1.csv": text(rng, again, style)}]
    return Input(files, kept=again, late=frozenset({again[place]}))


@kind("a correction in a file of its own, declared")
def declared_correction(rng: random.Random) -> Input:
    """Both versions stay, so that the past can be seen as it was known."""
    old, _ = halves(rng)
    style, line = unpacked(rng), rng.choice(old)
    new = replace(line, unit_price=line.unit_price + 1)
    files = [{"lines-1.csv": text(rng, old, style)}, {"lines-2.csv": text(rng, [new], style)}]
    return Input(files, kept=[*old, new], late=frozenset({new}), keys={"corrections": {"orders": ["order_id"]}})


@kind("rows that two deliveries share")
def overlapping(rng: random.Random) -> Input:
    old, new = halves(rng)
    style = unpacked(rng)
    files = [{"lines-1.csv": text(rng, old, style)}, {"lines-2.csv": text(rng, old[6:] + new, unpacked(rng))}]
    return Input(files, kept=old + new, duplicates=6, late=frozenset(new))


@kind("a full export, written anew")
def full_export(rng: random.Random) -> Input:
    old, new = halves(rng)
    files = [{"lines.csv": text(rng, old, unpacked(rng))}, {"lines.csv": text(rng, old[3:] + new, unpacked(rng))}]
    return Input(files, kept=old[3:] + new, pattern="lines.csv")


@kind("another delimiter, encoding or order of columns next month")
def rewritten_next_month(rng: random.Random) -> Input:
    old, new = halves(rng)
    style, order = unpacked(rng), rng.sample(range(7), 7)
    rows = [style.row([line.cells()[place] for place in order]) for line in new]
    later = "\n".join([style.row([HEADER[place] for place in order]), *rows]).encode(rng.choice(["utf-8", "utf-16"]))
    files = [{"lines-1.csv": text(rng, old, unpacked(rng))}, {"lines-2.csv": later}]
    return Input(files, kept=old + new, late=frozenset(new))


@kind("a column with another name next month")
def renamed_column(rng: random.Random) -> Input:
    """Refused by file and column; the tables of before stay."""
    old, new = halves(rng)
    place = rng.choice([1, 2, 4, 5])
    header = [f"{name}_new" if n == place else name for n, name in enumerate(HEADER)]
    later = {"lines-2.csv": text(rng, new, unpacked(rng), header)}
    return Input([{"lines-1.csv": text(rng, old, unpacked(rng))}, later], refused=("lines-2.csv", HEADER[place]))


@kind("a column with another name next month, both of which the SELECT reads")
def renamed_and_read(rng: random.Random) -> Input:
    old, new = halves(rng)
    header = [*HEADER[:5], "unit_price", HEADER[6]]
    files = {"lines-1.csv": text(rng, old, unpacked(rng)), "lines-2.csv": text(rng, new, unpacked(rng), header)}
    select = SELECT.replace("price AS", "coalesce(lines.price, lines.unit_price) AS")
    return Input([files], kept=old + new, sql={"orders": select})


@kind("a file whose every row lacks one value")
def useless_file(rng: random.Random) -> Input:
    old, new = halves(rng)
    style = unpacked(rng)
    place, reason = rng.choice([(1, "missing_customer_id"), (2, "missing_at")])
    rows = [style.row([cell if n != place else "" for n, cell in enumerate(line.cells())]) for line in new]
    later = "\n".join([style.row(HEADER), *rows]).encode()
    files = [{"lines-1.csv": text(rng, old, unpacked(rng))}, {"lines-2.csv": later}]
    return Input(files, refused=("lines-2.csv", reason))


@kind("a file that is renamed")
def renamed_file(rng: random.Random) -> Input:
    """Here it comes a second time under another name: no line of it is late, or counted twice."""
    old, _ = halves(rng)
    content = text(rng, old, unpacked(rng))
    return Input([{"lines-1.csv": content}, {"lines-1b.csv": content}], kept=old, duplicates=12)


@kind("an optional table without a row")
def empty_table(rng: random.Random) -> Input:
    old, _ = halves(rng)
    empty = rng.choice([b"", b"customer,sent\n", b"customer,sent"])
    files = {"lines.csv": text(rng, old, unpacked(rng)), "touches.csv": empty}
    keys = {"files": {"lines": "lines.csv", "touches": "touches.csv"}}
    sql = {"orders": SELECT, "touches": TOUCHES}
    return Input([files], kept=old, keys=keys, sql=sql, findings=frozenset({"any.empty_table"}))


@kind("a table of orders without a row")
def empty_orders(rng: random.Random) -> Input:
    return Input([{"lines.csv": unpacked(rng).row(HEADER).encode() + b"\n"}], refused=("again",))
