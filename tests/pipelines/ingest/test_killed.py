"""An ingest killed in its middle loses nothing, and no copy of the raw data outlives the next command that writes."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.ingest.canonical import ingest
from pipelines.sources import Source, load_source
from pipelines.workspace import Workspace
from tests.pipelines.sources.workbook import write_book

# Each ingest is a fork that dies, as a killed process does, where ``function`` is called.
KILLER = """
import importlib, json, os, sys
from pathlib import Path
import pipelines.ingest.canonical
from pipelines.sources import load_source
from pipelines.workspace import Workspace

folder, places = Path(sys.argv[1]), json.loads(sys.argv[2])
for module, function in places:
    if os.fork() == 0:
        setattr(importlib.import_module(module), function, lambda *_, **__: os._exit(9))
        workspace = Workspace(folder / "home")
        with workspace.lock():
            pipelines.ingest.canonical.ingest(workspace, load_source(folder / "shop"))
        os._exit(0)
    if os.waitstatus_to_exitcode(os.wait()[1]) != 9:
        sys.exit(f"{function} was never called")
    left = [path for path in (folder / "home" / ".scratch").rglob("*") if path.is_file()]
    print(json.dumps([str(path.relative_to(folder)) for path in left]))
"""
PLACES = [
    ("pipelines.ingest.canonical", "confine"),
    ("pipelines.sources.stage", "settle"),
    ("pipelines.ingest.canonical", "run_audit"),
    ("pipelines.ingest.canonical", "clean_all"),
    ("pipelines.ingest.publication", "write_audit"),
]
"""Everything is copied; the first table is staged; all are; all is judged; the tables are written."""

COLUMNS = 'CAST(id AS VARCHAR) AS order_id, who AS customer_id, "at", n AS quantity, price AS unit_price'
ALIASES = ("book", "text", "lines", "stored")
HEADER = ("id", "who", "at", "n", "price")


def write_source(folder: Path) -> Source:
    """A workbook, a text and a JSON file with a bad line each, and a database: all four are read from copies."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    rows = {alias: (f"{alias}-1", "zebedee", "2024-01-05 10:00:00", "1", "2.5") for alias in ALIASES}
    write_book(raw / "book.xlsx", {"Sheet": [HEADER, rows["book"]]})
    (raw / "text.csv").write_text(f"{','.join(HEADER)}\n{','.join(rows['text'])}\n9,zebedee,2024-01-05,1,2,5\n")
    (raw / "lines.jsonl").write_text(
        json.dumps(dict(zip(HEADER, rows["lines"], strict=True))) + '\n{"who": "zebedee"\n'
    )
    with sqlite3.connect(raw / "shop.db") as con:
        con.execute('CREATE TABLE stored (id, who, "at", n, price)')
        con.execute("INSERT INTO stored VALUES (?, ?, ?, ?, ?)", rows["stored"])
    con.close()
    select = " UNION ALL ".join(f"SELECT {COLUMNS}, 'sale' AS kind FROM {alias}" for alias in ALIASES)
    (folder / "orders.sql").write_text(select)
    touches = "SELECT who AS customer_id, \"at\", 'email' AS channel, 'sent' AS kind FROM text"
    (folder / "touches.sql").write_text(touches)
    (folder / "source.toml").write_text(
        'name = "shop"\ntitle = "A shop"\n[files]\nbook = "book.xlsx"\ntext = "text*.csv"\nlines = "lines.jsonl"\n'
        '[database]\nurl = "sqlite:///shop.db"\n'
    )
    return load_source(folder)


def with_name(folder: Path) -> list[str]:
    """Files below a folder that name the customer, packed or not."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        packed = path.suffix == ".parquet" and path.read_bytes()[-4:] == b"PAR1"
        content = str(duckdb.sql(f"FROM '{path}'").fetchall()).encode() if packed else path.read_bytes()
        found += [str(path.relative_to(folder))] if b"zebedee" in content else []
    return found


def test_killed_in_the_middle_an_ingest_loses_nothing_and_leaves_no_copy(tmp_path: Path, monkeypatch) -> None:
    source, home = write_source(tmp_path / "shop"), Workspace(tmp_path / "home")
    (tmp_path / "system").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "system"))
    command = [sys.executable, "-c", KILLER, str(tmp_path), json.dumps(PLACES)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert killed.returncode == 0, killed.stderr[-2000:]
    left = [json.loads(line) for line in killed.stdout.splitlines()]
    assert len(left) == len(PLACES)
    for files in left:
        copies = {Path(file).relative_to("home/.scratch").parts[0] for file in files}
        assert len(copies) == 1, "the copy of the ingest killed before is still there"
        assert {"stored.parquet", "0.csv", "0.jsonl"} <= {Path(file).name for file in files}
    assert list((tmp_path / "system").iterdir()) == []
    assert home.current("canonical") is None
    with home.lock():
        result = ingest(home, source)
    assert (result.counts, result.rejects) == (
        {"orders": 4, "touches": 1},
        {"orders": {"malformed_json": 1, "too_many_fields": 1}, "touches": {"too_many_fields": 1}},
    )
    assert not home.scratch.exists() or list(home.scratch.iterdir()) == []
    assert list((home.home / "canonical").glob(".draft*")) == []
    assert {Path(path).parts[0] for path in with_name(home.home)} <= {"canonical", "staging"}
