"""Payloads: their limits, and sentences that name the place, the found and the needed."""

import json
from datetime import datetime
from typing import Any

import pytest

from features.errors import BadInput
from serving.requests.errors import reader
from serving.requests.payload import HistoryRequest, PredictRequest
from serving.requests.rows import RequestPart, utc

LINE = {"order_id": "o1", "at": "2025-01-02T03:04:05Z", "quantity": 2, "unit_price": 4.95}


def history(**changes: Any) -> dict[str, Any]:
    """A request of one customer with one line, in which something was changed; None drops a key."""
    line = {key: value for key, value in {**LINE, **changes}.items() if value != "DROP"}
    return {"customers": [{"customer_id": "a", "orders": [line]}]}


def sentence(body: object, model: type = HistoryRequest) -> str:
    with pytest.raises(BadInput) as refused:
        reader(model)(body)
    return str(refused.value)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"customer_ids": "12347"}, 'customer_ids is "12347" and must be a list'),
        ({"customer_ids": []}, "customer_ids must not be an empty list"),
        ({"customer_ids": [12347]}, "customer_ids[0] is 12347 and must be text"),
        ({"customer_ids": ["a", None]}, "customer_ids[1] is null and must be text"),
        ({"customer_ids": [""]}, "must not be empty"),
        ({"customer_ids": ["x" * 201]}, "at most 200 characters"),
        ({"customer_ids": ["a\0"]}, "NUL"),
        ({"customer_ids": ["\ud800"]}, "valid Unicode"),
        ({"customer_ids": ["a"] * 1001}, "has 1001 items, must have at most 1000"),
        ({"ids": ["a"], "customer_ids": ["a"]}, "ids is not a key"),
        ({}, "customer_ids is missing"),
        ([], "the body must be an object"),
        (3, "the body is 3 and must be an object"),
    ],
)
def test_a_wrong_predict_request_gets_a_sentence_about_it(body: object, part: str) -> None:
    found = sentence(body, PredictRequest)
    assert part in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"quantity": 0}, "customers[0].orders[0].quantity is 0 and must be greater than 0"),
        ({"quantity": -1}, "must be greater than 0"),
        ({"quantity": "2"}, "must be a number"),
        ({"quantity": True}, "must be a number"),
        ({"quantity": 10**400}, "quantity"),
        ({"quantity": None}, "must be a number"),
        ({"quantity": 1e6, "unit_price": 1e6}, "quantity times unit_price must be at most 100,000,000"),
        ({"unit_price": -0.01}, "must not be below 0"),
        ({"discount": -1}, "must not be below 0"),
        ({"at": "yesterday"}, "must be a time as ISO 8601 text"),
        ({"at": 1700000000}, "must be a time as ISO 8601 text"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "must be a time"),
        ({"at": "3025-01-01"}, "between the years 1900 and 2200"),
        ({"kind": "refund"}, "must be 'sale' or 'return'"),
        ({"at": "DROP"}, "at is missing"),
        ({"replaced_at": "2025-01-01"}, "replaced_at is not a key"),
        ({"category": "toys"}, "must come with a product_id"),
    ],
)
def test_a_wrong_order_line_gets_a_sentence_about_it(changes: dict[str, Any], part: str) -> None:
    assert part in sentence(history(**changes))


def test_lines_are_limited_over_all_customers() -> None:
    customers = [{"customer_id": str(number), "orders": [LINE] * 2_501} for number in range(2)]
    assert "has 5,002 rows together" in sentence({"customers": customers})


def test_a_customer_comes_once() -> None:
    assert "customer_id twice" in sentence({"customers": [{"customer_id": "a", "orders": [LINE]}] * 2})


def test_all_problems_are_counted_and_histories_are_not_repeated() -> None:
    found = sentence({"customers": [{"customer_id": "a", "orders": [{"order_id": "secret"}, 5]}]})
    first = "customers[0].orders[0]"
    assert found.startswith(f"{first}.at, {first}.quantity, {first}.unit_price are missing: send for example")
    assert "1 more like it" in found
    assert "secret" not in found


@pytest.mark.parametrize("model", [PredictRequest, HistoryRequest])
@pytest.mark.parametrize("body", ["C1", ["C1"], 5, {}])
def test_the_example_in_a_sentence_is_a_request_that_is_read(model: type[RequestPart], body: Any) -> None:
    with pytest.raises(BadInput) as refused:
        reader(model)(body)
    example = str(refused.value).partition("send for example ")[2].replace("[...]", "[]")
    reader(model)(json.loads(f"{{{example}}}" if body == {} else example))


def test_times_are_read_in_their_offset_and_without_one_as_utc() -> None:
    assert utc("2025-07-01T01:00:00+02:00") == utc("2025-06-30T23:00:00") == datetime(2025, 6, 30, 23)


def test_a_right_request_is_read() -> None:
    request = reader(HistoryRequest)(
        {**history(discount=None, product_id="p1", category="toys"), "as_of": "2025-02-01"}
    )
    assert request.customers[0].orders[0].quantity == 2.0
    assert request.as_of == datetime(2025, 2, 1)
