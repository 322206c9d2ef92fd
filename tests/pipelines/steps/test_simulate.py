"""What ``coterie simulate`` tells a newcomer."""

from pathlib import Path

from pipelines.steps.simulate import simulate_step
from pipelines.workspace import Workspace


def test_it_says_how_much_was_made_where_it_lies_and_what_to_do_next(tmp_path: Path) -> None:
    made = simulate_step(Workspace(tmp_path), customers=20, days=90, seed=3)
    first, truth, after = made["message"].splitlines()
    assert first.startswith("simulated 20 customers over 90 days: ")
    assert f"{made['rows']['orders']:,} orders" in first
    raw = Path(first.rpartition(" in ")[2])
    assert {path.name.partition("-")[0].partition(".")[0] for path in raw.iterdir()} >= {"orders", "products"}
    assert Path(truth.rpartition(": ")[2]).is_dir()
    assert after == f"what next: `coterie ingest simulated --home {tmp_path}`"
