"""Row marks: a number for each row of a raw file by which it is recognised in a later content of the file.

A mark depends on the names and values of the cells that are not empty; not on the order of rows or columns, on the
delimiter, or on what a SELECT makes of the row.
"""

from collections.abc import Mapping

from pipelines.sql import identifier, quoted

NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT",
           "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip


def row_mark(types: Mapping[str, str], hidden: bool) -> str:
    """SQL for the mark (UBIGINT) of a row with columns of these types.

    ``hidden``: no id can be tried out on it; needs ``pseudonym`` (:mod:`pipelines.privacy.pseudonyms`).
    """
    mark = "CAST(0 AS UBIGINT)"
    for name, type_ in types.items():
        text = _text(identifier(name), type_)
        mark = f"xor({mark}, CASE WHEN {text} <> '' THEN hash({quoted(name.lower())}, {text}) ELSE 0 END)"
    return f"hash(pseudonym(CAST({mark} AS VARCHAR)))" if hidden else mark


def _text(value: str, type_: str) -> str:
    """The value as text; a number in the same way whatever type the rest of its column gave it."""
    if type_ == "VARCHAR":
        return value
    return f"CAST(CAST({value} AS DOUBLE) AS VARCHAR)" if type_.startswith(NUMBERS) else f"CAST({value} AS VARCHAR)"
