"""Laws of erasure on shops written by hand: who is meant, who is not, and that a killed one is completed."""

import hashlib
import json
import shutil
from itertools import chain
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from experiments.dataset import read_dataset, write_dataset
from features.errors import BadArtifact, BadConfig, BadInput, NotFound
from features.tables import PERSONAL
from pipelines.extracts import copy_rows
from pipelines.ingest.canonical import ingest
from pipelines.privacy.pseudonyms import key_of, pseudonym
from pipelines.steps.erase import erase
from pipelines.steps.export import export
from pipelines.workspace import Workspace
from serving.manifest import version_of

pytestmark = pytest.mark.usefixtures("unaudited")

SQL = {
    "orders": """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id,
        qty AS quantity, price AS unit_price, discount, kind, order_no || '/' || customer AS source_line FROM lines""",
    "identities": "SELECT column0 AS alias_id, column1 AS customer_id FROM (VALUES {links}) AS links(column0, column1)",
}
LINES = """\
A1,ann,2024-01-05 10:00,mug,2,4.50,,sale
A2,anna,2024-01-06 10:00,mug,2,4.50,,sale
A3,web7,2024-01-07 10:00,pot,1,20,,sale
A4, ann ,2024-01-08 10:00,pot,1,dear,,sale
A1,,2024-01-05 10:00,pan,1,9,,sale
A5,bob,2024-02-01 09:30,mug,1,4.50,,sale
B1,A1,2024-02-02 09:30,mug,1,4.50,,sale
"""


@pytest.fixture
def shop(write_shop, tmp_path: Path):
    """Ingest the lines with these links (alias to customer) into a workspace, and give it a dataset."""

    def ingested(links: str = "('web7', 'ann'), ('web8', 'bob')", lines: str = LINES, **keys) -> Workspace:
        workspace = Workspace(tmp_path / "home")
        source = write_shop(lines, sql={**SQL, "identities": SQL["identities"].format(links=links)}, **keys)
        result = ingest(workspace, source)
        people = pl.read_parquet(result.folder / "orders.parquet")["customer_id"].unique().sort().to_list()
        frame = pd.DataFrame({"customer_id": people, "as_of": 19800.0, "spend": range(len(people))})
        if people:
            workspace.write_once("datasets", f"spend-{result.id}", lambda folder: _write(folder, frame, result.id))
        return workspace

    return ingested


def _write(folder: Path, frame: pd.DataFrame, canonical: str) -> None:
    write_dataset(folder, [frame], ["spend"], None, {"canonical": canonical, "cutoffs": [], "study": "spend"})


def stored(workspace: Workspace) -> dict[str, list[str | None]]:
    """All ids in tables, rejects, staged parts and datasets, by kind of place."""
    places = {"tables": "canonical/*/*.parquet", "rejects": "canonical/*/rejects/*.parquet"}
    places |= {"staging": "staging/*/*.parquet", "datasets": "datasets/*/rows.parquet"}
    found: dict[str, list[str | None]] = {}
    for place, pattern in places.items():
        frames = [pl.read_parquet(path) for path in sorted(workspace.home.glob(pattern))]
        ids = [
            v for f in frames for name in ("alias_id", "customer_id") if name in f.columns for v in f[name].to_list()
        ]
        found[place] = sorted(str(id_) for id_ in ids)
    return found


def test_a_person_goes_with_aliases_rejects_and_lines_that_lost_them_and_nobody_else(shop) -> None:
    workspace = shop()
    told = erase(workspace, "ann")
    assert told["rows"] == {"canonical tables": 3, "rejects": 2, "staging": 4, "datasets": 2}
    others = ["A1", "anna", "bob", "bob", "web8"]
    assert stored(workspace) == {
        "tables": others, "rejects": [], "staging": ["A1", "anna", "bob"], "datasets": ["A1", "anna", "bob"],
    }  # fmt: skip


def test_rows_that_were_copied_out_for_studies_go_too(shop, tmp_path: Path) -> None:
    workspace = shop()
    canonical, whose = workspace.require("canonical"), pl.DataFrame({"customer_id": ["ann", "bob"]})
    workspace.write_once("extracts", "drawn", lambda folder: copy_rows(canonical, folder, whose))
    export(workspace, "ann", tmp_path / "ann.json")
    assert "extracts/drawn/orders.parquet" in json.loads((tmp_path / "ann.json").read_text())["extracts"]
    assert erase(workspace, "ann")["rows"]["extracts"] > 0
    assert not workspace.published("extracts")


def test_a_person_whom_the_question_was_not_about_goes_from_the_dataset_too(shop) -> None:
    workspace = shop()
    buyers = pd.DataFrame({"customer_id": ["ann", "bob"], "as_of": 19800.0, "purchase_days_n": [1.0, 2.0]})
    bob = pd.DataFrame({"customer_id": ["bob"], "as_of": 19800.0, "spend": [1.0]})
    facts = {"canonical": workspace.require("canonical").name, "cutoffs": [], "study": "churn"}
    workspace.write_once("datasets", "churn-1", lambda f: write_dataset(f, [bob], ["spend"], None, facts, [buyers]))
    erase(workspace, "ann")
    (left,) = [folder for folder in workspace.published("datasets") if folder.name.startswith("churn")]
    everybody = read_dataset(left).everybody
    assert everybody is not None
    assert everybody["customer_id"].tolist() == ["bob"]


def test_a_person_is_found_by_any_of_their_ids(shop) -> None:
    workspace = shop()
    erase(workspace, " web7 ")
    assert "ann" not in stored(workspace)["tables"]


def test_a_bundle_of_an_older_format_is_not_passed_over(shop) -> None:
    workspace, written = shop(), b'{"format": 2}'
    folder = workspace.home / "bundles" / version_of(written)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_bytes(written)
    with pytest.raises(BadArtifact, match=f"format 2, needed 3: publish it again; or delete .*{folder.name}, nothing"):
        erase(workspace, "ann")
    assert "ann" in stored(workspace)["tables"]
    shutil.rmtree(folder)
    erase(workspace, "ann")
    assert "ann" not in stored(workspace)["tables"]


def test_an_alias_that_was_handed_on_takes_nobody_along(shop) -> None:
    shop("('web7', 'bob')")
    workspace = shop("('web7', 'ann')")
    erase(workspace, "ann")
    assert "bob" in stored(workspace)["tables"]
    assert not {"ann", "web7"} & set(stored(workspace)["tables"])


def test_the_erased_stay_out_and_so_do_ids_they_are_given_later(shop) -> None:
    workspace = shop()
    erase(workspace, "ann")
    later = LINES + "A9,web9,2024-02-03 10:00,mug,1,4.50,,sale\n"
    links = "('web7', 'ann'), ('web8', 'bob'), ('web9', 'ann')"
    shop(links, later)
    assert not {"ann", "web7", "web9"} & set(stored(workspace)["tables"] + stored(workspace)["staging"])
    tables = json.loads((workspace.require("canonical") / "manifest.json").read_text())["tables"]
    assert {name: table["erased"] for name, table in tables.items()} == {"orders": 5, "identities": 2}
    # The link itself went with them: who is behind it is still known.
    shop("('web8', 'bob')", later + "A9,web9,2024-02-04 10:00,mug,1,4.50,,sale\n")
    assert "web9" not in stored(workspace)["tables"]


def test_counts_are_the_same_from_cleaned_parts_as_from_raw_files(shop) -> None:
    workspace = shop()
    erase(workspace, "ann")
    counts = []
    for _ in range(2):
        shop()
        folder = workspace.require("canonical")
        counts.append(json.loads((folder / "manifest.json").read_text())["tables"])
        (workspace.home / "canonical" / "CURRENT").unlink()
        workspace.discard(folder)
        for part in workspace.home.glob("staging/*/*.parquet"):
            part.unlink()
    assert counts[0] == counts[1]


def test_a_table_that_only_the_erased_filled_may_be_empty(shop) -> None:
    workspace = shop(lines=LINES.splitlines()[0] + "\n")
    erase(workspace, "ann")
    shop(lines=LINES.splitlines()[0] + "\n")
    assert stored(workspace) == {"tables": ["bob", "bob", "web8", "web8"], "rejects": [], "staging": [], "datasets": []}


def test_pseudonymised_workspaces_take_the_shops_own_id(shop, tmp_path: Path) -> None:
    workspace = shop(pseudonymise=True)
    hidden = pseudonym(key_of(workspace.home), "ann")
    assert hidden in stored(workspace)["tables"]
    export(workspace, "ann", tmp_path / "ann.json")
    assert hidden in (tmp_path / "ann.json").read_text()
    erase(workspace, "ann")
    shop(pseudonymise=True)
    files = [path for path in workspace.home.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix != ".parquet" and hidden.encode() in path.read_bytes()]
    assert hidden not in chain(*stored(workspace).values())


def test_the_id_itself_is_not_in_the_ledger_and_without_its_key_nothing_is_ingested(shop) -> None:
    workspace = shop()
    erase(workspace, "ann")
    assert "ann" not in (workspace.home / "erased.json").read_text()
    (workspace.home / "pseudonym.key").unlink()
    with pytest.raises(BadConfig, match="restore that key"):
        shop()


def test_what_is_left_of_a_dataset_knows_its_tables_and_its_origin(shop) -> None:
    workspace = shop()
    before = read_dataset(workspace.published("datasets")[0])
    erase(workspace, "ann")
    after = read_dataset(workspace.published("datasets")[0])
    assert after.fingerprint != before.fingerprint
    assert after.facts["erased_from"] == [before.fingerprint]
    assert after.facts["canonical"] == workspace.require("canonical").name


def test_a_person_in_a_dataset_of_an_older_format_is_exported_and_erased(shop, tmp_path: Path) -> None:
    """Format 2 had all columns in one file, hashed as the fingerprint."""
    workspace = shop()
    (folder,) = workspace.published("datasets")
    dataset = read_dataset(folder)
    shutil.rmtree(folder)
    folder.mkdir()
    dataset.frame.to_parquet(folder / "panel.parquet", index=False)
    fingerprint = hashlib.sha256((folder / "panel.parquet").read_bytes()).hexdigest()
    manifest = {"format": 2, "fingerprint": fingerprint, "features": ["spend"], "question": None}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "rows": 4, "facts": dict(dataset.facts)}))
    export(workspace, "ann", tmp_path / "ann.json")
    (rows,) = json.loads((tmp_path / "ann.json").read_text())["datasets"].values()
    assert [row["customer_id"] for row in rows] == ["ann", "web7"][: len(rows)]
    assert erase(workspace, "ann")["rows"]["datasets"] == len(rows) > 0
    (left,) = workspace.published("datasets")
    assert sorted(path.name for path in left.iterdir()) == ["features.npy", "manifest.json", "rows.parquet"]
    assert stored(workspace)["datasets"] == ["A1", "anna", "bob"]
    assert read_dataset(left).facts["erased_from"] == [fingerprint]


def test_nobody_is_an_error_that_says_where_was_looked_and_not_for_whom(shop) -> None:
    workspace = shop()
    for ask in (lambda: erase(workspace, "zoe"), lambda: export(workspace, "zoe", workspace.home.parent / "zoe.out")):
        with pytest.raises(NotFound, match="looked through canonical tables, rejects, staging, extracts") as error:
            ask()
        assert "'zoe'" not in str(error.value)
    with pytest.raises(BadInput, match="blank"):
        erase(workspace, " ")


def test_an_export_overwrites_nothing_and_stays_out_of_the_workspace(shop, tmp_path: Path) -> None:
    workspace = shop()
    (tmp_path / "there.json").write_text("mine")
    for out, why in ((tmp_path / "there.json", "there already"), (workspace.home / "me.json", "lies in the workspace")):
        with pytest.raises(BadInput, match=why):
            export(workspace, "ann", out)
    assert (tmp_path / "there.json").read_text() == "mine"
    export(workspace, "ann", tmp_path / "ann.json")
    told = json.loads((tmp_path / "ann.json").read_text())
    (orders,) = (rows for path, rows in told["canonical_tables"].items() if path.endswith("orders.parquet"))
    assert [(row["order_id"], row["at"], row["discount"]) for row in orders] == [
        ("A1", "2024-01-05T10:00:00Z", None),
        ("A3", "2024-01-07T10:00:00Z", None),
    ]


def test_the_only_contact_takes_the_company_along_and_one_of_two_their_share(write_shop, tmp_path: Path) -> None:
    profiles = """SELECT * FROM (VALUES ('ann', 'acme'), ('bob', 'bcorp'), ('anna', 'bcorp'))
        AS profiles(customer_id, company_id)"""
    workspace = Workspace(tmp_path / "home")
    result = ingest(workspace, write_shop(LINES, sql={"orders": SQL["orders"], "customers": profiles}))
    frame = pd.DataFrame({"customer_id": ["acme", "bcorp", "ccorp"], "as_of": 19800.0, "spend": 1.0})
    facts = {"canonical": result.id, "entity": "company"}
    workspace.write_once(
        "datasets", "firms-1", lambda folder: _ignore(write_dataset(folder, [frame], ["spend"], None, facts))
    )
    erase(workspace, "ann")
    assert stored(workspace)["datasets"] == ["bcorp", "ccorp"]
    # What was computed with a person is not theirs alone, but it is computed anew without them.
    erase(workspace, "bob")
    assert stored(workspace)["datasets"] == ["ccorp"]


def _ignore(_: object) -> None: ...


KILLER = """
import os
from pathlib import Path
import {module} as module
from pipelines.steps.erase import erase
from pipelines.workspace import Workspace

real = {target}

def killed(*args, **kwargs):
    if "{when}" == "after":
        real(*args, **kwargs)
    os._exit(9)

{target} = killed
erase(Workspace(Path({home!r})), "ann")
"""
PLACES = [
    ("pipelines.steps.erase", "module.begin", "before"),
    ("pipelines.steps.erase", "module.begin", "after"),
    ("pipelines.workspace", "module._flush", "before"),
    ("pipelines.workspace", "module.Workspace.point", "before"),
    ("pipelines.workspace", "module.Workspace.point", "after"),
    ("pipelines.workspace", "module.shutil.rmtree", "before"),
    ("pipelines.steps.erase", "module.remove_from_canonical", "after"),
    ("pipelines.privacy.person_rows", "module.PersonRows.clean_part", "after"),
    ("pipelines.privacy.removal", "module.write_dataset", "after"),
    ("pipelines.steps.erase", "module.remove_from_dataset", "after"),
    ("pipelines.steps.erase", "module.finish", "before"),
]


def test_an_erasure_killed_at_every_step_in_turn_is_completed_by_the_next(shop, forks: ForkServerContext) -> None:
    workspace = shop()
    for module, target, when in PLACES:
        script = KILLER.format(module=module, target=target, when=when, home=str(workspace.home))
        killed = forks.Process(target=exec, args=(script, {}))
        killed.start()
        killed.join(120)
        assert killed.exitcode == 9, (target, when)
        assert workspace.require("canonical").is_dir()
        assert all(read_dataset(path) for path in workspace.published("datasets"))
    told = erase(workspace, "web7")
    assert told["rows"] == {"canonical tables": 3, "rejects": 2, "staging": 4, "datasets": 2}
    assert not {"ann", "web7", " ann "} & set(chain(*stored(workspace).values()))
    assert json.loads((workspace.home / "erased.json").read_text())["pending"] is None
    assert len(workspace.published("canonical")) == len(workspace.published("datasets")) == 1
    assert not list(workspace.home.glob("*/.draft*"))


def test_no_feature_of_a_dataset_is_a_personal_column() -> None:
    from features.families import families

    assert not {name for family in families().values() for name in family.COLUMNS} & PERSONAL


BROKEN = "A8,{},2024-02-02,mug,1,4.50,,sale,{}\n"


def test_a_line_that_is_no_row_goes_with_the_person_who_is_in_it_and_does_not_come_back(shop) -> None:
    broken = BROKEN.format("ann", "more") + BROKEN.format("anna", "x") + BROKEN.format("bob", "for ann")
    workspace = shop(lines=LINES + broken)
    assert erase(workspace, "ann")["rows"]["rejects"] == 4
    for _ in range(2):
        rejects = pl.read_parquet(workspace.require("canonical") / "rejects" / "orders.parquet")
        assert rejects["raw_text"].drop_nulls().to_list() == [BROKEN.format("anna", "x").strip()]
        shop(lines=LINES + broken)


def test_a_line_that_is_no_row_is_not_kept_where_ids_are_hidden(shop) -> None:
    workspace = shop(lines=LINES + BROKEN.format("carl", "more"), pseudonymise=True)
    rejects = pl.read_parquet(workspace.require("canonical") / "rejects" / "orders.parquet").drop_nulls("raw_line")
    assert rejects.select("raw_file", "raw_line", "raw_text", "reason").rows() == [
        ("lines.csv", 9, None, "too_many_fields")
    ]
