"""The work a request can cause is linear in its size: counted as operations, never as time."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from features.errors import CoterieError
from serving.live import stated_categories
from serving.requests.errors import reader
from serving.requests.guard import MAX_BYTES, check_headers
from serving.requests.payload import HistoryRequest, PredictRequest
from serving.requests.strict_json import _unique, strict_json

LINE = {"order_id": "o", "at": "2025-01-02T03:04:05Z", "quantity": 2, "unit_price": 4.95}


class CountedKey(str):
    """A text that counts how often it is compared or hashed."""

    __slots__ = ()
    operations = 0

    def __eq__(self, other: object) -> bool:
        CountedKey.operations += 1
        return str.__eq__(self, other) is True

    def __hash__(self) -> int:
        CountedKey.operations += 1
        return str.__hash__(self)


def comparisons(keys_n: int) -> int:
    """Comparisons and hashes of keys while an object of ``keys_n`` keys, the last one twice, is refused."""
    names = [f"key{number}" for number in range(keys_n)]
    pairs: list[tuple[str, object]] = [(CountedKey(name), 1) for name in [*names, names[-1]]]
    CountedKey.operations = 0
    with pytest.raises(CoterieError, match="comes twice"):
        _unique(pairs)
    return CountedKey.operations


def calls(work: Callable[[], object]) -> int:
    """Calls of Python and C functions that ``work`` makes, whether it succeeds or is refused."""
    counted = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    except CoterieError:
        pass
    finally:
        sys.setprofile(None)
    return counted


def read(model: type[BaseModel], body: object) -> Callable[[], object]:
    written = json.dumps(body).encode()
    assert len(written) <= MAX_BYTES
    return lambda: reader(model)(strict_json(written))


def lines(n: int, **changes: Any) -> dict[str, Any]:
    return {"customers": [{"customer_id": "a", "orders": [{**LINE, **changes} for _ in range(n)]}]}


REQUESTS: dict[str, Callable[[int], Callable[[], object]]] = {
    "distinct keys": lambda n: read(PredictRequest, {f"k{number}": 1 for number in range(10 * n)}),
    "objects of objects": lambda n: read(PredictRequest, [{"a": {"b": 1}}] * n),
    "numbers": lambda n: read(PredictRequest, [1.5] * n),
    "ids": lambda n: read(PredictRequest, {"customer_ids": [f"c{number}" for number in range(n // 4)]}),
    "wrong ids": lambda n: read(PredictRequest, {"customer_ids": [1] * (n // 4)}),
    "lines": lambda n: read(HistoryRequest, lines(n)),
    "wrong lines": lambda n: read(HistoryRequest, lines(n, quantity=-1, at="never")),
    "empty lines": lambda n: read(HistoryRequest, {"customers": [{"customer_id": "a", "orders": [{}] * n}]}),
    "customers": lambda n: read(
        HistoryRequest, {"customers": [{"customer_id": f"c{m}", "orders": [LINE]} for m in range(n // 4)]}
    ),
    "stated categories": lambda n: (
        lambda: stated_categories(
            HistoryRequest.model_validate(
                {
                    "customers": [
                        {
                            "customer_id": "a",
                            "orders": [{**LINE, "product_id": f"p{m}", "category": "k"} for m in range(n)],
                        }
                    ]
                }
            ).customers
        )
    ),
    "headers": lambda n: lambda: check_headers([(b"content-type", b"application/json")] * n, MAX_BYTES),
}


def test_an_object_with_a_key_twice_is_refused_in_linear_work() -> None:
    # 100,000 distinct keys fit into a body of the largest size.
    assert comparisons(2_000) <= 2.1 * comparisons(1_000)
    assert comparisons(100_000) < 1_000_000


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_twice_the_request_is_at_most_twice_the_work(request_of: Callable[[int], Callable[[], object]]) -> None:
    calls(request_of(4))  # whatever is done only once
    assert calls(request_of(4_000)) <= 2.1 * calls(request_of(2_000)) + 100


@pytest.mark.parametrize("depth", [100, 500, 100_000])
def test_any_depth_of_nesting_is_read_or_refused(depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        body = (opening * depth + "1" + closing * depth).encode()
        with pytest.raises(CoterieError):
            reader(PredictRequest)(strict_json(body))
