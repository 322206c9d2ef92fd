"""Whatever happens to files: every record is accounted for, no value is changed, and one bad line costs itself."""

from pathlib import Path

import pytest

from tests.damage import KINDS, in_folder, made, may_be_together, together

SEEDS = 3
REFUSED = sorted(name for name in KINDS if made(name, 0).refused)


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_files_damaged_in_every_way_are_read_beside_one_another(ending: str, tmp_path: Path) -> None:
    """All kinds that need no settings in one ingest: none of them may spoil another's rows."""
    inputs = {name: made(name, 0) for name in KINDS}
    beside = {name: given for name, given in inputs.items() if may_be_together(given, ending)}
    assert len(beside) >= {".csv": 25, ".json": 7}[ending]
    assert in_folder(together(beside), tmp_path / "all").faults == ()


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_sentence_and_changes_nothing(name: str, tmp_path: Path) -> None:
    assert in_folder(made(name, 0), tmp_path / "one").faults == ()


def test_a_second_delivery_changes_nothing_that_was_known(tmp_path: Path) -> None:
    assert in_folder(made("a file that grows every night", 1), tmp_path / "two").faults == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_kind_of_damage_loses_or_changes_a_row(name: str, tmp_path: Path) -> None:
    for seed in range(SEEDS):
        assert in_folder(made(name, seed), tmp_path / str(seed)).faults == (), f"seed {seed}"
