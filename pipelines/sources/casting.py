"""SQL for reading what a SELECT returned: text without stray spaces, and values of the canonical types."""

from features.columns import Column
from pipelines.sources.source import SourceConfig
from pipelines.sql import quoted

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


def typed(column: Column, returned_type: str | None, config: SourceConfig) -> str:
    """The column as its canonical type; null if it was not returned, not given or cannot be read."""
    if returned_type is None:
        return f"CAST(NULL AS {SQL_TYPES[column.type]})"
    read = f'"text_{column.name}"' if needs_text(column, returned_type) else f'"returned_{column.name}"'
    if column.type == "str":
        return f"lower({read})" if column.name == "kind" else read
    if column.type == "time":
        return _instant(read, returned_type, config)
    value = f"TRY_CAST({read} AS {SQL_TYPES[column.type]})"
    if column.type == "float":
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    if column.type == "int":  # a cast alone would round 12.7 to 13
        return f"CASE WHEN TRY_CAST({read} AS DOUBLE) = {value} THEN {value} END"
    return value


def _instant(read: str, returned_type: str, config: SourceConfig) -> str:
    """A UTC timestamp; what carries no offset is local time, because the session's time zone is the source's."""
    if config.timezone == "UTC" and returned_type.startswith(("TIMESTAMP", "DATE")) and "ZONE" not in returned_type:
        instant = f"TRY_CAST({read} AS TIMESTAMP)"
    else:
        instant = f"make_timestamp(epoch_us({_with_zone(read, returned_type, config)}))"
    return f"CASE WHEN isfinite({instant}) THEN {instant} END"


def _with_zone(read: str, returned_type: str, config: SourceConfig) -> str:
    instant = f"TRY_CAST({read} AS TIMESTAMPTZ)"
    if returned_type != "VARCHAR" or not config.time_formats:
        return instant
    formats = ", ".join(quoted(format_) for format_ in config.time_formats)
    return f"coalesce(CAST(try_strptime({read}, [{formats}]) AS TIMESTAMPTZ), {instant})"
