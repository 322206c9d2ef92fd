"""UTF-8 read as Latin-1 (Ã©, â€™), lost letters (�), question marks inside words: in any text column, never shown."""

import duckdb

from features.tables import TABLES as TABLE_SPECS
from pipelines.audit.finding import Found, rows_where
from pipelines.audit.returned import returned_columns

CODE = "any.encoding_damage"
TITLE = "Rows with text damaged by a wrong encoding"
ADVICE = (
    "Set [csv] encoding in source.toml, or have the table exported again as UTF-8; what has become ? or � cannot "
    "be repaired."
)
# How a byte from 80 to BF looks when it is read as Latin-1 or as Windows-1252.
_TAIL = (
    r"[\x{80}-\x{BF}\x{152}\x{153}\x{160}\x{161}\x{178}\x{17D}\x{17E}\x{192}\x{2C6}\x{2DC}\x{2013}-\x{2122}\x{20AC}]"
)
MOJIBAKE = rf"\x{{FFFD}}|[\x{{C2}}-\x{{C5}}\x{{D0}}\x{{D1}}]{_TAIL}|\x{{E2}}\x{{20AC}}|\x{{E2}}\x{{80}}"
LOST_LETTER = r"\pL\?+\p{Ll}"
# In free text a single question mark may stand without a space after it.
LOST_IN_SPEECH = r"\pL\?\?+\p{Ll}"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    spec = TABLE_SPECS[table]
    texts = {column.name for column in spec.columns if column.type == "str"}
    returned = sorted(name for name in returned_columns(con)[table] if name in texts or spec.is_extra(name))
    return rows_where(con, table, " OR ".join(_damaged(name) for name in returned) or "false")


def _damaged(name: str) -> str:
    """Looking for a letter of two bytes, or a question mark, is cheap; nearly no text needs the regular expressions."""
    foreign = f'strlen("{name}") <> length("{name}") AND regexp_matches("{name}", \'{MOJIBAKE}\')'
    lost = LOST_IN_SPEECH if name == "text" else LOST_LETTER
    return f"({foreign}) OR (contains(\"{name}\", '?') AND regexp_matches(\"{name}\", '{lost}'))"
