"""The errors: each class with its sentences, and the sentences for errors of the system and of libraries."""

import errno
from collections.abc import Callable, Iterable
from pathlib import Path

from docs.references.keys import WRITTEN
from docs.references.schema import one_line
from docs.references.sentences import INSERTED, error_classes, found_and_cure, modules, returned, sentences
from pipelines.faults import KNOWN, SYSTEM

REPO = Path(__file__).resolve().parents[2]
FAULTS = "pipelines.faults"


def errors_page() -> str:
    """Every error that a person may see."""
    code = modules(REPO)
    named, by_class = error_classes(code), sentences(code)
    classes = "".join(section(name, doc, by_class[name]) for name, doc in named.items())
    system = table((f"…: {meaning}" for meaning in SYSTEM.values()), "system error", map(errno.errorcode.get, SYSTEM))
    libraries = table(sentence for make in of_libraries() for sentence in returned(make, code[FAULTS], code))
    return f"""# Errors

A command that cannot do what was asked prints `coterie: ` and one sentence on stderr, and ends with status 1. Over
HTTP it is `{{"error": "..."}}` with a [status](http.md#refusals). The sentence says what was found, what was needed
where that is not plain, and what to do. `{INSERTED}` stands for what is inserted: a name, a number, a list. What people
meet first has more words under [troubleshooting](troubleshooting.md). {WRITTEN}

A traceback is a defect of coterie: please report it.
{classes}
## Errors of the system

From whichever library noticed it; the path comes first, if it is known.

{system}
## Errors of libraries

{libraries}"""


def section(name: str, doc: str, own: Iterable[str]) -> str:
    """One class of errors."""
    short = name.rpartition(".")[2]
    return f"\n## {short}\n\n{one_line(doc)} In code: `{name}`.\n\n{table(own)}" if own else ""


def table(own: Iterable[str], extra: str = "", extras: Iterable[object] = ()) -> str:
    """Sentences as a table, with another column before them if it has a name."""
    cells = [tuple(map(cell, found_and_cure(sentence))) for sentence in own]
    if not extra:
        return "".join(["| what was found | what to do |\n|---|---|\n", *(f"| {a} | {b} |\n" for a, b in cells)])
    rows = (f"| `{each}` | {a}: {b} |\n" for each, (a, b) in zip(extras, cells, strict=True))
    return "".join([f"| {extra} | sentence |\n|---|---|\n", *rows])


def of_libraries() -> list[str]:
    """Names of the functions that put errors of libraries into words, each once."""
    makes: list[Callable[[BaseException], str]] = [make for _, make in KNOWN]
    return [name for name in dict.fromkeys(make.__name__ for make in makes) if name not in ("str", "of_system")]


def cell(text: str) -> str:
    """Text within a cell, with nothing that Markdown would take for its own."""
    for sign in "|*<":
        text = text.replace(sign, f"\\{sign}")
    return text
