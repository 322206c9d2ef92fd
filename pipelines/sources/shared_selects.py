"""Shared SELECTs: what several tables of a source read in the same way is written once.

A file ``_<name>.sql`` beside the tables is a SELECT over the aliases. A table's SELECT reads it by its name, as if it
had begun with ``WITH _<name> AS (...)``, so whatever holds for a SELECT holds for it.
"""

import re
from collections.abc import Mapping

SHARED = "_"
"""What the name of a shared SELECT begins with."""
_COMMENT = re.compile(r"--[^\n]*")
_END = re.compile(r";\s*(--[^\n]*\s*)*$")
_START = re.compile(r"(?P<before>(?:\s|--[^\n]*\n)*)(?P<with>WITH\s+(?:RECURSIVE\s+)?)?", re.IGNORECASE)


def with_shared(select: str, shared: Mapping[str, str]) -> str:
    """The SELECT, which begins with those of the shared ones that it reads.

    >>> print(with_shared("-- Kept.\\nWITH b AS (FROM _a) FROM b", {"_a": "SELECT 1;", "_c": "SELECT 2"}))
    -- Kept.
    WITH _a AS (
    SELECT 1
    ), b AS (FROM _a) FROM b
    """
    code = _COMMENT.sub("", select)
    read = [name for name in shared if re.search(rf"(?<!\w){name}\b", code)]
    if not read:
        return select
    start = _START.match(select)
    assert start is not None  # both of its parts may be empty
    named = ", ".join(f"{name} AS (\n{_END.sub('', shared[name].strip())}\n)" for name in read)
    opened, rest = start["with"] or "WITH ", select[start.end() :]
    return f"{start['before']}{opened}{named}{', ' if start['with'] else ' '}{rest}"
