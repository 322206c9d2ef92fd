"""Every fenced block of every page is of a known kind and can be read as what it is.

Whether they work is in ``test_blocks_work.py``, whether what CONTRIBUTING shows works in ``test_strangers.py``.
"""

import ast
import json
import re
import shlex
import subprocess
import textwrap
import tomllib
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from typer.main import get_command

import pipelines.sources
from experiments.studies import parse_study
from pipelines.cli import app
from pipelines.sources.source import SourceConfig
from tests.docs.blocks import EVERY, ILLUSTRATION, KINDS, REPO, Block

TARGETS = set(re.findall(r"^([a-z]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
GROUP: Any = get_command(app)


def read_shell(text: str) -> None:
    """Bash understands it, and every command of coterie's and target of make's exists with the options given."""
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
    assert not done.stderr
    for line in text.splitlines():
        command = re.search(r"(?:^|&& )(?:\w+=\S+ )*(?:\S*/)?(coterie|make) (.*)$", line)
        if command is None:
            continue
        words = shlex.split(re.split(r"\s>>?\s", command[2])[0], comments=True)
        if command[1] == "make":
            assert words[0] in TARGETS, line
        else:
            GROUP.commands[words[0]].make_context(words[0], words[1:])


def read_schedule(text: str) -> None:
    for line in text.splitlines():
        *fields, command = line.split(maxsplit=5)
        assert len(fields) == 5
        assert all(re.fullmatch(r"[\d*/,-]+", field) for field in fields), line
        read_shell(command)


def read_toml(text: str) -> None:
    """A source, or a study; in place of plug-ins that only CONTRIBUTING's reader has, it gets shipped ones."""
    found = tomllib.loads(text)
    if "kind" not in found:
        SourceConfig.model_validate(found)
        return
    learners = ["item_item" if found["kind"] == "rank" else "lightgbm"]
    for key, shipped in {"task": "value", "learners": learners, "clusterers": ["kmeans"]}.items():
        if any(f'"{name}"' in json.dumps(found.get(key)) for name in PASTED):
            found[key] = shipped
    parse_study(found, "a page")


def read_select(text: str) -> None:
    (statement,) = duckdb.extract_statements(text)
    assert statement.type == duckdb.StatementType.SELECT


def read_listing(text: str) -> None:
    assert all(re.match(r"\S+", line) for line in text.splitlines())


READ: dict[str, Callable[[str], object]] = {
    "bash": read_shell,
    "cron": read_schedule,
    "python": ast.parse,
    "json": json.loads,
    "toml": read_toml,
    "sql": read_select,
    "text": read_listing,
}
PASTED = {block.file.rpartition("/")[2].removesuffix(".py") for block in EVERY if block.kind == "python"} - {""}


@pytest.mark.parametrize("block", EVERY, ids=str)
def test_a_block_is_of_a_known_kind_and_can_be_read_as_it(block: Block) -> None:
    kind, _, word = block.info.partition(" ")
    assert kind in KINDS == READ.keys(), f"{block}: name the kind of the block, one of {sorted(KINDS)}"
    assert word in ("", ILLUSTRATION), block
    READ[kind](block.text)


def test_the_source_that_the_docstring_of_sources_shows_is_read_by_the_product() -> None:
    document = pipelines.sources.__doc__ or ""
    shown = re.search(r"::\n\n(.*?)\n\n\S", document, re.DOTALL)
    assert shown is not None
    found = tomllib.loads(textwrap.dedent(shown[1]))
    assert SourceConfig.model_validate(found).name == "my_shop"
    assert found.keys() == SourceConfig.model_fields.keys()
