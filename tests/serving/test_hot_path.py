"""The short road of POST requests through the service: the same bytes as BentoML's own, counted, never held up."""

import asyncio
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bentoml
import httpx
import pytest

from serving.bundle import Bundle
from serving.history import typical
from serving.service import Coterie

from .conftest import Running

JSON = {"content-type": "application/json"}
LOOKUPS: list[list[str]] = [
    ["c00001"],
    ["c00002", "nobody", "c00001", "c00002", "nobody"],
    ["nobody"],
    ['"quoted" \\ and \n', "Zoë", "\u2028", "💶", "c00003"],
    [f"c{number:05d}" for number in range(1_000)],
    ["c" * 200],
]
HEAVY_CUSTOMERS = 400


def bodies(bundle: Bundle) -> list[tuple[str, bytes]]:
    """Paths and bodies of requests of every kind of outcome."""
    asked = [("/predict", json.dumps({"customer_ids": ids}).encode()) for ids in LOOKUPS]
    asked += [("/predict", json.dumps({"customer_ids": ids}, ensure_ascii=False).encode()) for ids in LOOKUPS]
    customers = typical(bundle, empty=False)
    nobody = [{**customer, "orders": customer["orders"][-1:]} for customer in customers]
    asked += [("/predict_history", json.dumps({"customers": found}).encode()) for found in (customers, nobody)]
    return asked


def test_bentomls_own_functions_give_the_same_bytes(
    client: httpx.Client, bundle: Bundle, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COTERIE_BUNDLE", str(bundle_folder))
    asked = bodies(bundle)

    async def answers() -> list[tuple[int, bytes]]:
        app = bentoml.Service.to_asgi(Coterie)
        del app.user_middleware[0]  # its metrics need a directory that only `bentoml serve` makes
        found = []
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as own,
        ):
            for path, body in asked:
                response = await own.post(path, content=body, headers=JSON)
                found.append((response.status_code, response.content))
        return found

    found = asyncio.run(answers())
    for (path, body), own in zip(asked, found, strict=True):
        response = client.post(path, content=body, headers=JSON)
        assert (response.status_code, response.content) == own, body[:200]
    assert {status for status, _ in found} == {200, 404, 422}


def counted(client: httpx.Client, path: str, status: int) -> float:
    """How many requests of this path and status ``/metrics`` counts."""
    pattern = rf'^bentoml_service_request_total{{endpoint="{path}",http_response_code="{status}".*}} (\S+)$'
    found = re.search(pattern, client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/predict", {"customer_ids": ["c00001"]}, 200),
        ("/predict", {"customer_ids": ["nobody"]}, 404),
        ("/predict", {"customer_ids": []}, 422),
        ("/predict_history", {"customers": []}, 422),
        ("/status", None, 200),
    ],
)
def test_each_request_is_counted_once(client: httpx.Client, path: str, body: Any, status: int) -> None:
    before = counted(client, path, status)
    for _ in range(3):
        assert client.request("POST" if body else "GET", path, json=body).status_code == status
    assert counted(client, path, status) == before + 3
    assert f'bentoml_service_request_duration_seconds_count{{endpoint="{path}"' in client.get("/metrics").text


def test_metrics_have_no_label_that_a_sender_chose(client: httpx.Client) -> None:
    before = counted(client, "other", 404)
    for path in ("/predict/c00001", "/c00001"):
        assert client.post(path, json={"customer_ids": ["c00001"]}).status_code == 404
    assert "c00001" not in client.get("/metrics").text
    assert counted(client, "other", 404) == before + 2


def test_lookups_and_livez_answer_while_histories_fill_the_queue(running: Running, bundle: Bundle) -> None:
    one = typical(bundle, empty=True)[0]
    heavy = json.dumps({"customers": [{**one, "customer_id": f"h{n}"} for n in range(HEAVY_CUSTOMERS)]}).encode()

    def history(_: int) -> httpx.Response:
        return httpx.post(f"{running.url}/predict_history", content=heavy, headers=JSON, timeout=60, trust_env=False)

    with (
        ThreadPoolExecutor(24) as pool,
        httpx.Client(base_url=running.url, timeout=60, trust_env=False) as client,
    ):
        histories = [pool.submit(history, number) for number in range(24)]
        time.sleep(0.2)
        answered = 0
        while not all(found.done() for found in histories):
            assert client.post("/predict", json={"customer_ids": ["c00001"]}).status_code == 200
            assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
            answered += 1
    replies = [found.result() for found in histories]
    assert {reply.status_code for reply in replies} == {200, 429}
    assert answered >= sum(reply.status_code == 200 for reply in replies)
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    assert list(refused.json()) == ["error"]


def test_the_warm_up_leaves_nothing_to_import(bundle_folder: Path) -> None:
    script = f"""
import sys
sys.modules["sklearn"] = None
from pathlib import Path
from serving.bundle import load_bundle
from serving.history import answer_history, typical, warm_up
from serving.requests.reply import as_bytes
bundle = load_bundle(Path({str(bundle_folder)!r}))
warm_up(bundle)
before = set(sys.modules)
for empty in (True, False):
    reply = answer_history(bundle, as_bytes({{"customers": typical(bundle, empty=empty)[:1]}}))
    assert reply.status == 200, reply
print(sorted(set(sys.modules) - before))
"""
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout.strip() == b"[]"
