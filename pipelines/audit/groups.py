"""Looking for rare groups among many: hashes first, ids only for what they find."""

from collections.abc import Sequence


def in_group_where(rows: str, key: Sequence[str], having: str) -> str:
    """SQL condition: a row of ``rows`` ("FROM ... WHERE ...") is in a group of ``key`` that meets ``having``.

    True for a few rows of other groups too, whose hashes are equal by chance, so test the groups found again. A group
    must go on meeting ``having`` when rows are added to it, as with ``min(x) < max(x)``. Grouping hashes needs a
    fraction of the memory and time of grouping ids.
    """
    hashed = f"hash({', '.join(key)})"
    return f"{hashed} IN (SELECT {hashed} {rows} GROUP BY {hashed} HAVING {having})"
