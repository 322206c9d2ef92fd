"""What the site needs beside the pages: an index of the decisions, and words for links that leave ``docs/``."""

import posixpath
import re
from pathlib import Path
from typing import Any

DECISIONS = "decisions"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)([^)#\s]+)(#[^)\s]+)?\)")


def on_config(config: Any) -> Any:
    """Put every decision into the navigation, behind their list."""
    pages = [{title(page): f"{DECISIONS}/{page.name}"} for page in decisions(config)]
    config.nav.append({"Decisions": [f"{DECISIONS}/index.md", *pages]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the list of decisions, by title."""
    from mkdocs.structure.files import File  # only here: tests read this file without MkDocs

    lines = [f"- [{title(page)}]({page.name})" for page in decisions(config)]
    text = "\n".join(["# Decisions", "", "Why things are as they are, one page a choice.", "", *lines, ""])
    files.append(File.generated(config, f"{DECISIONS}/index.md", content=text))
    return files


def decisions(config: Any) -> list[Path]:
    """The pages of decisions."""
    return sorted((Path(config.docs_dir) / DECISIONS).glob("*.md"))


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001 - MkDocs' signature
    """Links to the repository's files become their paths: the site travels without the repository."""
    folder = posixpath.dirname(page.file.src_uri)
    return LINK.sub(lambda link: within_site(link, folder), markdown)


def within_site(link: re.Match[str], folder: str) -> str:
    """The link itself if it stays inside the site, otherwise its text with the path.

    >>> within_site(LINK.match("[the gate](../experiments/gate.py)"), "")
    'the gate (`experiments/gate.py`)'
    >>> within_site(LINK.match("[features/families](../features/families/__init__.py)"), "")
    '`features/families`'
    """
    text, path, fragment = link.groups(default="")
    to = posixpath.normpath(posixpath.join("docs", folder, path))
    if to == f"docs/{DECISIONS}":
        return f"[{text}]({path}/index.md)"
    if to.startswith("docs/"):
        return f"[{text}]({path}{fragment})"
    to = to.removesuffix("/__init__.py")
    return f"`{to}`" if text.strip("`/") in to else f"{text} (`{to}`)"


def title(page: Path) -> str:
    """A page's first heading."""
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
