"""The canonical tables: every column with its type, meaning and marks."""

from docs.references.keys import WRITTEN
from docs.references.schema import escaped
from features.columns import Column, TableSpec
from features.tables import TABLES


def tables_page() -> str:
    """Every table of the contract."""
    return f"""# Canonical tables

What every source is turned into. All times are UTC; one row is one event. Any table may be absent, and an absent table
is one of which nothing is known. {WRITTEN}

**required**: a row without it is rejected. *personal*: it may name a person, and reaches no model, log, artifact or
report as it is. *protected*: nobody should be judged by it, so a model reads what comes from it only if its study names
it. *optional*: without it the table is as if the contract lacked it.
{"".join(map(section, TABLES.values()))}"""


def section(table: TableSpec) -> str:
    """One table."""
    rows = "".join(
        f"| `{column.name}` | {column.type} | {escaped(column.doc)} | {marks(column)} |\n" for column in table.columns
    )
    vault = " A vault: opened to reach people, and for nothing else." if table.vault else ""
    extra = f" Further columns `{table.extra_prefix}*` are taken along." if table.extra_prefix else ""
    unique = "One row for each" if table.unique else "Rows are told apart by"
    key = ", ".join(f"`{name}`" for name in table.key)
    return (
        f"\n## {table.name}\n\n{table.doc}{vault} {unique} {key}.{extra}\n\n"
        f"| column | type | meaning | |\n|---|---|---|---|\n{rows}"
    )


def marks(column: Column) -> str:
    """What else is to be known about a column."""
    found = {
        "**required**": not column.nullable,
        "*personal*": column.personal,
        "*protected*": column.protected,
        "*optional*": column.optional,
    }
    return ", ".join(mark for mark, has in found.items() if has)
