"""The benchmarks follow the code: each can be imported and names what it measures."""

import importlib
from pathlib import Path

import pytest

from benchmarks.scale import growth, measured

NAMES = sorted(path.stem for path in (Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_imported_and_says_what_it_measures(name: str) -> None:
    assert importlib.import_module(f"benchmarks.{name}").__doc__


def test_a_step_beyond_the_memory_limit_is_stopped_and_a_step_within_it_is_measured(tmp_path: Path) -> None:
    step = ["simulate", "--customers", "50", "--home", str(tmp_path / "shop")]
    assert measured(step, limit_mb=1, log=tmp_path / "log")["status"] == "over the limit"
    assert not (tmp_path / "shop" / "raw" / "simulated").exists()
    found = measured(step, limit_mb=4_000, log=tmp_path / "log")
    assert found["status"] == 0
    assert 1 < found["peak_mb"] < 4_000


def test_an_exponent_of_one_means_in_proportion_to_the_customers() -> None:
    assert growth({"cpu_seconds": 2.0}, {"cpu_seconds": 20.0}, 10.0) == "1.00"
