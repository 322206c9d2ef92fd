"""What a notebook shows of a comparison."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side: ``message`` in words, ``table`` of relations or of leads, and the ``picture`` (PNG)."""

    message: str
    table: pd.DataFrame
    picture: bytes = field(repr=False)

    def _repr_png_(self) -> bytes:
        return self.picture

    def __str__(self) -> str:
        """The words that the command prints."""
        return self.message


def comparison_of(client: Any, found: dict[str, Any]) -> Comparison:
    """From what ``coterie compare`` found and logged."""
    rows = found["relations"] if "relations" in found else found["leads"]
    with tempfile.TemporaryDirectory(prefix="coterie-picture-") as place:
        path = Path(client.download_artifacts(found["run_id"], f"{found['place']}/comparison.png", place))
        picture = path.read_bytes()
    return Comparison(found["message"], pd.DataFrame(rows), picture)
