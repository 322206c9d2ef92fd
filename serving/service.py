"""The HTTP service: answers of the champion models about customers.

``bentoml serve serving.service:Coterie`` serves the bundle in the folder ``$COTERIE_BUNDLE`` or, where that is not set,
the latest one in the BentoML model store.
"""

import gc
import json
from datetime import datetime
from typing import Any

import bentoml
import numpy as np
import pandas as pd
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from features.errors import CoterieError
from features.snapshot import feature_names
from serving.answers import answer, body, kind_of
from serving.bundle import Bundle, iso, load_bundle
from serving.live import live_features
from serving.model_store import find_bundle
from serving.requests.errors import reader
from serving.requests.guard import CHECKED, Guard
from serving.requests.payload import Answers, CustomerHistory, HistoryRequest, PredictRequest
from serving.requests.refusal import quoted, status_of

# One thread each: with more, a single row took up to a hundred times longer under load.
THREADS = [{"name": name, "value": "1"} for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")]
NO_TELEMETRY = [{"name": "BENTOML_DO_NOT_TRACK", "value": "True"}]
# BentoML's own front page is left out: it loads scripts from the network, a tracker among them.
BENTOML_PAGES = ("/livez", "/readyz", "/healthz", "/metrics", "/docs.json", "/schema.json")


class _Checked(bentoml.IODescriptor):  # type: ignore[misc]  # BentoML's own types do not resolve
    """A request body that the guard has read and validated; it is not parsed a second time.

    BentoML uses the subclasses for its documentation only: it applies the validators of some fields twice.
    """

    @classmethod
    async def from_http_request(cls, request: Request, serde: Any) -> Any:  # noqa: ARG003 - BentoML's signature
        return request.scope[CHECKED]


class PredictInput(_Checked, PredictRequest):
    """Known customers by id: the models' answers from their features at the bundle's as_of."""


class HistoryInput(_Checked, HistoryRequest):
    """Customers with their rows: the models' answers from features computed now."""


class AnswersOutput(bentoml.IODescriptor, Answers):  # type: ignore[misc]
    """One answer a known customer, in the order asked; all from the features at ``as_of``."""


def models_page(request: Request) -> Response:
    """Each model's version, hash, question, learner, training window and scores."""
    bundle: Bundle = request.app.state.bundle
    keys = (
        "task",
        "question",
        "learner",
        "clusterer",
        "horizon_days",
        "training_window",
        "dataset_fingerprint",
        "scores",
    )
    facts = {
        name: {**bundle.versions[name], **{key: loaded.manifest[key] for key in keys if key in loaded.manifest}}
        for name, loaded in bundle.models.items()
    }
    return as_response({"models": facts, "bundle": bundle.version})


def segments_page(request: Request) -> Response:
    """The segment catalogue, most revenue first."""
    bundle: Bundle = request.app.state.bundle
    models = [loaded.model for loaded in bundle.models.values()]
    entries = [entry for model in models for entry in kind_of(model).catalogue(model)]
    return as_response({"segments": entries, "as_of": iso(bundle.as_of), "bundle": bundle.version})


def status_page(request: Request) -> Response:
    """Which bundle answers, and for how many customers."""
    bundle: Bundle = request.app.state.bundle
    return as_response(
        {"status": "ready", "bundle": bundle.version, "as_of": iso(bundle.as_of), "customers": len(bundle.answers)}
    )


def front_page(_: Request) -> Response:
    """The paths of this service."""
    posts = {f"POST {path}": request.__doc__ for path, request in REQUESTS.items()}
    gets = {f"GET {path}": page.__doc__ for path, page in PAGES.items()}
    return as_response({**posts, **gets, "GET /docs.json": "All of this as OpenAPI."})


def as_response(content: bytes | dict[str, Any], status: int = 200) -> Response:
    """JSON whose floats read back to the same bits; NaN raises an error instead of becoming null."""
    written = content if isinstance(content, bytes) else json.dumps(content, allow_nan=False)
    return Response(written, status, media_type="application/json")


REQUESTS: dict[str, type[BaseModel]] = {"/predict": PredictRequest, "/predict_history": HistoryRequest}
PAGES = {"/models": models_page, "/segments": segments_page, "/status": status_page, "/": front_page}
PAGE_APP = Starlette(routes=[Route(path, page) for path, page in PAGES.items()])


@bentoml.asgi_app(PAGE_APP)
@bentoml.service(
    name="Coterie",
    workers=1,
    http={"host": "127.0.0.1", "port": 3000},
    # An access log would record who asked from where; /metrics counts without naming anyone.
    logging={"access": {"enabled": False}},
    traffic={"timeout": 30},
    envs=[*THREADS, *NO_TELEMETRY],
)
class Coterie:
    """Answers of the published champion models about customers."""

    def __init__(self) -> None:
        folder, version = find_bundle()
        self.bundle = load_bundle(folder, version)
        PAGE_APP.state.bundle = self.bundle
        warm_up(self.bundle)

    @bentoml.api(input_spec=PredictInput, output_spec=AnswersOutput)  # type: ignore[untyped-decorator]
    async def predict(self, customer_ids: list[str]) -> Response:
        """Known customers by id: their answers at the bundle's as_of."""
        answers = [self.bundle.answers.find(name) for name in customer_ids]
        unknown = [name for name, found in zip(customer_ids, answers, strict=True) if found is None]
        known = [found for found in answers if found is not None]
        if not known:
            return as_response({"error": all_unknown(unknown)}, 404)
        return as_response(body(self.bundle, known, unknown, self.bundle.as_of))

    @bentoml.api(input_spec=HistoryInput, output_spec=AnswersOutput)  # type: ignore[untyped-decorator]
    async def predict_history(self, customers: list[CustomerHistory], as_of: datetime | None = None) -> Response:
        """Customers whose rows come with the request, from the same features computed now."""
        try:
            features, moment = live_features(self.bundle, customers, as_of)
        except CoterieError as error:
            return as_response({"error": str(error)}, status_of(error))
        known = set(features["customer_id"])
        unknown = [customer.customer_id for customer in customers if customer.customer_id not in known]
        if not known:
            return as_response({"error": no_sale(len(unknown), moment)}, 422)
        return as_response(body(self.bundle, answer(self.bundle.models, features).as_json(moment), unknown, moment))


def all_unknown(unknown: list[str]) -> str:
    """The error if none of the ids is known."""
    some = ", ".join(quoted(name) for name in unknown[:5])
    these = f"customer {some} is not" if len(unknown) == 1 else f"none of {len(unknown)} customers ({some}) is"
    return f"{these} known to this bundle: check the ids, or send their orders to POST /predict_history"


def no_sale(customers_n: int, as_of: float) -> str:
    """The error if no history has a sale before ``as_of``."""
    return (
        f"none of the {customers_n} histories has a sale before {iso(as_of)}, at least one is needed: "
        "send earlier orders, or a later as_of"
    )


def warm_up(bundle: Bundle) -> None:
    """Answer once, so that no request waits for lazy imports; then exclude all objects so far from garbage collection.

    A full collection visits every object of every library, which delayed a request by tens of milliseconds.
    """
    read = [name for loaded in bundle.models.values() for name in loaded.manifest["features"]]
    nothing_known = pd.DataFrame(np.nan, columns=list(dict.fromkeys([*feature_names(bundle.tables), *read])), index=[0])
    answer(bundle.models, nothing_known.assign(customer_id="")).as_json(bundle.as_of)
    gc.collect()
    gc.freeze()


Coterie.add_asgi_middleware(  # type: ignore[attr-defined]
    Guard,
    readers={path: reader(model) for path, model in REQUESTS.items()},
    pages=(*PAGES, *BENTOML_PAGES),
)
