"""What the pages of all kinds of studies share: one HTML file that needs no other, tables and pictures in it."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #24292e; margin: 0 auto; max-width: 70rem; padding: 1rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 0; } p { margin: .4rem 0; }
.verdict { border-left: .4rem solid #4c9f70; background: #f3f8f5; padding: .6rem 1rem; }
.verdict.unsound { border-color: #d1603d; background: #fbf3f0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
.card { border: 1px solid #d9dcdf; border-radius: .5rem; padding: .8rem 1rem; overflow-wrap: anywhere; }
.card dl { display: grid; grid-template-columns: 1fr auto; gap: .1rem .8rem; margin: .5rem 0; }
.card dt { color: #57606a; } .card dd { margin: 0; text-align: right; }
.card ul { margin: .2rem 0; padding-left: 1.1rem; } .quiet { color: #57606a; font-size: .9rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; }
td, th { border: 1px solid #d9dcdf; padding: .25rem .5rem; text-align: right; }
td:first-child, th:first-child { text-align: left; } img { max-width: 100%; height: auto; }
"""


def document(title: str, body: Iterable[str]) -> str:
    """The whole file."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts that can be scrolled on a narrow screen."""
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class='scroll'><table><tr>{cells}</tr>{body}</table></div>"


def picture(path: Path, words: str) -> str:
    """A plot as data, headed by what it shows."""
    data = base64.b64encode(path.read_bytes()).decode()
    return f"<h2>{escape(words)}</h2><img alt='{escape(words)}' src='data:image/png;base64,{data}'>"
