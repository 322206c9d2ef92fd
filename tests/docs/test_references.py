"""Reference pages are what the code writes, and the pages written by hand leave nothing out."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from docs.references.http import SERVER_PAGES, STATUSES
from docs.references.pages import FOLDER, PAGES
from models.question import Question
from models.segments.scores import Structure, sizes
from models.targets import targets
from serving.service import BENTOML_PAGES

SERVING = FOLDER.parent / "serving"


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_a_reference_page_is_current(name: str, page: Callable[[], str]) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == page(), (
        f"docs/{name} is behind the code: run `python -m docs.references`"
    )


def test_every_key_of_a_file_has_a_meaning() -> None:
    for name in ("studies.md", "source-toml.md"):
        assert not re.findall(r"^\| `(\w+)` .*\|  \|$", (FOLDER / name).read_text(), re.MULTILINE), name


def test_every_page_and_status_of_the_service_is_explained() -> None:
    assert set(SERVER_PAGES) == set(BENTOML_PAGES)
    code = "".join(path.read_text() for path in SERVING.rglob("*.py"))
    sent = {int(found) for found in re.findall(r"(?:Refused|failure)\(\s*(\d{3}),", code)} | {404, 422, 500}
    assert set(STATUSES) == sent


def test_every_score_is_explained() -> None:
    page = (FOLDER / "scores.md").read_text(encoding="utf-8")
    for name, section in re.findall(r"^## .*`(\w+)`\n(.*?)(?=^## )", page, re.DOTALL | re.MULTILINE):
        assert set(re.findall(r"`(\w+)`", section)) >= scores_of(name), name
    _, _, segments = page.partition("## Segments")
    names = {"dbcv", "jaccard_min", "jaccard_mean", *sizes(np.array([0, 1]))}
    assert set(Structure.__annotations__) == {"silhouette", "null", "gap", "low"}
    structure = {"silhouette", "silhouette_null", "copula_gap", "copula_gap_low"}
    assert set(re.findall(r"`(\w+)`", segments)) >= names | structure


def scores_of(name: str) -> set[str]:
    """Names of the scores of a target, without the horizon at their end."""
    kind, horizons = targets()[name], (7.0, 30.0) if name == "curve" else (30.0,)
    asked = Question("any", name, "orders", horizons, "currency")
    y = kind.labels(np.array([0.0, 1.0] * 20), asked)
    answer = np.linspace(0.1, 0.9, 40)[:, None] + np.zeros((40, {"amount": 3, "curve": 2}.get(name, 1)))
    return {re.sub(r"_\d+$", "", score) if name == "curve" else score for score in kind.scores(y, answer, asked)}
