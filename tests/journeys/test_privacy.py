"""Canaries: what two people wrote into every column stays where it may be, and is nowhere once they were erased.

The search knows nothing of coterie: it reads every byte below the workspace, in capitals or not, Parquet column by
column (compression hides bytes), arrays, database rows, and what the commands printed.
"""

import gzip
import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from experiments.dataset import read_dataset
from experiments.tracking.registry import aliased
from experiments.tracking.runs import open_client
from features.tables import TABLES
from pipelines.cli import app
from pipelines.workspace import Workspace
from serving.bundle import load_bundle

STUDIES = Path(__file__).parent / "studies"
START = datetime(2024, 1, 1)
WRITTEN = "CANARY"
ME, ALIAS, COLLEAGUE = f"{WRITTEN}-me", f"{WRITTEN}-alias", f"{WRITTEN}-colleague"
# What a kind or a channel may be is fixed, and products are no people.
FIXED = {"kind", "product_id"}
KINDS = {"orders": "sale", "events": "login", "touches": "open", "feedback": "review", "loyalty": "earn"}
TABLE_PLACES = ("canonical", "staging")
FEATURE_PLACES = ("snapshots", "datasets")
ID_PLACES = (*TABLE_PLACES, *FEATURE_PLACES, "bundles", "bentoml", "scores")


def said(table: str, column: str, who: str) -> str:
    """An unmistakable value: nobody else has it."""
    return f"{who}-{table}-{column}"


def row(table: str, who: str, at: datetime, **values: Any) -> dict[str, Any]:
    """A row of the person with canaries in every text column, also in one the contract does not know."""
    spec = TABLES[table]
    texts = {c.name: said(table, c.name, who) for c in spec.columns if c.type == "str" and c.name not in FIXED}
    numbers = {c.name: 1 for c in spec.columns if c.type in ("float", "int")}
    whens = {spec.time: at.isoformat()} if spec.time else {}
    kind = {"kind": KINDS[table]} if table in KINDS else {}
    extra = {"attr_shoe": said(table, "attr_shoe", who)} if spec.is_extra("attr_shoe") else {}
    return {**texts, **numbers, **whens, **kind, **extra, "customer_id": who, **values}


def people(rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    """A small shop of quiet people, and among them the canaries."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    rows["products"] = [
        {"product_id": f"P{n}", "name": f"Thing {n}", "category": f"K{n % 4}", "price": 5 + n} for n in range(10)
    ]
    rows["campaigns"] = [{"campaign_id": "N1", "name": "News"}]
    rows["market"] = [{"period": "2024", "spend": 1000, "cell_region": "North"}]
    rows["identities"] = [{"alias_id": "A7", "customer_id": "C7"}, row("identities", ME, START, alias_id=ALIAS)]
    for n in range(160):
        # Somebody the canary recommended the shop to, which is said in a row that is not theirs.
        friend = {"referred_by": ME} if n == 3 else {}
        profile = {"customer_id": f"C{n}", "gender": "fm"[n % 2], "city": "Bath", "birth_year": 1980}
        rows["customers"].append(profile | friend)
        rows["contacts"].append({"customer_id": f"C{n}", "email": f"c{n}@shop.example"})
        for at in when(rng, rng.randint(2, 9)):
            rows["orders"].append(order(rng, f"C{n}", at, f"S{n}-{at:%j%H%M}"))
            rows["events"].append(
                {"customer_id": f"C{n}", "at": at.isoformat(), "kind": "login", "session_id": f"V{n}"}
            )
    for who in (ME, COLLEAGUE):
        for name in ("customers", "events", "touches", "feedback", "subscriptions", "contacts", "loyalty"):
            rows[name] += [
                row(name, who, at, **FITTING.get(name, {})) for at in when(rng, 1 if TABLES[name].unique else 2)
            ]
        rows["orders"] += [order(rng, who, at, said("orders", "order_id", who)) for at in when(rng, 8)]
    rows["events"] += [row("events", ALIAS, at) for at in when(rng, 3)]
    rows["orders"] += dirt(rng)
    return rows


FITTING: dict[str, dict[str, Any]] = {
    "customers": {"company_id": f"{WRITTEN}-company", "birth_year": 1971},
    "touches": {"channel": "email", "campaign_id": "N1"},  # campaigns are of the shop, and the audit may name them
    "feedback": {"topic": "price", "sentiment": 0.5},
}


def dirt(rng: random.Random) -> list[dict[str, Any]]:
    """Lines that end in the rejects: a stray space, a price nobody can read, a line that lost its customer."""
    lines = [order(rng, who, START, said("orders", "order_id", ME)) for who in (f" {ME} ", ME, "")]
    lines[0]["unit_price"] = lines[1]["unit_price"] = "dear"
    return lines


def order(rng: random.Random, who: str, at: datetime, order_id: str) -> dict[str, Any]:
    line = {"order_id": order_id, "customer_id": who, "at": at.isoformat(), "product_id": f"P{rng.randrange(10)}"}
    return {**line, "quantity": rng.randint(1, 4), "unit_price": 5 + rng.randrange(10), "kind": "sale"}


def when(rng: random.Random, n: int) -> list[datetime]:
    return sorted(START + timedelta(minutes=rng.randrange(60, 300 * 1440)) for _ in range(n))


def write_shop(folder: Path) -> Path:
    """A source that takes every column of every table; orders keep the customer beside, as real sources do."""
    (folder / "raw").mkdir(parents=True)
    rows = people(random.Random(5))
    for name, lines in rows.items():
        frame = pl.DataFrame(lines, infer_schema_length=None, strict=False) if lines else pl.DataFrame()
        frame.cast(pl.String, strict=False).write_csv(folder / "raw" / f"{name}.csv")
        beside = ", customer_id AS source_customer" if name == "orders" else ""
        (folder / f"{name}.sql").write_text(f"SELECT *{beside} FROM {name}")
    files = "".join(f'{name} = "{name}.csv"\n' for name in rows)
    (folder / "source.toml").write_text(f'name = "canaries"\ntitle = "A shop"\n[files]\n{files}')
    return folder


def texts(path: Path) -> Iterator[bytes]:
    """Everything a file says, also under its compression, in small letters: an address may have been folded."""
    yield from (said_.lower() for said_ in as_written(path))


def as_written(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".parquet":
        for column in pq.read_table(path).columns:
            yield "\n".join(str(value) for value in column.to_pylist()).encode()
    elif path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes())
    elif path.suffix == ".npy":
        yield np.load(path, allow_pickle=False).tobytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    elif path.suffix == ".db":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as con:
            yield "\n".join(con.iterdump()).encode()


def traces(home: Path, word: str = WRITTEN) -> dict[str, set[str]]:
    """The canaries in each file of the workspace that has some, by its path."""
    found: dict[str, set[str]] = {}
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        for said_ in texts(path):
            if word.lower().encode() in said_:
                words = {part for part in WORDS if part.lower().encode() in said_ and word in part}
                found.setdefault(path.relative_to(home).as_posix(), set()).update(words or {word})
    return found


WORDS = {
    said(table, column, who)
    for who in (ME, ALIAS, COLLEAGUE)
    for table, spec in TABLES.items()
    for column in (*spec.column_names, "attr_shoe")
} | {ME, ALIAS, COLLEAGUE, f"{WRITTEN}-company"}


@dataclass
class Road:
    """What was seen on the way; ``log`` is all that the commands printed."""

    home: Path
    scratch: Path
    log: str = ""
    seen: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def coterie(self, name: str, *arguments: object, status: int = 0) -> None:
        """Run a command, keep what it said and what is in the workspace after it."""
        done = CliRunner().invoke(app, [*map(str, arguments), "--home", str(self.home), "--json"])
        assert done.exit_code == status, done.output[-2000:]
        self.log += done.output
        self.told[name] = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
        self.seen[name] = traces(self.home)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """The shop on the whole road; then one canary is exported and erased, and the same files come in again."""
    folder = tmp_path_factory.mktemp("canaries")
    shop, road = write_shop(folder / "shop"), Road(folder / "home", folder / "scratch")
    road.scratch.mkdir()
    studies = [part for name in ("segments", "churn") for part in ("--study", STUDIES / f"{name}.toml")]
    log = folder / "log"
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "retrain",
        "--source",
        shop,
        *studies,
        "--trials",
        "1",
        "--home",
        road.home,
    ]
    with log.open("w") as out:
        environment = {**os.environ, "TMPDIR": str(road.scratch)}
        done = subprocess.run(list(map(str, command)), stdout=out, stderr=out, timeout=300, env=environment)
    assert done.returncode == 0, log.read_text()[-2000:]
    road.log = log.read_text()
    road.coterie("report", "report")
    road.seen["retrain"] = road.seen["report"]
    road.coterie("export", "export", ALIAS, "--out", folder / "me.json")
    kill_an_erasure(road)
    road.coterie("erase", "erase", ME)
    road.coterie("again", "erase", ALIAS)
    road.coterie("colleague", "erase", COLLEAGUE)
    road.coterie("nobody", "erase", "CANARY-nobody", status=1)
    road.told["loads"] = what_loads(Workspace(road.home))
    road.coterie("ingest", "ingest", shop)
    road.coterie("train", "train", STUDIES / "segments.toml", "--trials", "1")
    return road


KILLER = """
import os, sys
from pipelines import cli
from pipelines.privacy import removal
removal.remove_from_store = lambda *_: os._exit(9)
sys.argv = ["coterie", "erase", "{who}", "--home", "{home}"]
cli.main()
"""


def kill_an_erasure(road: Road) -> None:
    """It dies between the new bundle in the model store and the removal of the old one."""
    script = KILLER.format(who=ME, home=road.home)
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert killed.returncode == 9, killed.stderr[-2000:]
    bundle = load_bundle(Workspace(road.home).require("bundles"))
    assert ME.encode() in bundle.answers.ids


def what_loads(workspace: Workspace) -> dict[str, Any]:
    """Everything that is left, read as the steps read it."""
    bundle = load_bundle(workspace.require("bundles"), expected=workspace.require("bundles").name)
    canonical = workspace.require("canonical")
    return {
        "customers": bundle.answers.ids.tolist(),
        "scored": pl.read_parquet(workspace.require("scores") / "scores.parquet")["bundle"].unique().to_list(),
        "bundle": bundle.version,
        "datasets": {path.name: read_dataset(path).fingerprint for path in workspace.published("datasets")},
        "tables": {path.stem: pl.read_parquet(path).rows() for path in sorted(canonical.glob("*.parquet"))},
    }


def place(path: str) -> str:
    return path.split("/", 1)[0]


def test_canaries_are_only_where_they_may_be(road: Road) -> None:
    found = road.seen["retrain"]
    assert {place(path) for path in found} == set(ID_PLACES)
    for path, words in found.items():
        if place(path) in TABLE_PLACES:
            assert path.endswith(".parquet"), path
        elif place(path) in FEATURE_PLACES:
            personal = {
                word
                for word in words
                if word.count("-") > 1 and TABLES[word.split("-")[2]].is_personal(word.split("-")[3])
            }
            assert not personal, (path, personal)
        else:
            assert words <= {ME, COLLEAGUE, ALIAS}, (path, words)
    assert any("/rejects/" in path for path in found)


def test_no_command_says_who(road: Road) -> None:
    assert WRITTEN.lower() not in road.log.lower()


def test_nothing_is_left_outside_the_workspace(road: Road) -> None:
    assert traces(road.scratch) == {}


def test_every_file_with_the_id_is_in_the_export(road: Road) -> None:
    written = road.home.parent / "me.json"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    export = json.loads(written.read_text())
    named = {path for part in export.values() if isinstance(part, dict) for path in part}
    holding = {
        path for path, words in road.seen["retrain"].items() if any(word.startswith((ME, ALIAS)) for word in words)
    }
    assert named == holding
    text = written.read_text()
    lost = {word for path in holding for word in road.seen["retrain"][path] if word.startswith((ME, ALIAS))}
    assert {word for word in lost if word not in text} == set()
    assert COLLEAGUE not in text


def test_erased_means_nowhere_and_their_colleague_stays(road: Road) -> None:
    for path, words in road.seen["erase"].items():
        assert not any(word.startswith((ME, ALIAS)) for word in words), path
    kept = {word for words in road.seen["erase"].values() for word in words}
    assert {COLLEAGUE, f"{WRITTEN}-company", said("feedback", "text", COLLEAGUE)} <= kept


def test_with_the_last_contact_the_company_is_gone(road: Road) -> None:
    assert road.seen["colleague"] == {}


def test_twice_is_nothing_to_do_and_nobody_is_an_error(road: Road) -> None:
    assert road.told["again"]["changed"] is False
    assert road.told["again"]["message"].startswith("nothing to do")
    assert "nothing is stored about this customer" in road.told["nobody"]["error"]


def test_the_owner_is_told_which_raw_files_to_clean(road: Road) -> None:
    tables = ("contacts", "customers", "events", "feedback", "identities", "loyalty")
    tables += ("orders", "subscriptions", "touches")
    assert [Path(path).stem for path in road.told["erase"]["raw_files"]] == list(tables)


def test_what_is_left_loads_and_fits_together(road: Road) -> None:
    left = road.told["loads"]
    assert len(left["customers"]) == 160
    assert left["scored"] == [left["bundle"]]
    assert len(left["datasets"]) == 2


def test_the_same_raw_files_do_not_bring_them_back(road: Road) -> None:
    assert road.seen["ingest"] == {}
    home = Workspace(road.home)
    tables = {path.stem: pl.read_parquet(path).rows() for path in home.require("canonical").glob("*.parquet")}
    assert tables == road.told["loads"]["tables"]
    manifest = json.loads((home.require("canonical") / "manifest.json").read_text())["tables"]
    assert manifest["feedback"]["erased"] == 4
    assert manifest["identities"]["erased"] == 1


def test_what_was_trained_on_them_is_due_and_what_is_trained_now_is_not(road: Road) -> None:
    told = road.told["erase"]
    assert told["retrain_due"] is True
    assert {(each["model"], each["version"]) for each in told["versions"]} == {("segments", "1"), ("churn", "1")}
    # The second erasure finds the same runs, by the datasets that its datasets descend from.
    assert road.told["colleague"]["runs"] == told["runs"]
    stores = Workspace(road.home).stores
    new, client = aliased(stores, "segments", "challenger"), open_client(stores)
    assert new is not None
    assert new.version == "2"
    assert "coterie.erasure_due" not in new.tags
    assert "coterie.erasure_due" not in client.get_run(new.run_id).data.tags
    for each in told["versions"]:
        assert client.get_model_version(each["model"], each["version"]).tags["coterie.erasure_due"] == "yes"
    for each in told["runs"]:
        assert client.get_run(each["run_id"]).data.tags["coterie.erasure_due"] == "yes"


def test_the_dataset_left_over_is_the_one_made_anew_without_them(road: Road) -> None:
    home = Workspace(road.home)
    made = {read_dataset(path).fingerprint for path in home.published("datasets")} - set(
        road.told["loads"]["datasets"].values()
    )
    assert made == set()
