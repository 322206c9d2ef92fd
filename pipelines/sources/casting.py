"""SQL for reading what a SELECT returned: text without stray spaces, and values of the canonical types."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from features.columns import Column, TableSpec
from pipelines.sources.numbers import plain_number, separators
from pipelines.sources.source import SourceConfig
from pipelines.sources.times import TimeFormat, instant

NO_BREAK_SPACE = "\u00a0"
BLANKS = f" \t\r\n{NO_BREAK_SPACE}"
SQL_TYPES = {
    "str": "VARCHAR", "float": "DOUBLE", "int": "BIGINT", "bool": "BOOLEAN", "date": "DATE", "time": "TIMESTAMP",
}  # fmt: skip


def needs_text(column: Column, returned_type: str) -> bool:
    """Whether the column is read from its trimmed text; numbers and times that come as such are read as they are."""
    return column.type == "str" or returned_type == "VARCHAR"


def trimmed(value: str) -> str:
    """The value as text without the spaces around it; null if nothing is left."""
    text = f"CAST({value} AS VARCHAR)"
    # trim() with a set of characters costs ten times this look at the two ends, and nearly no text needs it.
    ends = " OR ".join(f"{end} <= ' ' OR {end} = '{NO_BREAK_SPACE}'" for end in (f"{text}[1]", f"{text}[-1]"))
    return f"nullif(CASE WHEN {ends} THEN trim({text}, '{BLANKS}') ELSE {text} END, '')"


def is_blank(column: Column, returned_type: str) -> str:
    """Nothing was given: null, blank text, or NaN in a number column, which is how pandas writes a gap."""
    if needs_text(column, returned_type):
        return f'"text_{column.name}" IS NULL'
    absent = f'"returned_{column.name}" IS NULL'
    return f'({absent} OR isnan("returned_{column.name}"))' if returned_type in {"DOUBLE", "FLOAT"} else absent


@dataclass(frozen=True)
class Casting:
    """How the values of one table are read: its ``time_formats`` by column, the ``separators`` of its numbers' text.

    ``separators``: the decimal sign and the signs between thousands; None for a point and none.
    """

    times: Mapping[str, TimeFormat] = field(default_factory=dict)
    separators: tuple[str, str] | None = None


def casting(config: SourceConfig, spec: TableSpec, counted: Collection[str], from_csv: bool) -> Casting:
    """How ``source.toml`` says that the values of a table are read.

    ``counted``: columns that the SELECT makes of a count since 1970. ``from_csv``: it reads CSV files.
    """
    times = {
        column.name: TimeFormat(
            config.timezone,
            config.time_formats,
            config.times.get(f"{spec.name}.{column.name}", config.times.get(column.name)),
            column.name in counted,
        )
        for column in spec.columns
        if column.type == "time"
    }
    csv = config.csv
    declared = from_csv and (csv.decimal is not None or csv.thousands is not None)
    return Casting(times, separators(csv.decimal, csv.thousands) if declared else None)


def typed(column: Column, returned_type: str | None, how: Casting) -> str:
    """The column as its canonical type; null if it was not returned, not given or cannot be read."""
    if returned_type is None:
        return f"CAST(NULL AS {SQL_TYPES[column.type]})"
    read = f'"text_{column.name}"' if needs_text(column, returned_type) else f'"returned_{column.name}"'
    if column.type == "str":
        return f"lower({read})" if column.name == "kind" else read
    if column.type == "time":
        return instant(read, returned_type, how.times[column.name])
    if how.separators is not None and returned_type == "VARCHAR" and column.type in {"float", "int"}:
        read = f"({plain_number(read, *how.separators)})"
    if returned_type == "FLOAT":
        read = f"CAST({read} AS VARCHAR)"  # a single that says 19.99 is no double that does
    value = f"TRY_CAST({read} AS {SQL_TYPES[column.type]})"
    if column.type == "float":
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    if column.type == "int":  # a cast alone would round 12.7 to 13
        return f"CASE WHEN TRY_CAST({read} AS DOUBLE) = {value} THEN {value} END"
    return value
