"""The fenced blocks of README, CONTRIBUTING and the pages: what a reader types, writes into a file or is shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PAGES = [REPO / "README.md", REPO / "CONTRIBUTING.md", *sorted((REPO / "docs").rglob("*.md"))]
KINDS = {"bash", "cron", "python", "json", "toml", "sql", "text"}
ILLUSTRATION = "illustration"
"""The word after the kind of a block that cannot be run where the tests are, such as one that needs a server."""

FENCED = re.compile(r"^```(?P<info>[^`\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
WRITTEN_TO = re.compile(r"Write to `([^`]+)`:\s*\Z")
FIRST_LINE = re.compile(r"\A(?:#|--) (\S+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """``file`` is where the reader writes it, named in the sentence before it or in its first line, if anywhere."""

    page: Path
    line: int
    info: str
    text: str
    file: str

    @property
    def kind(self) -> str:
        return self.info.partition(" ")[0]

    @property
    def is_illustration(self) -> bool:
        return self.info.endswith(f" {ILLUSTRATION}")

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPO)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        named = WRITTEN_TO.search(text, 0, found.start()) or FIRST_LINE.match(found["text"])
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found["info"], found["text"], named[1] if named else "")


def prose(page: Path) -> str:
    """The page without its blocks."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


EVERY = [block for page in PAGES for block in blocks(page)]
