"""The page of mistakes: each names a test that exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(r"^\| (.+?) \| .+ \| `(.+?)::(.+?)` \|$", (ROOT / "docs" / "mistakes.md").read_text(), re.MULTILINE)


def test_there_are_fifteen() -> None:
    assert len({mistake for mistake, _, _ in ROWS}) == 15


@pytest.mark.parametrize(("mistake", "path", "name"), ROWS)
def test_each_is_caught_by_a_test_that_exists(mistake: str, path: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / path).read_text(), mistake
