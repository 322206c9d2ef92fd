"""Who was erased: tombstones that exclude a person from later ingests, and the erasure that is not finished yet.

``erased.json`` (mode 0600) contains ``tombstones``, keyed hashes of the ids of everyone who was erased; ``followed``,
hashes of ids that an identity table gave to them later; and ``pending``, an erasure that has begun. That is written
before anything is removed and deleted last, so that a killed erasure can be completed; until then it has the ids in
clear.
Without the workspace's key nobody can try an id against a tombstone; with it, only an id they know already.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from features.errors import BadArtifact, BadConfig
from pipelines.privacy.pseudonyms import KEY_FILE, key_id, key_of, pseudonym

LEDGER = "erased.json"
MARK = "erased\n"


@dataclass(frozen=True)
class Person:
    """What leads to one person in stored rows: ``ids`` they were known by, ``companies`` they were a contact of,
    ``own_companies`` that had no other, and orders, visits and decisions that nobody else took part in (lines of which
    can have lost their customer)."""

    ids: frozenset[str]
    companies: frozenset[str] = frozenset()
    own_companies: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Pending:
    """An erasure under way: whose, how many rows lay where before it began, and the datasets that had some."""

    person: Person
    rows: dict[str, int] = field(default_factory=dict)
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Erased:
    """The ledger; ``key`` is the workspace's, with which its hashes were made, None as long as nobody was erased."""

    key: bytes | None = field(default=None, repr=False)
    tombstones: frozenset[str] = frozenset()
    followed: frozenset[str] = frozenset()
    pending: Pending | None = None

    @property
    def marks(self) -> frozenset[str]:
        """All hashes by which somebody is excluded."""
        return self.tombstones | self.followed

    @property
    def digest(self) -> str | None:
        """Names the tombstones, so that an ingest knows whether it was made with them; None without any.

        What was followed is not in it: it comes from the raw files, which have their own hashes.
        """
        if not self.tombstones:
            return None
        return hashlib.sha256("\n".join(sorted(self.tombstones)).encode()).hexdigest()


def read_erased(home: Path) -> Erased:
    """The workspace's ledger, an empty one if nobody was ever erased.

    Raises:
        BadArtifact: it cannot be read.
        BadConfig: it was written with another key than the workspace has, so everyone would come back.
    """
    path = home / LEDGER
    if not path.is_file():
        return Erased()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        made_with, pending = str(stored["key"]), _pending(stored["pending"])
        tombstones, followed = frozenset(stored["tombstones"]), frozenset(stored["followed"])
    except (ValueError, KeyError, TypeError):
        raise BadArtifact(f"{path} cannot be read: restore it from a backup, or the erased come back") from None
    key = key_of(home) if (home / KEY_FILE).is_file() else b""
    if key_id(key) != made_with:
        raise BadConfig(
            f"{path} was written with the key {made_with}, which is not the one in {home / KEY_FILE}: "
            "restore that key from a backup, or the erased would come back"
        )
    return Erased(key, tombstones, followed, pending)


def write_erased(home: Path, erased: Erased) -> None:
    """Replace the ledger atomically."""
    path = home / LEDGER
    draft = path.with_name(f".{LEDGER}")
    draft.unlink(missing_ok=True)
    stored = {
        "key": key_id(erased.key or b""),
        "tombstones": sorted(erased.tombstones),
        "followed": sorted(erased.followed),
        "pending": None if erased.pending is None else asdict(erased.pending),
    }
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(stored, file, sort_keys=True, indent=1, default=sorted)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def begin(home: Path, pending: Pending) -> None:
    """Record who is to be erased, before anything of theirs is touched."""
    erased, key = read_erased(home), key_of(home)
    marks = erased.tombstones | tombstones(key, pending.person.ids)
    write_erased(home, replace(erased, key=key, tombstones=marks, pending=pending))


def finish(home: Path) -> None:
    """Forget everything about the erasure under way but its tombstones."""
    write_erased(home, replace(read_erased(home), pending=None))


def follow(home: Path, ids: Collection[str]) -> None:
    """Exclude further stored ids of people who were erased."""
    erased = read_erased(home)
    if erased.key is not None:
        new = tombstones(erased.key, ids) - erased.marks
        if new:
            write_erased(home, replace(erased, followed=erased.followed | new))


def is_erased(home: Path, ids: Collection[str]) -> bool:
    """Whether one of the stored ids has a tombstone."""
    erased = read_erased(home)
    return erased.key is not None and not erased.marks.isdisjoint(tombstones(erased.key, ids))


def tombstones(key: bytes, ids: Iterable[str]) -> frozenset[str]:
    """Hashes of stored ids, each taken as the shop's own id and as a pseudonym of one.

    A tombstone is the pseudonym of a marked pseudonym: one made from a stored pseudonym fits the shop's own id too, and
    in a workspace that stores pseudonyms it is not the id itself.
    """
    return frozenset(pseudonym(key, MARK + each) for id_ in ids for each in (id_, pseudonym(key, id_)))


def tombstone_sql(stored: str, hidden: bool) -> str:
    """:func:`tombstones` in SQL, after ``define_pseudonym``; ``hidden``: the stored ids are pseudonyms."""
    return f"pseudonym('erased' || chr(10) || {stored if hidden else f'pseudonym({stored})'})"


def known_as(home: Path, customer: str) -> frozenset[str]:
    """The shop's own id as it may be stored: as it is, and as a pseudonym if the workspace has a key."""
    if not (home / KEY_FILE).is_file():
        return frozenset({customer})
    return frozenset({customer, pseudonym(key_of(home), customer)})


def _pending(stored: dict[str, Any] | None) -> Pending | None:
    if stored is None:
        return None
    person = Person(**{name: frozenset(ids) for name, ids in stored["person"].items()})
    return Pending(person, stored["rows"], tuple(stored["fingerprints"]))
