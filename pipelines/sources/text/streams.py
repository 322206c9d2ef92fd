"""The bytes of a raw text file, unpacked, and its text as UTF-8."""

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from features.errors import BadTable

CHUNK = 1 << 22
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class Text:
    """One text: a file, or one ``member`` of a ``.zip``."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """File name as it is shown to people."""
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @property
    def ending(self) -> str:
        """Lower-case name without what only says that it is packed."""
        return (self.member or self.path.name).lower().removesuffix(".gz")


def texts_in(path: Path) -> list[Text]:
    """The texts that a file contains: itself, or what a ``.zip`` has in it except hidden files.

    Raises:
        BadTable: it is no zip file, is cut short, or is empty.
    """
    if path.suffix.lower() != ".zip":
        return [Text(path)]
    with _one_sentence(path), zipfile.ZipFile(path) as packed:
        names = [item.filename for item in packed.infolist() if not item.is_dir()]
    texts = [Text(path, name) for name in sorted(names) if not _is_hidden(name)]
    if not texts:
        raise BadTable(f"{path.name} has no file in it: export it again")
    return texts


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in PurePosixPath(name).parts)


@contextmanager
def opened(text: Text) -> Iterator[IO[bytes]]:
    """The unpacked bytes.

    Raises:
        BadTable: the file is not packed as its name says, is cut short, or cannot be opened.
    """
    with _one_sentence(text.path), text.path.open("rb") as file:
        if text.member is not None:
            with zipfile.ZipFile(file) as packed, packed.open(text.member) as member:
                yield member
        elif text.path.suffix.lower() == ".gz":
            with gzip.open(file) as unpacked:
                yield io.BufferedReader(unpacked)
        else:
            yield file


def check_packing(path: Path) -> None:
    """Unpack a ``.gz`` file to its end; any other is fine.

    Raises:
        BadTable: it is none, is damaged or is cut short.
    """
    if path.suffix.lower() == ".gz":
        with opened(Text(path)) as file:
            while file.read(CHUNK):
                pass


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise BadTable(f"{path.name} ends early: copy or export it again") from None
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error):
        raise BadTable(_damage(path)) from None
    except (RuntimeError, NotImplementedError) as error:
        # zipfile says so of a password and of a rare method of compression.
        raise BadTable(f"{path.name} cannot be unpacked ({error}): unpack it and name the files in it") from None
    except OSError as error:
        raise BadTable(f"{path.name} cannot be read ({error.strerror}): check its permissions") from None


def _damage(path: Path) -> str:
    kind, magic = ("zip", ZIP_MAGIC) if path.suffix.lower() == ".zip" else ("gzip", GZIP_MAGIC)
    with path.open("rb") as file:
        if file.read(len(magic)) == magic:
            return f"{path.name} is damaged or cut short: copy or export it again"
    return f"{path.name} is no {kind} file (unpacked already?): rename it to {path.with_suffix('').name}"


def utf8(file: IO[bytes], encoding: str, newline: str) -> Iterator[bytes]:
    """The text in chunks of UTF-8 without byte-order mark; lines end with ``\\n`` where ``newline`` is ``\\r``.

    UTF-8 is passed on unchecked. What another encoding cannot decode becomes U+FFFD.
    """
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    start = True
    while piece := file.read(CHUNK):
        if decoder is not None:
            piece = decoder.decode(piece).encode("utf-8", "replace")
        if start:
            piece, start = piece.removeprefix(codecs.BOM_UTF8), False
        yield piece.replace(b"\r", b"\n") if newline == "\r" else piece
    if decoder is not None and (rest := decoder.decode(b"", final=True)):
        yield rest.encode()
