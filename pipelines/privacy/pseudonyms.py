"""Pseudonyms: customer ids as keyed hashes, so that tables can be shared without the shop's own ids.

HMAC-SHA256 of the trimmed id, the first 16 bytes in hex. The key stays in the workspace (``pseudonym.key``, mode 0600):
who has it can recompute the pseudonym of an id they know; without it no id can be tried out. Deleting the key makes
the pseudonyms of later ingests different.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import duckdb

from features.errors import BadConfig

KEY_FILE = "pseudonym.key"
KEY_BYTES = 32
BLOCK_BYTES = 64
PSEUDONYM_HEX = 32


def key_of(home: Path) -> bytes:
    """The workspace's key, made when first needed.

    Raises:
        BadConfig: the key file is not 64 hex digits.
    """
    path = home / KEY_FILE
    if not path.is_file():
        _write_key(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadConfig(
            f"{path} must hold {2 * KEY_BYTES} hex digits: restore it from a backup, or move it away for a new key"
        )
    return key


def _write_key(path: Path) -> None:
    """Write a fresh key; if another process was quicker, its key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def key_id(key: bytes) -> str:
    """Names the key without telling it: 16 hex digits of a hash of it."""
    return hashlib.sha256(b"coterie pseudonym key id\n" + key).hexdigest()[:16]


def define_pseudonym(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Make ``pseudonym(id)`` usable in this connection's SQL: HMAC written out, so that DuckDB computes it in bulk."""
    padded = key.ljust(BLOCK_BYTES, b"\0")
    con.execute("SET VARIABLE inner_pad = ?", [bytes(byte ^ 0x36 for byte in padded)])
    con.execute("SET VARIABLE outer_pad = ?", [bytes(byte ^ 0x5C for byte in padded)])
    con.execute(
        f"""CREATE OR REPLACE TEMP MACRO pseudonym(id) AS left(sha256(
            getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(id)))), {PSEUDONYM_HEX})"""
    )


def pseudonym(key: bytes, id_: str) -> str:
    """The pseudonym of one id, as :func:`define_pseudonym` computes it in bulk."""
    return hmac.new(key, id_.encode(), "sha256").hexdigest()[:PSEUDONYM_HEX]
