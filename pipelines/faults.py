"""Errors of the system and of libraries, as one sentence: what was found, and what to do.

Errors that coterie raises on purpose are sentences already. Others are looked for along the chain of causes, because
libraries wrap them: SQLAlchemy an error of SQLite, MLflow and Optuna one of SQLAlchemy. What is not known here is a
defect of coterie and keeps its traceback. No sentence quotes a statement's parameters: they may be personal values.
"""

import errno
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from json import JSONDecodeError
from zipfile import BadZipFile

from features.errors import CoterieError

SYSTEM = {
    errno.ENOSPC: "the disk is full: make room and run again, nothing that was published is lost",
    errno.EDQUOT: "the disk quota is used up: make room and run again, nothing that was published is lost",
    errno.EROFS: "it is on a read-only disk: name another --home, or mount it for writing",
    errno.EACCES: "access is denied: give this user the right to it, or name another place",
    errno.EPERM: "the system does not permit it: give this user the right to it, or name another place",
    errno.ENOENT: "there is no such file or folder: check the name, or run the step that makes it",
    errno.EEXIST: "it is there already, and is no folder: name another place, or move it away",
    errno.ENOTDIR: "a file is where a folder is needed: name another place, or move the file away",
    errno.EISDIR: "a folder is where a file is needed: name a file",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.EMFILE: "this process may not open more files: raise `ulimit -n` and run again",
    errno.ENFILE: "the system has no more open files to give: stop other programs and run again",
    errno.EIO: "the disk cannot be read or written: check it, and restore the workspace from a backup",
    errno.EADDRINUSE: "the port is in use: stop what listens there, or choose another with --port",
    errno.EADDRNOTAVAIL: "it is no address of this machine: choose another --host",
    errno.ECONNREFUSED: "nothing answers at the server's address: start it, or correct the address",
}
"""System errors in words, by errno."""

TABLES = ("_duckdb", "polars", "pyarrow")
"""Modules of the libraries that read tables."""

RESTORE = "restore it with `coterie restore`, or move it away and run the step that makes it"


def in_words(error: BaseException) -> str | None:
    """The sentence for whoever runs the command; None for a defect of coterie.

    >>> in_words(OSError(errno.ENOSPC, "No space left on device", "/data/shop/optuna.db"))
    '/data/shop/optuna.db: the disk is full: make room and run again, nothing that was published is lost'
    """
    for cause in chain(error):
        for matches, sentence in KNOWN:
            if matches(cause):
                return sentence(cause)
    return None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what caused it, coterie's own and the innermost first: it is the most exact."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    yield from (each for each in found if isinstance(each, CoterieError))
    yield from reversed(found)


def is_from(package: str, *names: str) -> Callable[[BaseException], bool]:
    """Whether an error's class, or one it derives from, is defined in a package, under one of the names if given."""

    def matches(error: BaseException) -> bool:
        classes = [kind for kind in type(error).__mro__ if kind.__module__.partition(".")[0] == package]
        return any(not names or kind.__name__ in names for kind in classes)

    return matches


def is_a(*kinds: type[BaseException]) -> Callable[[BaseException], bool]:
    return lambda error: isinstance(error, kinds)


def one_line(error: BaseException) -> str:
    """The first line of an error's own text, without a final stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".: ")[:300]


def of_system(error: BaseException) -> str:
    assert isinstance(error, OSError)
    where = f"{error.filename}: " if error.filename else ""
    meaning = SYSTEM.get(error.errno or 0)
    return f"{where}{meaning}" if meaning else f"{where}{error.strerror or one_line(error)}: solve this and run again"


def of_sqlite(error: BaseException) -> str:
    return f"a database of the workspace cannot be used ({one_line(error)}): {RESTORE}"


def of_driver(error: BaseException) -> str:
    name = getattr(error, "name", None) or "the driver"
    return f"{name} is not installed, which the address of the database asks for: pip install 'coterie[postgres]'"


def of_address(error: BaseException) -> str:
    return (
        f"the address of a database is wrong ({type(error).__name__}): write MLFLOW_TRACKING_URI and OPTUNA_STORAGE "
        "like postgresql://USER@HOST/DATABASE"
    )


def of_server(error: BaseException) -> str:
    return f"the database server refused or cannot be reached ({one_line(error)}): start it, or correct its address"


def of_mlflow(error: BaseException) -> str:
    return f"MLflow reports: {one_line(error)}: see the run or model in `coterie ui`, or {RESTORE}"


def of_optuna(error: BaseException) -> str:
    return f"Optuna cannot use its storage ({one_line(error)}): {RESTORE}"


def of_data(error: BaseException) -> str:
    """Without the error's text, which may quote a row; a path in it is named."""
    named = re.search(r"'([^']+\.(?:parquet|npy|npz|json|gz|zip))'", str(error))
    return f"{named[1] if named else 'a file of data'} is damaged or cut short: {RESTORE}"


def is_damaged_parquet(error: BaseException) -> bool:
    """Whether a library could not read a Parquet file; its other errors are about queries, which are ours."""
    return type(error).__module__.partition(".")[0] in TABLES and "parquet" in str(error).lower()


def of_text(error: BaseException) -> str:
    assert isinstance(error, UnicodeDecodeError)
    return f"a text file is not UTF-8 (byte {error.start} is no {error.encoding} character): save it as UTF-8"


def of_memory(_: BaseException) -> str:
    return "the memory is used up: close other programs, or lower `[sample] rows` of the study"


Sentence = tuple[Callable[[BaseException], bool], Callable[[BaseException], str]]

KNOWN: tuple[Sentence, ...] = (
    (is_a(CoterieError), str),
    (is_a(OSError), of_system),
    (is_a(sqlite3.Error), of_sqlite),
    (is_a(MemoryError), of_memory),
    (is_a(UnicodeDecodeError), of_text),
    (is_a(JSONDecodeError, EOFError, BadZipFile, zlib.error), of_data),
    (lambda error: isinstance(error, ModuleNotFoundError) and str(error.name).startswith("psycopg"), of_driver),
    (is_from("psycopg", "Error"), of_server),
    (is_from("sqlalchemy", "ArgumentError", "NoSuchModuleError"), of_address),
    (is_from("_duckdb", "OutOfMemoryException"), of_memory),
    (is_damaged_parquet, of_data),
    (is_from("mlflow", "MlflowException"), of_mlflow),
    (is_from("optuna", "OptunaError", "StorageInternalError"), of_optuna),
)
"""What an error is, and its sentence; the first that matches counts."""
