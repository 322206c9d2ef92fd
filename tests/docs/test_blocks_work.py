"""A reader types every block of the pages, word for word, from the first to the last of each page.

``make demo`` is typed once; each page begins with a copy of the workspace that it made. Where a block shows what is
answered, the answer has that shape: its keys at every depth, and values of the kind shown.
"""

import ast
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import EVERY, PAGES, REPO, Block, blocks
from tests.docs.reader import SESSION_FILE, Reader

pytestmark = pytest.mark.slow

DEMO = "make demo"
WORK = ("bash", "python", "text")


def is_to_do(block: Block) -> bool:
    """Whether a reader does something with it that CONTRIBUTING's strangers do not."""
    return block.kind in WORK and not block.is_illustration and not block.file


TO_DO = [page for page in PAGES if any(map(is_to_do, blocks(page)))]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A reader who has cloned, and has typed ``make demo``."""
    reader = Reader(tmp_path_factory.mktemp("reader") / "coterie")
    reader.root.mkdir()
    reader.clone()
    printed = reader.type(next(block.text for block in EVERY if is_demo(block)))
    assert "One question to the running service" in printed
    reader.bring_a_shop()
    shutil.copytree(reader.root / "workspace", reader.root / "after-the-demo")
    return reader


@pytest.fixture
def fresh(reader: Reader) -> Iterator[Reader]:
    """The reader with the demo's workspace in a new terminal, and nothing that another page made."""
    (reader.root / SESSION_FILE).unlink(missing_ok=True)
    before = set(reader.root.iterdir())
    shutil.rmtree(reader.root / "workspace", ignore_errors=True)
    shutil.copytree(reader.root / "after-the-demo", reader.root / "workspace")
    yield reader
    reader.stop_servers()
    for made in set(reader.root.iterdir()) - before - {reader.root / "workspace"}:
        shutil.rmtree(made) if made.is_dir() else made.unlink()


def is_demo(block: Block) -> bool:
    return block.kind == "bash" and block.text.startswith(DEMO) and block.text.count("\n") == 1


def test_there_is_a_page_for_each_reader() -> None:
    names = {page.name for page in TO_DO}
    assert names >= {"README.md", "tutorial.md", "data-scientist.md", "application.md", "operations.md", "privacy.md"}


@pytest.mark.parametrize("page", TO_DO, ids=lambda page: str(page.relative_to(REPO)))
def test_every_block_of_a_page_works(page: Path, fresh: Reader) -> None:
    printed = ""
    for block in blocks(page):
        if block.is_illustration or is_demo(block):
            continue
        if block.file:
            fresh.write(block.file, block.text)
        elif block.kind == "bash":
            printed = fresh.type(block.text)
        elif block.kind == "json":
            assert alike(json.loads(block.text), json.loads(printed)), f"{block}: the answer is {printed}"
        elif block.kind == "python":
            check_printed(block, fresh.run_python(block.text))
        elif block.kind == "text":
            check_listing(block, fresh.root)


def check_printed(block: Block, printed: str) -> None:
    """The block ends with what it prints, as a comment."""
    *_, shown = block.text.splitlines()
    assert shown.startswith("# "), f"{block}: print something, and show it in the last line"
    assert alike(ast.literal_eval(shown[2:]), ast.literal_eval(printed)), f"{block}: it prints {printed}"


def alike(shown: Any, found: Any) -> bool:
    """Whether the keys are the same at every depth, and values of the same kind; a date may be null.

    >>> alike({"p": 0.5, "at": None}, {"p": 0.1, "at": "2025-12-31"}), alike({"p": 0.5}, {"p": "much"})
    (True, False)
    """
    if isinstance(shown, dict) and isinstance(found, dict):
        return shown.keys() == found.keys() and all(alike(shown[key], found[key]) for key in shown)
    if isinstance(shown, list) and isinstance(found, list):
        return len(shown) == len(found) and all(map(alike, shown, found))
    texts = (str, type(None))
    return type(shown) is type(found) or (isinstance(shown, texts) and isinstance(found, texts))


def check_listing(block: Block, root: Path) -> None:
    """Each file or folder that a line begins with is there: in the clone, or in the newest bundle."""
    (bundle,) = (path for path in (root / "workspace" / "bundles").iterdir() if path.is_dir())
    for line in block.text.splitlines():
        path = line.split()[0].rstrip(",")
        pattern = "/".join("*" if part.startswith("<") else part for part in path.strip("/").split("/"))
        assert list(root.glob(pattern)) or list(bundle.glob(pattern)), f"{block}: there is no {path}"
