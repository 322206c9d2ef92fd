"""A whole ingest of one input, and what of it is not as it must be."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from features.errors import CoterieError
from pipelines.ingest.canonical import ingest
from pipelines.ingest.result import IngestResult
from pipelines.sources import Source, load_source
from pipelines.workspace import Workspace
from tests.damage.shop import KINDS, Input, Line, Refusal

CELLS = 'order_id, customer_id, "at", product_id, quantity, unit_price, discount'


@dataclass(frozen=True)
class Verdict:
    """What became of an input: its sentence if it was refused as it must be, and every fault found."""

    given: Input
    sentence: str = ""
    faults: tuple[str, ...] = ()


def made(kind: str, seed: int) -> Input:
    """The input of a kind for a seed: the same each time."""
    return KINDS[kind](random.Random(f"{kind} {seed}"))


def judged(given: Input, folder: Path) -> Verdict:
    """Ingest the deliveries one after another into a new workspace in ``folder``, and compare."""
    source, home = write_source(given, folder), Workspace(folder / "home")
    try:
        results = []
        for delivery in given.deliveries:
            _deliver(delivery, source.raw)
            last = home.current("canonical")
            results.append(ingest(home, source))
    except CoterieError as error:
        return Verdict(given, str(error), tuple(_faults_of_refusal(given, str(error), last, home)))
    except Exception as error:  # a traceback is what must not be
        return Verdict(given, faults=(f"{type(error).__name__}: {error}",))
    if given.refused:
        return Verdict(given, faults=(f"it must be refused, but {dict(results[-1].counts)} were ingested",))
    return Verdict(given, faults=tuple(_faults(given, results[-1])))


def write_source(given: Input, folder: Path) -> Source:
    """The source folder of an input, without its raw files."""
    (folder / "shop" / "raw").mkdir(parents=True)
    for table, text in given.sql.items():
        (folder / "shop" / f"{table}.sql").write_text(text, encoding="utf-8")
    keys = {"name": "shop", "title": "A shop", "files": {"lines": given.pattern}, **given.keys}
    (folder / "shop" / "source.toml").write_text(_toml(keys), encoding="utf-8")
    return load_source(folder / "shop")


def _toml(keys: Mapping[str, Any]) -> str:
    """JSON values are TOML values; a mapping becomes a section."""
    plain = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if not isinstance(value, Mapping)]
    sections = [(key, value) for key, value in keys.items() if isinstance(value, Mapping)]
    for name, values in sections:
        plain += [f"[{name}]", *(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items())]
    return "\n".join(plain)


def _deliver(files: Mapping[str, bytes], raw: Path) -> None:
    for name, content in files.items():
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_bytes(content)


def _faults_of_refusal(given: Input, sentence: str, last: Path | None, home: Workspace) -> list[str]:
    faults = [f"the sentence lacks {text!r}: {sentence}" for text in given.refused if text not in sentence]
    if not given.refused:
        faults.append(f"it must be read: {sentence}")
    if "\n" in sentence:
        faults.append(f"more than one line: {sentence}")
    if home.current("canonical") != last:
        faults.append("the workspace was changed")
    return faults


def _faults(given: Input, result: IngestResult) -> list[str]:
    facts = json.loads((result.folder / "manifest.json").read_text(encoding="utf-8"))["tables"]["orders"]
    rejected = sum(facts["rejects"].values())
    duplicates = facts["repairs"].get("exact_duplicate_dropped", 0)
    faults = []
    if facts["rows_in"] != given.records:
        faults.append(f"{given.records} records were written, {facts['rows_in']} counted in")
    if facts["rows_in"] != facts["rows"] + duplicates + rejected:
        faults.append(f"{facts['rows_in']} in is not {facts['rows']} kept + {duplicates} copies + {rejected} refused")
    if duplicates != given.duplicates:
        faults.append(f"{given.duplicates} copies were written, {duplicates} found")
    faults += _faults_of_rows(given.kept, rows_of(result.folder / "orders.parquet", CELLS))
    faults += _faults_of_rejects(given.rejected, result)
    found = {finding.code for finding in result.findings}
    faults += [f"no finding {code}" for code in sorted(given.findings - found)]
    return faults + _faults_of_dates(given, result.folder)


def rows_of(path: Path, columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a Parquet file."""
    return duckdb.sql(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()


def _faults_of_rows(kept: Sequence[Line], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Every value of every row is the clean line's; no line is missing, and none is there that was never written."""
    expected, found = Counter(line.values() for line in kept), Counter(rows)
    lost, new = list((expected - found).elements()), list((found - expected).elements())
    faults = [f"{len(lost)} lines are lost or changed, such as {lost[0]}"] if lost else []
    return faults + ([f"{len(new)} rows were never written, such as {new[0]}"] if new else [])


def _faults_of_rejects(rejected: Sequence[Refusal], result: IngestResult) -> list[str]:
    """Reasons and their numbers, and for text that is no row its file and line; an empty reason is any."""
    expected, found = Counter(refusal.reason for refusal in rejected), Counter(result.rejects["orders"])
    anyhow = expected.pop("", 0)
    faults = []
    if expected - found or sum((found - expected).values()) != anyhow:
        faults.append(f"refused {dict(found)}, expected {dict(expected)} and {anyhow} for any reason")
    places = {(refusal.file, refusal.line) for refusal in rejected if refusal.line is not None}
    if places:
        there = rows_of(result.folder / "rejects" / "orders.parquet", "raw_file, raw_line")
        faults += [f"no reject of line {line} of {file}" for file, line in sorted(places - set(there))]
    return faults


def _faults_of_dates(given: Input, folder: Path) -> list[str]:
    dated = {row[0] for row in rows_of(folder / "orders.parquet", "order_id, known_at") if row[1] is not None}
    expected = {line.order_id for line in given.late}
    return [f"late are {sorted(dated)}, expected {sorted(expected)}"] if dated != expected else []


def together(inputs: Mapping[str, Input]) -> Input:
    """Inputs of one delivery and no settings as one: each kind's file gets a name of its own."""
    files: dict[str, bytes] = {}
    rejected: list[Refusal] = []
    for number, given in enumerate(inputs.values()):
        for name, content in given.deliveries[0].items():
            files[_numbered(name, number)] = content
        rejected += [replace(each, file=_numbered(each.file, number)) for each in given.rejected]
    return Input(
        [files],
        kept=[line for given in inputs.values() for line in given.kept],
        repaired=sum(given.repaired for given in inputs.values()),
        duplicates=sum(given.duplicates for given in inputs.values()),
        rejected=rejected,
    )


def may_be_together(given: Input, ending: str) -> bool:
    """Whether an input can be read beside others: one delivery, nothing declared, and all files of one format."""
    plain = not given.keys and not given.refused and not given.findings and given.sql == Input([]).sql
    return plain and len(given.deliveries) == 1 and all(ending in name for name in given.deliveries[0])


def _numbered(name: str, number: int) -> str:
    return name.replace("lines", f"lines{number}", 1)


def in_folder(given: Input, folder: Path) -> Verdict:
    """The verdict on an input, with nothing left behind."""
    folder.mkdir(parents=True)
    try:
        return judged(given, folder)
    finally:
        shutil.rmtree(folder)
