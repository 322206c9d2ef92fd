"""Kinds, levels, protected and personal marks are stated in features/tables.py alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.tables import CUSTOMER_IDS, PERSONAL, PROTECTED, SCORE_SCALES, TABLES

REPO = Path(__file__).resolve().parents[2]
PACKAGES = ("features", "models", "experiments", "serving", "pipelines")
STATED_IN = REPO / "features" / "tables.py"
LEVELS = {
    f"{table.name}.{column.name}": frozenset(column.levels)
    for table in TABLES.values()
    for column in table.columns
    if column.levels
}
MANY = 3


def stated(tree: ast.AST) -> Iterator[tuple[int, frozenset[str]]]:
    """Line and texts of every collection of texts in the code, and of every text with several quoted words (SQL)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield node.lineno, _texts(node.elts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = frozenset(re.findall(r"'(\w+)'", node.value))
            if len(words) >= MANY:
                yield node.lineno, words


def _texts(nodes: list[ast.expr]) -> frozenset[str]:
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def restated(texts: frozenset[str]) -> list[str]:
    """What of the contract these texts state again.

    >>> restated(frozenset({"sale", "return"})), restated(frozenset({"sale"}))
    (['levels of orders.kind'], [])
    """
    found = [f"levels of {name}" for name, levels in LEVELS.items() if levels <= texts]
    found += ["protected columns"] if texts >= PROTECTED else []

    return found + (["personal columns"] if len(texts) >= MANY and texts <= PERSONAL else [])


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_states_again_what_the_contract_states(package: str) -> None:
    found = [
        f"{path.relative_to(REPO)}:{line} states {what}: import it from features.tables"
        for path in sorted((REPO / package).rglob("*.py"))
        if path != STATED_IN
        for line, texts in stated(ast.parse(path.read_text(encoding="utf-8")))
        for what in restated(texts)
    ]
    assert not found, "\n".join(found)


def test_marks_fit_together() -> None:
    columns = {column.name: column for table in TABLES.values() for column in table.columns}
    assert {"gender", "birth_year", "family_status"} == PROTECTED
    assert set(CUSTOMER_IDS) <= PERSONAL
    assert all(column.type == "str" for column in columns.values() if column.levels)
    assert set(SCORE_SCALES) < set(TABLES["feedback"].levels("kind"))
    assert all(low < high for low, high in SCORE_SCALES.values())
