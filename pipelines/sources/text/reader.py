"""The text files of an alias as one relation, and their refused lines as rows of ``refused.lines``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import duckdb

from features.errors import BadTable
from pipelines.sources.source import CsvOptions
from pipelines.sources.text.streams import Text, texts_in
from pipelines.sources.text.text_file import FORMAT, TextFile, make_ready
from pipelines.sql import quoted

ENDINGS = (".csv", ".tsv", ".tab", ".txt")
PACKED = (".zip", *(f"{ending}.gz" for ending in ENDINGS))


@dataclass(frozen=True)
class TextReader:
    """How the text files of an alias are read; what decides it, but for the files themselves, is in its ``repr``."""

    csv: CsvOptions
    texts: Mapping[Path, Sequence[TextFile]] = field(repr=False)
    format: int = FORMAT

    def guessed(self) -> list[tuple[str, str]]:
        """(name, encoding) of each text whose encoding was guessed."""
        return [(text.name, text.dialect.encoding) for texts in self.texts.values() for text in texts if text.guessed]

    def over(self, paths: Sequence[Path]) -> str:
        """SQL that reads these files, every column as text; a column that some of them lack is null there."""
        alike: dict[str, list[Path]] = {}
        for path in paths:
            for text in self.texts[path]:
                alike.setdefault(text.options(self.csv), []).append(text.path)
        read = [f"read_csv([{', '.join(quoted(str(path)) for path in same)}], {how})" for how, same in alike.items()]
        return (
            read[0] if len(read) == 1 else f"({' UNION ALL BY NAME '.join(f'SELECT * FROM {each}' for each in read)})"
        )


def text_reader(
    con: duckdb.DuckDBPyConnection, alias: str, files: Iterable[tuple[Path, str]], csv: CsvOptions, folder: Path
) -> TextReader:
    """Read all files of ``alias``, each with the name by which people know it, through.

    Copies go into ``folder``, which must stay as long as something reads them; refused lines into ``refused.lines``.

    Raises:
        BadTable: a file cannot be unpacked or decoded, or no line of it is a row.
    """
    numbers = count()
    texts: dict[Path, list[TextFile]] = {}
    for path, name in files:
        texts[path] = [
            make_ready(text, csv, folder / alias / f"{next(numbers)}.csv", _known_as(text, name))
            for text in _texts(path)
        ]
    for text in (each for found in texts.values() for each in found if each.refused):
        con.execute(
            f"INSERT INTO refused.lines SELECT {quoted(alias)}, * FROM read_parquet({quoted(str(text.refusals))})"
        )
    return TextReader(csv, texts)


def _known_as(text: Text, name: str) -> str:
    return name if text.member is None else f"{name}/{text.member}"


def _texts(path: Path) -> list[Text]:
    texts = texts_in(path)
    for text in texts:
        if not text.ending.endswith(ENDINGS):
            raise BadTable(f"{text.name} is no text file with columns: unpack {path.name} and name the files in it")
    return texts
