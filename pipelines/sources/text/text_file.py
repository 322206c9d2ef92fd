"""One raw text made ready for DuckDB: as it is if its every line is a row, else a copy that has only those."""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import BadTable
from pipelines.sources.source import CsvOptions
from pipelines.sources.text.dialect import Dialect, find_dialect, find_encoding
from pipelines.sources.text.lines import is_utf8
from pipelines.sources.text.records import Table
from pipelines.sources.text.rewriting import Refused, blocks, is_plain, rewrite
from pipelines.sources.text.streams import Text, opened, utf8
from pipelines.sql import quoted

# Raise it when code changes what is read of the same file.
FORMAT = 1
HEAD_BYTES = 1 << 18
# Letters and signs of western European text; runs of letters beyond ASCII are other alphabets in another encoding.
WESTERN = re.compile(
    r"[\x00-\x7f\u00a0-\u00bf\u00c0-\u00ff\u0152\u0153\u0160\u0161\u017d\u017e\u0178€‘’‚“”„–—…•™‰†‹›]*"
)
FOREIGN_RUN = re.compile("[À-ÿ]{3}")
SCHEMA = pa.schema(
    [("raw_file", pa.string()), ("raw_line", pa.int64()), ("reason", pa.string()), ("raw_text", pa.string())]
)
"""Of refused text: the file, the number of its first line, why it is no row, and the text."""


@dataclass(frozen=True)
class TextFile:
    """A text as DuckDB is to read it: ``path``, which is a copy of the rows alone if ``copied``.

    ``guessed``: nobody declared its encoding, and nothing in it proves which it is.
    """

    name: str
    path: Path
    dialect: Dialect
    copied: bool
    refused: int = 0
    guessed: bool = False

    @property
    def refusals(self) -> Path:
        """Parquet file of the refused lines (:data:`SCHEMA`); there is none unless some were ``refused``."""
        return self.path.with_suffix(".parquet")

    def options(self, csv: CsvOptions) -> str:
        """Options of ``read_csv``; nothing is left to sniffing."""
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in self.dialect.columns)
        nulls = (csv.null,) if isinstance(csv.null, str) else csv.null
        options = {
            "auto_detect": "false",
            "columns": f"{{{columns}}}",
            "header": "false",
            "skip": "0" if self.copied else str(self.dialect.skipped),
            "delim": quoted(self.dialect.delimiter),
            "quote": quoted('"'),
            "escape": quoted('"'),
            "nullstr": f"[{', '.join(quoted(text) for text in ('', *nulls))}]",
            # A copy may have values of several lines.
            "parallel": str(not self.copied).lower(),
        }
        return ", ".join(f"{key} = {value}" for key, value in options.items())


def make_ready(text: Text, csv: CsvOptions, target: Path, name: str) -> TextFile:
    """Read a text through; its rows are copied to ``target`` only if not every line is one.

    ``name`` is what the refused lines call the file.

    Raises:
        BadTable: it cannot be unpacked or decoded, or no line of it is a row.
    """
    dialect = _dialect(text, csv)
    if _may_be_plain(text, dialect) and _is_plain(text, dialect, csv):
        return TextFile(name, text.path, dialect, copied=False)
    guessed = dialect.encoding == "utf-8" and not csv.encoding and _is_western(text)
    if guessed:
        dialect = _dialect(text, csv.model_copy(update={"encoding": "cp1252"}))
    return replace(_copied(text, dialect, csv, target, name), guessed=guessed)


def _dialect(text: Text, csv: CsvOptions) -> Dialect:
    with opened(text) as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise BadTable(f"{text.name} is empty (0 bytes): export it again")
    encoding = find_encoding(head, csv.encoding)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return find_dialect(decoder.decode(head).removeprefix("\ufeff"), encoding, csv, text.name)


def _may_be_plain(text: Text, dialect: Dialect) -> bool:
    one_file = text.member is None and dialect.newline == "\n" and dialect.returns is not None
    return one_file and not dialect.encoding.startswith(("utf-16", "utf-32"))


@contextmanager
def _blocks(text: Text, dialect: Dialect) -> Iterator[Iterator[bytes]]:
    with opened(text) as file:
        yield blocks(utf8(file, dialect.encoding, dialect.newline), dialect.skipped, text.name)


def _table(dialect: Dialect, csv: CsvOptions) -> Table:
    comment = (csv.comment or "").encode()
    return Table(dialect.delimiter.encode(), len(dialect.columns), comment, strict=dialect.encoding != "utf-8")


def _is_plain(text: Text, dialect: Dialect, csv: CsvOptions) -> bool:
    with _blocks(text, dialect) as found:
        # In another encoding only a text of ASCII alone can be read as it is.
        every = found if dialect.encoding == "utf-8" else _until_foreign(found)
        # Where nothing is skipped, the first line says how lines end.
        first = next(every, b"")
        returns = bool(dialect.returns) if dialect.skipped else first.partition(b"\n")[0].endswith(b"\r")
        return is_plain(chain([first] if first else [], every), _table(dialect, csv), returns)


def _until_foreign(found: Iterator[bytes]) -> Iterator[bytes]:
    for block in found:
        # A line that is no row makes the text one that must be copied.
        yield block if block.isascii() else b"\0\n"


def _copied(text: Text, dialect: Dialect, csv: CsvOptions, target: Path, name: str) -> TextFile:
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        Refusing(target.with_suffix(".parquet"), name) as refusals,
        target.open("wb") as file,
        _blocks(text, dialect) as found,
    ):
        rows = rewrite(found, _table(dialect, csv), dialect.skipped + 1, file, refusals)
    if rows == 0 and refusals.n:
        raise BadTable(_no_row(text.name, dialect, refusals.counts))
    return TextFile(name, target, dialect, copied=True, refused=refusals.n)


def _no_row(name: str, dialect: Dialect, counts: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{n} {reason}" for reason, n in counts.items())
    return (
        f"{name}: no line after line {dialect.skipped} is a row of {len(dialect.columns)} columns ({reasons}): "
        "set skip, header, delimiter or encoding in [csv] of source.toml, or export it again"
    )


def _is_western(text: Text) -> bool:
    """Whether a text is no UTF-8 and everything beyond ASCII in it reads as western European text in cp1252."""
    foreign = False
    with opened(text) as file:
        for block in blocks(iter(lambda: file.read(HEAD_BYTES), b""), 0, text.name):
            if block.isascii():
                continue
            for line in block.splitlines():
                if line.isascii():
                    continue
                if is_utf8(line):
                    return False
                foreign = True
                shown = line.decode("cp1252", "replace")
                if not WESTERN.fullmatch(shown) or FOREIGN_RUN.search(shown):
                    return False
    return foreign


class Refusing:
    """Refused lines on their way into a Parquet file of :data:`SCHEMA`, which is there only if there are any."""

    BATCH = 10_000

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name, self.n = path, name, 0
        self.counts: dict[str, int] = {}
        self._waiting: list[Refused] = []
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "Refusing":
        return self

    def add(self, refused: Refused) -> None:
        """Take one more."""
        self._waiting.append(refused)
        self.n += 1
        self.counts[refused.reason] = self.counts.get(refused.reason, 0) + 1
        if len(self._waiting) >= self.BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        self._writer = self._writer or pq.ParquetWriter(self.path, SCHEMA, compression="zstd")
        columns: Sequence[Sequence[object]] = (
            [self.name] * len(self._waiting),
            [refused.line for refused in self._waiting],
            [refused.reason for refused in self._waiting],
            [refused.text for refused in self._waiting],
        )
        self._writer.write_table(pa.table(dict(zip(SCHEMA.names, columns, strict=True)), schema=SCHEMA))
        self._waiting.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
