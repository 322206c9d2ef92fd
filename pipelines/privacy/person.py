"""Who a customer id stands for: all ids of one person, through the identity tables, and what only they did."""

from pathlib import Path

import duckdb

from features.errors import BadInput
from pipelines.privacy.erased import Person, known_as, read_erased
from pipelines.privacy.person_rows import columns_of
from pipelines.sources.casting import BLANKS, trimmed
from pipelines.sql import connect, parquet
from pipelines.workspace import Workspace


def find_person(workspace: Workspace, customer: str) -> Person:
    """The person behind the shop's own id, as the workspace stores them; of an erasure under way, all it began with.

    Raises:
        BadInput: the id is blank.
    """
    if not customer.strip(BLANKS):
        raise BadInput("the customer id is blank: give the id as the shop writes it")
    asked = known_as(workspace.home, customer.strip(BLANKS))
    folders = canonical_folders(workspace)
    with connect() as con:
        ids = _with_aliases(con, folders, asked)
        person = Person(
            ids=ids,
            companies=_companies(con, folders, ids, "bool_or"),
            own_companies=_companies(con, folders, ids, "bool_and"),
            orders=_only_theirs(con, folders, "orders", "order_id", ids),
            sessions=_only_theirs(con, folders, "events", "session_id", ids),
            decisions=_only_theirs(con, folders, "touches", "decision_id", ids),
        )
    pending = read_erased(workspace.home).pending
    if pending is None or pending.person.ids.isdisjoint(person.ids):
        return person
    return Person(**{name: getattr(person, name) | getattr(pending.person, name) for name in vars(person)})


def canonical_folders(workspace: Workspace) -> list[Path]:
    """All published canonical folders, the newest word first: the current one, then by age."""
    current = workspace.current("canonical")
    return sorted(
        workspace.published("canonical"), key=lambda path: (path != current, -path.stat().st_mtime, path.name)
    )


def _with_aliases(con: duckdb.DuckDBPyConnection, folders: list[Path], asked: frozenset[str]) -> frozenset[str]:
    """``asked`` and all ids joined with them.

    An alias belongs to the customer the newest table gives it to: following older ones too would join two people
    through a number that was handed on.
    """
    con.execute("CREATE TABLE links (alias VARCHAR, customer VARCHAR, age INTEGER)")
    for age, folder in enumerate(folders):
        if (path := folder / "identities.parquet").is_file():
            con.execute(f"INSERT INTO links SELECT alias_id, customer_id, {age} FROM {parquet(path)}")
    con.execute(
        "CREATE TABLE owners AS SELECT alias, arg_min(customer, (age, customer)) AS customer FROM links GROUP BY alias"
    )
    ids, reached = set(asked), -1
    while len(ids) > reached:
        reached = len(ids)
        listed = list(ids)
        rows = con.execute(
            "SELECT * FROM owners WHERE list_contains($1, alias) OR list_contains($1, customer)", [listed]
        )
        ids.update(id_ for row in rows.fetchall() for id_ in row)
    return frozenset(ids)


def _companies(
    con: duckdb.DuckDBPyConnection, folders: list[Path], ids: frozenset[str], of_contacts: str
) -> frozenset[str]:
    """Companies of which some (``bool_or``) or all (``bool_and``) contacts ever are this person."""
    profiles = [path for folder in folders if (path := folder / "customers.parquet").is_file()]
    if not profiles:
        return frozenset()
    rows = con.execute(
        f"""SELECT company_id FROM {parquet(*profiles)} WHERE company_id IS NOT NULL
            GROUP BY company_id HAVING {of_contacts}(list_contains($1, customer_id))""",
        [list(ids)],
    )
    return frozenset(str(row[0]) for row in rows.fetchall())


def _only_theirs(
    con: duckdb.DuckDBPyConnection, folders: list[Path], table: str, column: str, ids: frozenset[str]
) -> frozenset[str]:
    """Values of ``column`` on their rows, stored or rejected, that no other customer's row has."""
    paths = [
        path for folder in folders for path in (folder / f"{table}.parquet", folder / "rejects" / f"{table}.parquet")
    ]
    paths = [path for path in paths if path.is_file() and {"customer_id", column} <= set(columns_of(con, path))]
    if not paths:
        return frozenset()
    value, owner = trimmed(column), trimmed("customer_id")
    query = " UNION ALL ".join(f"SELECT {value} AS v, {owner} AS owner FROM {parquet(path)}" for path in paths)
    con.execute(f"CREATE OR REPLACE TABLE used AS SELECT DISTINCT v, owner FROM ({query}) WHERE owner IS NOT NULL")
    rows = con.execute(
        "SELECT v FROM used WHERE v IS NOT NULL GROUP BY v HAVING bool_and(list_contains($1, owner))", [list(ids)]
    )
    return frozenset(str(row[0]) for row in rows.fetchall())
