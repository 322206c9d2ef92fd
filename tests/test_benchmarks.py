"""The benchmarks follow the code: each can be imported and names what it measures."""

import importlib
from pathlib import Path

import pytest

NAMES = sorted(path.stem for path in (Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_imported_and_says_what_it_measures(name: str) -> None:
    assert importlib.import_module(f"benchmarks.{name}").__doc__
