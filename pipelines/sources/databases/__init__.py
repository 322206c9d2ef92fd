"""Databases as sources: the tables that the SELECTs read are copied, read-only, into Parquet files.

A kind of database is a module with three functions over a place (the part of ``[database] url`` that it needs):

- ``tables(place)``: names of its tables and views; those of another than the usual schema as ``schema.table``;
- ``content(place, table)``: a hash that changes with what the table contains;
- ``copy(place, tables, folder)``: copies ``tables`` (alias: table) at one moment to ``folder/<alias>.parquet``.

All raise ``BadTable``, in one sentence, if the database cannot be read; a password is never shown.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from features.errors import BadConfig, NotFound
from pipelines.sources.databases import duckdb_file, postgresql, sqlite
from pipelines.sql import quoted

KINDS: Mapping[str, ModuleType] = {
    "sqlite": sqlite, "duckdb": duckdb_file, "postgresql": postgresql, "postgres": postgresql,
}  # fmt: skip
VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class OpenDatabase:
    """A database that can be read; ``file`` is None for a server. ``kind``: a module of this package."""

    kind: ModuleType
    place: str
    file: Path | None

    def tables(self) -> list[str]:
        """Names of its tables and views."""
        found: list[str] = self.kind.tables(self.place)
        return found

    def content(self, table: str) -> str:
        """64 hex digits that change with what the table contains."""
        found: str = self.kind.content(self.place, table)
        return found

    def copy(self, tables: Mapping[str, str], folder: Path) -> None:
        """Copy ``tables`` (alias: table) as they are at one moment to ``folder/<alias>.parquet``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.kind.copy(self.place, tables, folder)


@dataclass(frozen=True)
class TableReader:
    """Reads one table of a database from its copy."""

    table: str
    copied: Path = field(repr=False)

    def over(self, _paths: object) -> str:
        """SQL that reads the table."""
        return f"read_parquet({quoted(str(self.copied))})"


def check_url(url: str) -> str:
    """The URL itself.

    Raises:
        ValueError: it is of no kind that can be read.
    """
    scheme = url.partition("://")[0]
    if scheme not in KINDS or "://" not in url:
        raise ValueError(
            f"{scheme!r} is no database that can be read: write sqlite:///shop.db, duckdb:///shop.duckdb, "
            "or postgresql://user@host/database"
        )
    return url


def open_database(url: str, folder: Path) -> OpenDatabase:
    """The database of a checked URL, whose relative path starts at ``folder``; ``${NAME}`` stands for a variable.

    Raises:
        BadConfig: such a variable is not set.
        NotFound: there is no such file.
    """
    filled = VARIABLE.sub(lambda found: _variable(found.group(1)), url)
    scheme, _, rest = filled.partition("://")
    if KINDS[scheme] is postgresql:
        return OpenDatabase(postgresql, filled, None)
    file = folder / rest.removeprefix("/")
    if not file.is_file():
        raise NotFound(f"no database {file}: correct [database] url in source.toml, or give its folder with --raw")
    return OpenDatabase(KINDS[scheme], str(file), file)


def _variable(name: str) -> str:
    if name not in os.environ:
        raise BadConfig(f"[database] url needs the variable {name}: set it in the environment")
    return os.environ[name]
