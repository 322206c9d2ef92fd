"""docs/features.md is what the code generates."""

from pathlib import Path

from features.families import families, reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "features.md"


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(families()), (
        "docs/features.md is behind the code: run `python -m features.families > docs/features.md`"
    )
