"""SQL for the guesses: one SELECT a canonical table, with a comment beside what a person has to check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from features.tables import TABLES
from pipelines.guesses.levels import NO, YES, kind_of, unpaid
from pipelines.guesses.look import RawColumn
from pipelines.guesses.mapping import BY_NAME, Filled, Match
from pipelines.sql import identifier, quoted, quoted_list

CHECK = {"discount": "check: it must be money off the whole line"}
"""What to check about a column even if its name fits."""
SECONDS = {"epoch_s": "", "epoch_ms": " / 1000", "epoch_us": " / 1000000"}


@dataclass(frozen=True)
class Returned:
    """One column of a SELECT: its SQL, its canonical name, and what to check about it."""

    sql: str
    name: str
    note: str = ""


def select_of(filled: Filled, decimal_comma: bool) -> str:
    """The text of ``<table>.sql``; with ``decimal_comma``, source.toml says how numbers are written."""
    write = Writer(filled, decimal_comma)
    columns = {"orders": write.orders, "customers": write.customers}.get(filled.table, write.plain)()
    width = max(len(column.sql) for column in columns if len(column.sql) < 60)
    lines = []
    for place, column in enumerate(columns):
        comma = "," if place < len(columns) - 1 else ""
        note = f"  -- {column.note}" if column.note else ""
        lines.append(f"    {column.sql:<{width}} AS {_name(column.name)}{comma}{note}")
    head = [f"-- {line}" for line in write.remarks()]
    return "\n".join([*head, "SELECT", *lines, write.source(), *write.conditions(), ""])


def _name(name: str) -> str:
    return identifier(name) if name == "at" else name  # a bare at begins a clause of DuckDB's own


class Writer:
    """The parts of one SELECT."""

    def __init__(self, filled: Filled, decimal_comma: bool) -> None:
        self.filled = filled
        self.decimal_comma = decimal_comma
        self.matches: dict[str, tuple[str, Match]] = {}
        joined = filled.header is not None
        if filled.header is not None:
            self.matches |= {name: ("header.", each) for name, each in filled.header[1].items()}
        own = filled.matches.items()
        self.matches |= {
            name: ("lines." if joined else "", each)
            for name, each in own
            if each.by == BY_NAME and not (joined and name in {"customer_id", "at", "clock", "status"})
        }
        if not joined:
            self.matches |= {name: ("", each) for name, each in own}

    def orders(self) -> list[Returned]:
        """Columns of order lines."""
        found = [self._order_id(), self._plain("customer_id"), self._time("at"), *self._optional("product_id")]
        found += [self._quantity(), self._unit_price(), *self._optional("discount"), *self._optional("channel")]
        found.append(self._order_kind())
        if "unit_price" not in self.matches:
            found.append(Returned(self._raw("total"), "source_total"))
        return found

    def customers(self) -> list[Returned]:
        """Columns of profiles; a year of birth is taken from a date of birth where only that is given."""
        found = self.plain()
        if "birth_year" not in self.matches and "birth_date" in self.matches:
            found.append(Returned(f"regexp_extract({self._raw('birth_date')}, '(19|20)[0-9][0-9]')", "birth_year"))
        return found

    def plain(self) -> list[Returned]:
        """Every matched column by itself, and the kinds that a table needs."""
        table = self.filled.table
        found = []
        for name in (column for column in TABLES[table].column_names if column in self.matches):
            if name == "kind":
                found.append(Returned(self._translated(table), "kind", "check the words on the left"))
            elif name.startswith("consent"):
                found.append(Returned(self._yes_or_no(name), name))
            elif name == "channel" and table in {"touches", "campaigns"}:
                found.append(Returned(f"lower({self._raw('channel')})", "channel", _TOUCH_CHANNEL))
            elif name == "points":
                found.append(Returned(self._unsigned("points"), "points"))
            else:
                found.append(self._column(name))
        if table == "touches" and "channel" not in self.matches:
            found.append(Returned("'email'", "channel", _TOUCH_CHANNEL))
        if table == "feedback" and "kind" not in self.matches:
            found.append(
                Returned("'review'" if "text" in self.matches else "'nps'", "kind", "nps, csat, review or ticket")
            )
        if table == "loyalty" and "kind" not in self.matches:
            by_sign = f"CASE WHEN {self._computed('points')} < 0 THEN 'spend' ELSE 'earn' END"
            found.append(Returned(by_sign, "kind", "or 'tier'"))
        return found

    def source(self) -> str:
        """FROM, with the join of lines and their header."""
        lines, header = self.filled.raw.alias, self.filled.header
        if header is None:
            return f"FROM {lines}"
        left, right = (each["order_id"].column.sql for each in (self.filled.matches, header[1]))
        return f"FROM {lines} AS lines\nLEFT JOIN {header[0].alias} AS header ON lines.{left} = header.{right}"

    def conditions(self) -> list[str]:
        """WHERE, if a status says that some orders were never paid for."""
        if self.filled.table != "orders" or "status" not in self.matches:
            return []
        states = self.matches["status"][1].column.content.levels
        if not (never := unpaid(states)):
            return []
        raw = self._raw("status")
        return [
            f"-- States found: {', '.join(states)}. Orders that were never paid for are no purchases.",
            f"WHERE {raw} IS NULL OR {self._text('status')} NOT IN {quoted_list(never)}",
        ]

    def remarks(self) -> list[str]:
        """What the file is, and the columns that nothing was made of."""
        used = {each.column.name for _, each in self.matches.values()}
        left = [column.name for column in self.filled.raw.columns if column.name not in used]
        found = [f"Guessed from {self.filled.raw.pattern}: check every line, then run `coterie check`."]
        return found + ([f"Columns not used: {', '.join(left)}."] if left else [])

    def _raw(self, name: str) -> str:
        prefix, found = self.matches[name]
        return prefix + found.column.sql

    def _text(self, name: str) -> str:
        """The column as text without spaces around it, to be compared with what was seen."""
        type_ = self.matches[name][1].column.type
        return f"trim({self._raw(name)})" if type_ == "VARCHAR" else f"CAST({self._raw(name)} AS VARCHAR)"

    def _column(self, name: str) -> Returned:
        found = self.matches[name][1].column
        if found.content.times and name.endswith(("at", "date")):
            return self._time(name)
        if found.content.numbers and name in NUMBERS:
            return Returned(self._number(name), name, self._note(name))
        return self._plain(name)

    def _optional(self, name: str) -> list[Returned]:
        return [self._column(name)] if name in self.matches else []

    def _plain(self, name: str) -> Returned:
        return Returned(self._raw(name), name, self._note(name))

    def _note(self, name: str) -> str:
        found = self.matches[name][1]
        return CHECK.get(name, "") if found.by == BY_NAME else f"guessed from {found.by}"

    def _number(self, name: str) -> str:
        """The number as ingest can read it."""
        return self._raw(name) if self.decimal_comma else self._with_point(name)

    def _with_point(self, name: str) -> str:
        """The number as text with a decimal point, or as the number it is."""
        content, raw = self.matches[name][1].column.content, self._raw(name)
        if content.numbers == "comma":
            return f"replace(regexp_replace({raw}, '[^0-9,+-]', '', 'g'), ',', '.')"
        if content.numbers == "thousands" or content.currency:
            return f"regexp_replace({raw}, '[^0-9.+-]', '', 'g')"
        return raw

    def _computed(self, name: str) -> str:
        return f"TRY_CAST({self._with_point(name)} AS DOUBLE)"

    def _time(self, name: str) -> Returned:
        content, raw, note = self.matches[name][1].column.content, self._raw(name), self._note(name)
        if content.epoch:
            counted = f"to_timestamp(TRY_CAST({raw} AS DOUBLE){SECONDS[content.epoch]})"
            return Returned(counted, name, note or f"counted from 1970 ({content.epoch.removeprefix('epoch_')})")
        if name == "at" and "clock" in self.matches:
            return Returned(f"{raw} || ' ' || {self._raw('clock')}", name, note)
        return Returned(raw, name, note)

    def _order_id(self) -> Returned:
        if "order_id" in self.matches:
            return self._plain("order_id")
        composed = f"{self._raw('customer_id')} || '-' || {self._raw('at')}"
        return Returned(composed, "order_id", "no column names the order: what a customer bought at one time is one")

    def _quantity(self) -> Returned:
        if "quantity" in self.matches:
            return self._column("quantity")
        return Returned("1", "quantity", "no column says how many")

    def _unit_price(self) -> Returned:
        if "unit_price" in self.matches:
            price = self._unsigned("unit_price") if self._is_signed("unit_price") else self._number("unit_price")
            return Returned(price, "unit_price", self._note("unit_price"))
        if "quantity" not in self.matches:
            return Returned(self._unsigned("total"), "unit_price", "what was paid for all of it")
        per_unit = f"{self._unsigned('total')} / nullif({self._unsigned('quantity')}, 0)"
        return Returned(per_unit, "unit_price", "the line's total over its quantity")

    def _unsigned(self, name: str) -> str:
        return f"abs({self._computed(name)})" if self._is_signed(name) else self._computed(name)

    def _is_signed(self, name: str) -> bool:
        return name in self.matches and self.matches[name][1].column.content.negative

    def _negative(self) -> str:
        """The column whose sign marks a return; empty if none has negative values."""
        return next((name for name in ("quantity", "unit_price", "total") if self._is_signed(name)), "")

    def _order_kind(self) -> Returned:
        levels = self.matches["kind"][1].column.content.levels if "kind" in self.matches else ()
        returned = [level for level in levels if kind_of("orders", level) == "return"]
        if returned:
            listed = quoted_list(returned)
            return Returned(f"CASE WHEN {self._text('kind')} IN {listed} THEN 'return' ELSE 'sale' END", "kind")
        if by_sign := self._negative():
            return Returned(f"CASE WHEN {self._computed(by_sign)} < 0 THEN 'return' ELSE 'sale' END", "kind")
        return Returned("'sale'", "kind", "or 'return': no column says which lines are returns")

    def _yes_or_no(self, name: str) -> str:
        raw, levels = self._text(name), self.matches[name][1].column.content.levels
        yes, no = ([level for level in levels if level.lower() in words] for words in (YES, NO))
        cases = [
            f"WHEN {raw} IN {quoted_list(found)} THEN {said}" for found, said in ((yes, "true"), (no, "false")) if found
        ]
        return f"CASE {' '.join(cases)} END"

    def _translated(self, table: str) -> str:
        """The shop's words as canonical kinds; unknown ones stay, and ingest rejects them."""
        raw, levels = self._raw("kind"), self.matches["kind"][1].column.content.levels
        known = _grouped((level, kind) for level in levels if (kind := kind_of(table, level)) and kind != level)
        cases = " ".join(
            f"WHEN {self._text('kind')} IN {quoted_list(words)} THEN {quoted(kind)}" for kind, words in known.items()
        )
        return f"CASE {cases} ELSE {raw} END" if cases else raw


NUMBERS = frozenset({
    "quantity", "unit_price", "discount", "price", "unit_cost", "duration_s", "score", "cost", "points", "customers_n",
    "spend", "margin",
})  # fmt: skip
_TOUCH_CHANNEL = "email, sms, push, social, event or ads"


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, kind in pairs:
        found.setdefault(kind, []).append(word)
    return found


def needs_check(filled: Filled) -> list[RawColumn]:
    """Columns that were taken for something by their values only."""
    return [each.column for each in filled.matches.values() if each.by != BY_NAME]
