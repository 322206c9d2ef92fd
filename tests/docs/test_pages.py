"""Whatever README, CONTRIBUTING and the pages print works: links lead somewhere, commands and options exist."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, REPO, blocks, prose
from tests.docs.test_blocks import GROUP, TARGETS

LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")


def named(path: Path) -> str:
    return str(path.relative_to(REPO))


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    words = [re.sub(r"[^\w -]", "", re.sub(r"\]\(.*?\)", "", text).lower()) for text in headings]
    return {text.strip().replace(" ", "-") for text in words}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    for path, fragment in LINK.findall(prose(page)):
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), f"{path} is no file"
        # Anchors of python.md are names of modules: building the site checks them.
        if fragment and to.suffix == ".md" and to.name != "python.md":
            assert fragment in anchors(to), f"{path} has no heading #{fragment}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_command_in_a_sentence_exists_and_has_the_options_named(page: Path) -> None:
    for name, rest in re.findall(r"`coterie ([a-z]+)([^`]*)`", prose(page)):
        known = {option for parameter in GROUP.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, name
    for target in re.findall(r"`make ([a-z]+)", prose(page)):
        assert target in TARGETS


def test_a_message_quoted_under_troubleshooting_is_in_the_code() -> None:
    packages = [REPO / name for name in ("features", "experiments", "pipelines")]
    code = "".join(path.read_text() for package in packages for path in package.rglob("*.py"))
    rows = re.findall(r"^\| (.*?) \|", (REPO / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    quoted = {text for row in rows for text in re.findall(r"`([a-z ]+_?[a-z ]*)`", row)}
    assert len(quoted) > 3
    assert [text for text in quoted if text not in code and text.split()[0] not in ("make", "coterie", "python")] == []


def test_the_tutorials_source_is_one_that_fits_its_file(tmp_path: Path) -> None:
    from pipelines.steps.check import check_source

    found = {block.kind: block.text for block in blocks(REPO / "docs/tutorial.md")}
    source, raw = tmp_path / "my_shop", tmp_path / "raw"
    source.mkdir(), raw.mkdir()
    (source / "source.toml").write_text(found["toml"])
    (source / "orders.sql").write_text(found["sql"])
    (raw / "sales-1.csv").write_text("ticket,client,sold_on,sku,qty,price\nt1,anna,2024-05-01 10:00,mug,2,4.50\n")
    assert check_source(str(source), raw)["fits"]
