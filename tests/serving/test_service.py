"""The service as it runs: what it answers, what it refuses, and that its answers equal the batch scores."""

import json
import threading
from typing import Any

import bentoml
import httpx
import numpy as np
import pandas as pd
import polars as pl
import psutil
import pytest

from features.windows import to_datetime
from models.question import Question
from models.targets import target, targets
from serving.answers import answer
from serving.bundle import Bundle
from serving.json_columns import json_texts
from serving.launch import command
from serving.predictions import TOLD
from serving.requests.answers import KINDS_OF_ANSWERS, Answers
from serving.service import Coterie

from .conftest import AS_OF, Running, Shop

JSON = {"content-type": "application/json"}


def assert_equal_batch(body: dict[str, Any], bundle: Bundle, features: pd.DataFrame) -> None:
    """HTTP answers equal the batch scores of the same customers bit for bit."""
    for one, row in zip(body["answers"], answer(bundle.models, features).table().to_dict("records"), strict=True):
        assert one["customer_id"] == row["customer_id"]
        written = {name: row[f"segment_{name}"] for name in ("id", "name", "strength", "group_id", "group_name")}
        # Text that is null is NaN in the table: a customer in no segment is in no group.
        assert one["segment"] == {name: None if value != value else value for name, value in written.items()}
        for name, loaded in bundle.models.items():
            if name != "segments":
                assert in_words(one[name].pop("reasons", [])) == words_of(name, row)
                assert one[name] == as_sent(name, loaded.model.question, row)


def in_words(reasons: list[dict[str, Any]]) -> list[str]:
    return [each["words"] for each in reasons]


def words_of(name: str, row: dict[str, Any]) -> list[str]:
    """The reasons of a row of the batch's scores; null, so NaN, where there are no more."""
    return [row[f"{name}_{column}"] for column in TOLD if isinstance(row[f"{name}_{column}"], str)]


def as_sent(name: str, question: Question, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the batch's scores as the target sends it."""
    kind, reason = target(question.target), row[f"{name}_reason"]
    if isinstance(reason, str):
        return kind.not_asked(question, reason)
    values = {
        column.removeprefix(f"{name}_"): np.array([value])
        for column, value in row.items()
        if column.startswith(f"{name}_")
    }
    sent: dict[str, Any] = json.loads(json_texts(kind.as_json(values, question, AS_OF), 1)[0])
    return sent


def history(orders: pl.DataFrame, ids: list[str]) -> list[dict[str, Any]]:
    """The lines of these customers before AS_OF as a request has them, in reverse: order must not matter."""
    own = orders.filter((pl.col("at") < to_datetime(AS_OF)) & pl.col("customer_id").is_in(ids))
    lines = own.with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).reverse().to_dicts()
    grouped: dict[str, list[dict[str, Any]]] = {name: [] for name in ids}
    for line in lines:
        grouped[line.pop("customer_id")].append(line)
    return [{"customer_id": name, "orders": found} for name, found in grouped.items()]


def test_http_answers_equal_batch_scores_exactly_for_1000_customers(
    client: httpx.Client, bundle: Bundle, shop: Shop
) -> None:
    ids = shop.snapshot["customer_id"].tolist()[:1_000]
    body = client.post("/predict", json={"customer_ids": ids}).raise_for_status().json()
    assert_equal_batch(body, bundle, shop.snapshot.head(1_000))
    assert body["unknown"] == []


def test_asked_one_by_one_the_answers_are_the_same(client: httpx.Client, bundle: Bundle, shop: Shop) -> None:
    for name in shop.snapshot["customer_id"].tolist()[::100]:
        body = client.post("/predict", json={"customer_ids": [name]}).json()
        assert_equal_batch(body, bundle, shop.snapshot[shop.snapshot["customer_id"] == name])


def test_predict_history_equals_predict_for_the_same_history(client: httpx.Client, shop: Shop) -> None:
    ids = shop.snapshot["customer_id"].tolist()[:60]
    known = client.post("/predict", json={"customer_ids": ids}).json()
    live = client.post("/predict_history", json={"customers": history(shop.orders, ids)})
    assert live.json() == known


def test_one_history_alone_equals_it_among_others(client: httpx.Client, shop: Shop) -> None:
    ids = shop.snapshot["customer_id"].tolist()[5:9]
    together = client.post("/predict_history", json={"customers": history(shop.orders, ids)}).json()["answers"]
    for name, expected in zip(ids, together, strict=True):
        alone = client.post("/predict_history", json={"customers": history(shop.orders, [name])}).json()["answers"]
        assert alone == [expected]


def test_an_answer_carries_its_as_of_and_the_versions_of_its_models(client: httpx.Client, bundle: Bundle) -> None:
    body = client.post("/predict", json={"customer_ids": ["c00001"]}).json()
    assert body["as_of"] == "2025-06-01T00:00:00Z"
    assert body["bundle"] == bundle.version
    assert body["models"]["churn"] == {"version": "1", "sha256": bundle.models["churn"].sha256}
    assert body["answers"][0]["churn"]["horizon_days"] == 30.0


def test_answers_are_as_the_schema_says_whatever_their_kind(client: httpx.Client, bundle: Bundle, shop: Shop) -> None:
    ids = shop.snapshot["customer_id"].tolist()[:50]
    answers = Answers.model_validate_json(client.post("/predict", json={"customer_ids": ids}).content).answers
    for name, loaded in bundle.models.items():
        if name != "segments":
            kinds = {type(one.__pydantic_extra__[name]) for one in answers}
            assert len(kinds) == 1
            assert issubclass(kinds.pop(), target(loaded.model.question.target).Answer)
    schemas = client.get("/docs.json").json()["components"]["schemas"]
    listed = {part["$ref"].rpartition("/")[2] for part in schemas["Answer"]["additionalProperties"]["anyOf"]}
    assert set(targets()) < set(KINDS_OF_ANSWERS)
    assert listed == {f"{name.title()}Answer" for name in KINDS_OF_ANSWERS}
    for name, shape in KINDS_OF_ANSWERS.items():
        assert set(schemas[f"{name.title()}Answer"]["properties"]) == set(shape.model_fields)
    for name, kind in targets().items():
        assert set(KINDS_OF_ANSWERS[name].model_fields) == {*kind.Answer.model_fields, "reasons"}


def test_the_process_of_histories_is_started_first_and_taken_over(running: Running) -> None:
    first = psutil.Process(running.pid)
    histories = [one for one in first.children(recursive=True) if "serving.history_worker" in one.cmdline()]
    assert [one.ppid() for one in histories] == [running.pid]  # the worker has started no other
    others = [one for one in first.children() if one not in histories]
    assert others
    assert all(histories[0].create_time() <= one.create_time() for one in others)


def test_unknown_customers_are_named_beside_the_known(client: httpx.Client) -> None:
    response = client.post("/predict", json={"customer_ids": ["c00002", "nobody", "c00001"]})
    assert response.status_code == 200
    assert [one["customer_id"] for one in response.json()["answers"]] == ["c00002", "c00001"]
    assert response.json()["unknown"] == ["nobody"]


def test_only_unknown_customers_are_a_404_that_says_what_to_send(client: httpx.Client) -> None:
    response = client.post("/predict", json={"customer_ids": [f"nobody{n}" for n in range(9)]})
    assert response.status_code == 404
    assert "none of 9 customers" in response.json()["error"]
    assert "POST /predict_history" in response.json()["error"]
    assert "nobody5" not in response.json()["error"]
    one = client.post("/predict", json={"customer_ids": ["nobody"]}).json()["error"]
    assert one.startswith('customer "nobody" is not known')


REFUSED = [
    (b'{"customer_ids": [NaN]}', 400),
    (b'{"customer_ids": ["a"], "x": 1e400}', 400),
    (b'{"customer_ids": ["a"], "customer_ids": ["b"]}', 400),
    (b"{", 400),
    (b"", 400),
    (b'{"customer_ids": [1]}', 422),
    (b'{"customer_ids": ["\\ud800"]}', 422),
    (b'{"customer_ids": []}', 422),
    (b'{"customer_ids": ["a"], "extra": 1}', 422),
    (b"[]", 422),
    (b"null", 422),
    (b'{"customer_ids": ["' + b"a" * (1 << 20) + b'"]}', 413),
]


@pytest.mark.parametrize(("body", "status"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_wrong_body_is_a_4xx_with_one_sentence(client: httpx.Client, body: bytes, status: int) -> None:
    response = client.post("/predict", content=body, headers=JSON)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert "\n" not in response.json()["error"]
    assert ": " in response.json()["error"]  # what was found: what to send


def test_a_stream_that_never_ends_is_cut_off(client: httpx.Client) -> None:
    response = client.post("/predict", content=(b" " * 65_536 for _ in range(64)), headers=JSON)
    assert response.status_code == 413
    assert client.get("/status").status_code == 200


def test_other_types_methods_and_paths_are_refused(client: httpx.Client) -> None:
    body = b'{"customer_ids": ["c00001"]}'
    assert client.post("/predict", content=body, headers={"content-type": "text/plain"}).status_code == 415
    assert client.post("/predict", content=body).status_code == 415
    assert client.get("/predict").status_code == 405
    assert client.post("/models", content=body, headers=JSON).status_code == 405
    for path in ("/elsewhere", "/predict/submit", "/static_content/index.html", "/predict/../models/x"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize(
    ("change", "status", "part"),
    [
        ({"orders": []}, 422, "none of the 1 histories has a sale"),
        ({"as_of": "2020-01-01"}, 422, "none of the 1 histories has a sale before 2020-01-01T00:00:00Z"),
        ({"at": "2025-06-01T00:00:00Z"}, 422, 'send as_of, for example "2025-06-02T00:00:00Z"'),
        ({"kind": "return"}, 422, "has a sale before"),
        ({"quantity": 0}, 422, "must be greater than 0"),
        ({"customer_id": 5}, 422, "customer_id is 5 and must be text"),
    ],
)
def test_a_wrong_history_is_a_4xx_with_one_sentence(
    client: httpx.Client, change: dict[str, Any], status: int, part: str
) -> None:
    line = {"order_id": "o1", "at": "2025-05-01T10:00:00Z", "quantity": 2, "unit_price": 4.95}
    line |= {key: value for key, value in change.items() if key in ("at", "kind", "quantity")}
    customer = {"customer_id": change.get("customer_id", "a"), "orders": change.get("orders", [line])}
    body = {"customers": [customer]} | ({"as_of": change["as_of"]} if "as_of" in change else {})
    response = client.post("/predict_history", json=body)
    assert (response.status_code, part in response.json()["error"]) == (status, True), response.json()


def test_an_order_at_as_of_belongs_to_the_future(client: httpx.Client, shop: Shop) -> None:
    past = history(shop.orders, ["c00001"])
    body = {"customers": past, "as_of": "2025-06-01T00:00:00Z"}
    before = client.post("/predict_history", json=body).json()
    line = {"order_id": "new", "at": "2025-06-01T00:00:00Z", "quantity": 9, "unit_price": 99.0}
    past[0]["orders"].append(line)
    assert client.post("/predict_history", json=body).json() == before
    line["at"] = "2025-05-31T23:59:59.999999Z"
    assert client.post("/predict_history", json=body).json() != before


def test_a_stated_category_counts_only_for_a_product_the_catalogue_has_not(client: httpx.Client) -> None:
    def ask_about(product: str, *categories: str) -> httpx.Response:
        lines = [
            {"order_id": f"o{n}", "at": f"2025-05-0{n + 1}", "quantity": 1, "unit_price": 5.0, "product_id": product}
            | {"category": category}
            for n, category in enumerate(categories)
        ]
        return client.post("/predict_history", json={"customers": [{"customer_id": "a", "orders": lines}]})

    assert ask_about("p1", "anything").json()["answers"] == ask_about("p1", "k1").json()["answers"]
    assert ask_about("new", "toys", "tools").status_code == 422
    assert "send one category a product" in ask_about("new", "toys", "tools").json()["error"]


def test_the_pages_tell_models_segments_and_status(client: httpx.Client, bundle: Bundle, shop: Shop) -> None:
    models = client.get("/models").json()["models"]
    assert models["churn"]["learner"] == "lightgbm"
    assert models["churn"]["training_window"] == ["2025-02-01", "2025-05-01"]
    segments = client.get("/segments").json()["segments"]
    named = {entry["id"]: entry["name"] for entry in segments}
    found = answer(bundle.models, shop.snapshot).table()
    assert set(zip(found["segment_id"], found["segment_name"], strict=True)) <= set(named.items())
    status = client.get("/status").json()
    assert (status["bundle"], status["customers"]) == (bundle.version, 1_200)
    assert "POST /predict" in client.get("/").json()
    for path in ("/livez", "/readyz", "/metrics", "/docs.json", "/schema.json"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/", "/models", "/status", "/livez", "/readyz", "/metrics", "/docs.json", "/predict"])
def test_no_path_answers_to_a_host_that_was_not_allowed(client: httpx.Client, path: str) -> None:
    asked = {"customer_ids": ["c00001"]} if path == "/predict" else None
    response = client.request("POST" if asked else "GET", path, json=asked, headers={"host": "attacker.example:3000"})
    assert response.status_code == 421
    assert "attacker.example:3000" in response.json()["error"]
    assert client.get("/status", headers={"host": "localhost"}).status_code == 200


def test_no_page_sends_the_reader_elsewhere(client: httpx.Client) -> None:
    assert "http" not in client.get("/").text


def test_unless_told_otherwise_only_this_machine_is_listened_to() -> None:
    assert Coterie.config["http"]["host"] == "127.0.0.1"
    assert command()[-4:-2] == ["--host", "127.0.0.1"]


def test_bentomls_own_client_understands_the_service(running: Running) -> None:
    with bentoml.SyncHTTPClient(running.url) as found:
        body: Any = found.predict(customer_ids=["c00001"])
    assert body["answers"][0]["customer_id"] == "c00001"


def test_many_at_once_all_get_their_own_answer(running: Running) -> None:
    wrong: list[str] = []

    def ask(name: str) -> None:
        with httpx.Client(base_url=running.url, timeout=60, trust_env=False) as own:
            for _ in range(5):
                response = own.post("/predict", json={"customer_ids": [name]})
                if response.status_code != 200 or response.json()["answers"][0]["customer_id"] != name:
                    wrong.append(response.text)

    threads = [threading.Thread(target=ask, args=(f"c{number:05d}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_log_names_no_customer_and_no_value(client: httpx.Client, running: Running) -> None:
    secret = "verysecretcustomer"
    line = {"order_id": secret, "at": "never", "quantity": 1, "unit_price": 5.0}
    client.post("/predict", json={"customer_ids": [secret]})
    client.post("/predict", json={"customer_ids": [secret, 5]})
    client.post("/predict_history", json={"customers": [{"customer_id": secret, "orders": [line]}]})
    client.post("/predict", content=json.dumps({secret: 1}), headers=JSON)
    log = running.log.read_text()
    assert secret not in log
    assert "c00001" not in log
    assert "Traceback" not in log
