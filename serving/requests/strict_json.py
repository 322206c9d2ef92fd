"""JSON as the standard defines it, from bytes that nobody has checked; the work is linear in their number."""

import json
from typing import NoReturn

from serving.requests.refusal import Refused, quoted


def strict_json(body: bytes) -> object:
    """The parsed body. Refused: other encodings than UTF-8, NaN, Infinity, numbers beyond a float, duplicate keys.

    >>> strict_json(b'{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    """
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8 at byte {error.start}: send JSON encoded as UTF-8") from None
    except json.JSONDecodeError as error:
        found = "is empty" if not body.strip() else f"is not JSON at line {error.lineno}, column {error.colno}"
        raise Refused(400, f"the body {found} ({error.msg}): send one JSON object") from None
    except RecursionError:
        raise Refused(400, "the body is nested too deeply to be read: send one flat JSON object") from None
    except ValueError:  # an integer of thousands of digits
        raise Refused(400, "the body has a number with too many digits: send numbers a 64-bit float can hold") from None


def _no_constant(name: str) -> NoReturn:
    raise Refused(400, f"the body has {name}, which is not JSON: send a finite number, or null where it may be absent")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Refused(400, f"the body has {quoted(text)}, beyond a 64-bit float: send a finite number")
    return number


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise Refused(400, f"the key {quoted(key)} comes twice in one object: send it once")
        found[key] = value
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique)
"""Made once: ``json.loads`` would make one for each body."""
