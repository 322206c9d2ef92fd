"""Reference pages are what the code writes, and the pages written by hand leave nothing out."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from docs.references.errors import cell
from docs.references.http import SERVER_PAGES, STATUSES
from docs.references.pages import FOLDER, PAGES
from docs.references.sentences import PACKAGES, found_and_cure, modules, sentences
from features.errors import CoterieError
from models.question import Question
from models.segments.scores import sizes
from models.segments.structure import Structure
from models.targets import targets
from serving.service import BENTOML_PAGES

REPO = FOLDER.parent
SERVING = REPO / "serving"


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


def every(error: type[CoterieError]) -> Iterator[type[CoterieError]]:
    """The class and all that derive from it, as Python knows them."""
    yield error
    for each in error.__subclasses__():
        yield from every(each)


def test_every_class_of_errors_is_on_its_page() -> None:
    for package in PACKAGES:
        for found in pkgutil.walk_packages([str(REPO / package)], f"{package}."):
            importlib.import_module(found.name)
    page = (FOLDER / "errors.md").read_text(encoding="utf-8")
    known = {f"{error.__module__}.{error.__name__}" for error in every(CoterieError)}
    assert known == set(re.findall(r"In code: `(.*?)`", page))


def test_the_beginning_of_every_sentence_in_the_code_is_on_the_page_of_errors() -> None:
    page = (FOLDER / "errors.md").read_text(encoding="utf-8")
    names = "|".join({error.__name__ for error in every(CoterieError)})
    raised = re.compile(rf"raise (?:{names})\(\s*(?:\d+,\s*)?f?\"([^\"{{]{{10,}})")
    code = [path.read_text(encoding="utf-8") for package in PACKAGES for path in (REPO / package).rglob("*.py")]
    begun = [text for each in code for text in raised.findall(each)]
    assert len(begun) > 60
    assert [text for text in begun if cell(found_and_cure(text)[0].strip()) not in page] == []


def test_every_error_says_what_to_do() -> None:
    found = [text for own in sentences(modules(REPO)).values() for text in own]
    # Where a sentence begins or ends with what is inserted, that says it.
    assert [text for text in found if not found_and_cure(text)[1] and "…" not in (text[0], text[-1])] == []


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
