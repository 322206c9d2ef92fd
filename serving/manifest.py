"""A bundle's manifest: what must stand in it, and that the files beside it are those it lists."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from features.errors import BadArtifact
from models.plain import json_from

FORMAT = 3
MANIFEST = "manifest.json"
ANSWERS = "answers"
IN_STORE = "bundle"
"""Name of a bundle's folder in BentoML's model store, below the one that is named by its version."""
LARGEST_BYTES = 64 * 1024 * 1024
PLAIN_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PlainName = Annotated[str, StringConstraints(pattern=PLAIN_NAME)]
Days = Annotated[float, Field(ge=-25_567, le=84_006, allow_inf_nan=False)]
"""Days since 1970-01-01 UTC, between the years 1900 and 2200."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ModelEntry(_Strict):
    """A model of the bundle: its version in the registry and the hash of its own manifest."""

    version: str
    sha256: Sha256


class Manifest(_Strict):
    """The content of ``manifest.json``; ``files`` has the SHA-256 of every other file by its path in the folder."""

    format: Literal[3]
    as_of: Days
    as_of_utc: str
    models: Annotated[dict[PlainName, ModelEntry], Field(min_length=1)]
    customers: Annotated[int, Field(ge=0)]
    tables: list[str]
    files: dict[str, Sha256]


def version_of(written: bytes) -> str:
    """The version of the bundle with this manifest: the beginning of its SHA-256."""
    return hashlib.sha256(written).hexdigest()[:16]


def version_named(folder: Path) -> str:
    """The version a bundle's folder is named by; in BentoML's model store it is the folder above that is."""
    name = folder.parent.name if folder.name == IN_STORE else folder.name
    if not re.fullmatch("[0-9a-f]{16}", name):
        raise BadArtifact(
            f"the folder {name!r} is not named by its bundle's version: "
            "give it the name it was published under, 16 hexadecimal digits"
        )
    return name


def read_manifest(folder: Path, expected: str) -> Manifest:
    """The manifest of the bundle of version ``expected``, parsed only if it is that one; BadArtifact otherwise."""
    path = folder / MANIFEST
    if not is_regular(path):
        raise BadArtifact(f"there is no file {MANIFEST} in {folder.name!r}: give the folder of a published bundle")
    if path.stat().st_size > LARGEST_BYTES:
        raise BadArtifact(f"{MANIFEST} in {folder.name!r} is over {LARGEST_BYTES} bytes: publish the bundle again")
    written = path.read_bytes()
    if version_of(written) != expected:
        raise BadArtifact(
            f"the bundle in {folder.name!r} is {version_of(written)}, expected {expected}: publish it again, "
            "and keep the name a bundle was published under"
        )
    return parsed(written)


def parsed(written: bytes) -> Manifest:
    """The manifest's content; BadArtifact names the first part that is not as it should be."""
    content = json_from({MANIFEST: written}, MANIFEST)
    if content.get("format") != FORMAT:
        raise BadArtifact(f"the bundle has format {content.get('format')!r:.40}, needed {FORMAT}: publish it again")
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadArtifact(
            f"{where[:100]!r} in {MANIFEST} is wrong ({first['msg']}): publish the bundle again"
        ) from None


def check_files(folder: Path, hashes: Mapping[str, str]) -> None:
    """BadArtifact unless exactly the files in ``hashes`` are below ``folder``, each with its hash."""
    found = set(file_names(folder))
    if found != set(hashes):
        odd = ", ".join(sorted(found ^ set(hashes))[:3])
        raise BadArtifact(f"files and manifest of the bundle differ in {odd}: publish it again")
    for name, expected in hashes.items():
        if file_sha256(folder / name) != expected:
            raise BadArtifact(f"{name} is not the file that was published: publish the bundle again")


def file_names(folder: Path) -> list[str]:
    """Paths of all files below ``folder`` but the manifest; BadArtifact if anything is neither file nor folder."""
    return sorted(name for name in _walk(folder, "") if name != MANIFEST)


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in pieces, because all answers may be larger than memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_regular(path: Path) -> bool:
    """Whether ``path`` is a file itself: no link, no folder, no device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _walk(folder: Path, below: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                raise BadArtifact(f"{name} is a link or a device: publish the bundle again, as plain files")
