"""What a user can cause is one sentence with exit status 1, whichever library noticed it first."""

import errno
import gzip
import json
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import optuna
import polars as pl
import pytest
import sqlalchemy
from mlflow.exceptions import MlflowException
from typer.main import get_command
from typer.testing import CliRunner

from features.errors import Busy, NotFound
from pipelines import cli
from pipelines.faults import in_words

ARGUMENTS: dict[str, list[str]] = {
    "ingest": ["online_retail"],
    "dataset": ["churn"],
    "train": ["churn"],
    "promote": ["churn"],
    "migration": ["2024-01-01", "2024-02-01"],
    "compare": ["segments/1", "segments/2"],
    "erase": ["C1"],
    "export": ["C1"],
    "retrain": ["--source", "online_retail"],
    "backup": ["backup.tar"],
    "restore": ["backup.tar"],
}
"""What a command needs beside its home."""

IN_A_HOME = sorted(
    name
    for name, command in get_command(cli.app).commands.items()  # type: ignore[attr-defined]
    if any("--home" in parameter.opts for parameter in command.params)
)


def outcome(*arguments: object) -> tuple[int, str]:
    """Exit status and standard error of a command in this process."""
    result = CliRunner().invoke(cli.app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def sentence_of(*arguments: object) -> str:
    """The one sentence a command ended with."""
    status, text = outcome(*arguments)
    assert status == 1, text
    assert text.startswith("coterie: ")
    assert text.count("\n") == 1
    return text


@pytest.mark.parametrize("command", IN_A_HOME)
@pytest.mark.parametrize("below", ["", "deeper/home"])
def test_every_command_refuses_a_home_that_is_a_file(command: str, below: str, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    (tmp_path / "backup.tar").write_text("no backup")
    arguments = [part.replace("backup.tar", str(tmp_path / "backup.tar")) for part in ARGUMENTS.get(command, [])]
    text = sentence_of(command, *arguments, "--home", tmp_path / "home" / below)
    assert "is a file" in text or "there already" in text


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_text("this is no database, whatever its name says" * 100),
    "cut short": lambda path: (make_database(path), os.truncate(path, 5000)),
    "a newer version's": lambda path: make_database(path, "from_the_future"),
    "a folder": lambda path: path.mkdir(),
}


def make_database(path: Path, revision: str = "451aebb31d03") -> None:
    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE alembic_version (version_num TEXT)")
        con.execute("INSERT INTO alembic_version VALUES (?)", [revision])
        con.execute("CREATE TABLE experiments (experiment_id INT, name TEXT)")
        con.executemany("INSERT INTO experiments VALUES (?, ?)", [(i, "n" * 500) for i in range(50)])


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("command", ["ui", "publish"])
def test_a_damaged_database_is_one_sentence(command: str, damage: str, tmp_path: Path) -> None:
    (tmp_path / "canonical" / "x").mkdir(parents=True)
    (tmp_path / "canonical" / "CURRENT").write_text("x")
    DAMAGE[damage](tmp_path / "mlflow.db")
    assert "mlflow.db" in sentence_of(command, "--home", tmp_path)


@pytest.mark.parametrize("command", ["serve", "ui"])
def test_a_port_in_use_is_one_sentence(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bundles" / "x").mkdir(parents=True)
    (tmp_path / "bundles" / "CURRENT").write_text("x")
    monkeypatch.setattr("pipelines.steps.ui.open_client", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "is in use" in sentence_of(command, "--home", tmp_path, "--port", port)
    text = sentence_of(command, "--home", tmp_path, "--host", "192.0.2.1", "--port", port)
    assert "192.0.2.1, port" in text
    assert "no address of this machine" in text


def raised(do: Callable[[], object]) -> BaseException:
    try:
        do()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def wrapped(cause: BaseException) -> BaseException:
    """As libraries wrap what happened to them."""

    def fail() -> None:
        try:
            raise cause
        except BaseException as error:
            raise RuntimeError("something failed") from error

    return raised(fail)


def unreachable(url: str) -> BaseException:
    return raised(lambda: sqlalchemy.create_engine(url).connect())


def cut(path: Path) -> BaseException:
    path.write_bytes(gzip.compress(b"order,price\n" * 1000)[:-20])
    return raised(lambda: gzip.open(path).read())


FAULTS: dict[str, tuple[Callable[[Path], BaseException], str]] = {
    **{
        errno.errorcode[number]: (lambda path, number=number: wrapped(OSError(number, "?", str(path))), part)
        for number, part in {
            errno.ENOSPC: "the disk is full",
            errno.EROFS: "read-only disk",
            errno.EACCES: "access is denied",
            errno.EMFILE: "ulimit",
            errno.EIO: "from a backup",
            errno.EDOM: "solve this and run again",
        }.items()
    },
    "gzip": (lambda path: cut(path / "a.gz"), "damaged or cut short"),
    "json": (lambda _: raised(lambda: json.loads("{")), "damaged or cut short"),
    "utf-8": (lambda _: raised(lambda: b"caf\xe9".decode()), "save it as UTF-8"),
    "polars": (lambda path: raised(lambda: pl.read_parquet(spoiled(path))), "damaged or cut short"),
    "duckdb": (lambda path: raised(lambda: duckdb.read_parquet(str(spoiled(path)))), "spoiled.parquet"),
    "memory": (lambda _: MemoryError(), "memory"),
    "sqlite": (lambda path: raised(lambda: sqlite3.connect(path / "no" / "folder.db")), "database of the workspace"),
    "mlflow": (lambda _: MlflowException("No such artifact: 'artifact'\nmore"), "MLflow reports: No such artifact"),
    "optuna": (lambda _: optuna.exceptions.StorageInternalError("broken"), "Optuna cannot use its storage"),
    "no driver": (lambda _: unreachable("postgresql://nobody@127.0.0.1:1/none"), "start it|coterie\\[postgres\\]"),
    "no dialect": (lambda _: unreachable("nonsense://a"), "write MLFLOW_TRACKING_URI"),
    "no address": (lambda _: unreachable("nonsense"), "write MLFLOW_TRACKING_URI"),
}


def spoiled(folder: Path) -> Path:
    (folder / "spoiled.parquet").write_bytes(b"PAR1, and no more")
    return folder / "spoiled.parquet"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_system_or_a_library_says_what_to_do(fault: str, tmp_path: Path) -> None:
    make, part = FAULTS[fault]
    text = in_words(make(tmp_path))
    assert text is not None
    assert "\n" not in text
    assert any(each in text for each in part.replace("\\", "").split("|")), text


def test_the_command_line_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise wrapped(OSError(errno.ENOSPC, "No space left on device", "/data/x"))

    monkeypatch.setattr("pipelines.steps.simulate.simulate", fail)
    assert "/data/x: the disk is full" in sentence_of("simulate", "--home", tmp_path)


def test_coteries_own_sentence_comes_before_its_cause() -> None:
    def fail() -> None:
        try:
            raise OSError(errno.EBUSY, "busy")
        except OSError as error:
            raise Busy("another command is writing: wait") from error

    assert in_words(raised(fail)) == "another command is writing: wait"
    assert in_words(wrapped(NotFound("no such study: train it"))) == "no such study: train it"


def test_a_defect_keeps_its_traceback() -> None:
    assert in_words(KeyError("orders")) is None
    assert in_words(wrapped(ZeroDivisionError("division by zero"))) is None


def test_no_sentence_quotes_the_parameters_of_a_statement() -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    error = raised(lambda: engine.connect().execute(sqlalchemy.text("SELECT :who FROM nowhere"), {"who": "ann@shop"}))
    text = in_words(error)
    assert text is not None
    assert "ann@shop" not in text
