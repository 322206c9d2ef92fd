"""The HTTP service: answers of the champion models about customers.

``bentoml serve serving.service:Coterie`` serves the bundle in the folder ``$COTERIE_BUNDLE`` or, where that is not set,
the latest one in the BentoML model store.
"""

import gc
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import bentoml
from pydantic import BaseModel
from pydantic.json_schema import DEFAULT_REF_TEMPLATE
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.history_process import ONE_THREAD
from serving.history_queue import HistoryQueue
from serving.history_worker import answers_schema
from serving.metrics import Metrics
from serving.requests.errors import reader
from serving.requests.guard import Guard
from serving.requests.payload import CustomerHistory, HistoryRequest, PredictRequest
from serving.requests.reply import Reply, as_bytes
from serving.requests.strict_json import strict_json

if TYPE_CHECKING:
    from serving.lookup import Lookups

THREADS = [{"name": name, "value": value} for name, value in ONE_THREAD.items()]
NO_TELEMETRY = [{"name": "BENTOML_DO_NOT_TRACK", "value": "True"}]
# BentoML's own front page is left out: it loads scripts from the network, a tracker among them.
BENTOML_PAGES = ("/livez", "/readyz", "/healthz", "/metrics", "/docs.json", "/schema.json")


REFERENCE = DEFAULT_REF_TEMPLATE.replace("{model}", "")
"""What precedes the name of a part in a schema."""


class _Strict(bentoml.IODescriptor):  # type: ignore[misc]  # BentoML's own types do not resolve
    """A request body that is read as the guard's own functions read it.

    BentoML uses the subclasses for its documentation only: it applies the validators of some fields twice.
    """

    @classmethod
    async def from_http_request(cls, request: Request, serde: Any) -> Any:  # noqa: ARG003 - BentoML's signature
        return reader(cls.__bases__[1])(strict_json(await request.body()))


class PredictInput(_Strict, PredictRequest):
    """Known customers by id: the models' answers from their features at the bundle's as_of."""


class HistoryInput(_Strict, HistoryRequest):
    """Customers with their rows: the models' answers from features computed now."""


class AnswersOutput(bentoml.IODescriptor):  # type: ignore[misc]
    """One answer a known customer, in the order asked; all from the features at ``as_of``."""

    @classmethod
    def model_json_schema(cls, *_: Any, ref_template: str = DEFAULT_REF_TEMPLATE, **__: Any) -> dict[str, Any]:
        """The schema of ``requests.answers.Answers``, which importing here would cost a second at every start."""
        facts = getattr(PAGE_APP.state, "facts", None)  # not there while a Bento is built
        written = json.dumps(facts["schema"] if facts else answers_schema())
        found: dict[str, Any] = json.loads(written.replace(REFERENCE, ref_template.replace("{model}", "")))
        return found


def models_page(request: Request) -> Response:
    """Each model's version, hash, question, learner, training window and scores."""
    state = request.app.state
    return as_response({"models": state.facts["models"], "bundle": state.lookups.version})


def segments_page(request: Request) -> Response:
    """The segments, most revenue first, the coarse groups above them, and the ledger of what became of segments."""
    state = request.app.state
    about = {name: state.facts[name] for name in ("segments", "groups", "ledger")}
    return as_response({**about, "as_of": state.lookups.as_of, "bundle": state.lookups.version})


def segment_page(request: Request) -> Response:
    """One segment's card: economics, what comes next, what sets it apart, a rule, its neighbours, its history."""
    state, id_ = request.app.state, request.path_params["id"]
    card = state.facts["cards"].get(id_)
    if card is None:
        known = ", ".join(state.facts["cards"]) or "none"
        return as_response({"error": f"there is no segment of this id: known are {known}"}, status=404)
    return as_response({**card, "as_of": state.lookups.as_of, "bundle": state.lookups.version})


def status_page(request: Request) -> Response:
    """Which bundle answers, for how many customers, and whether its segments still fit them or a refit is due."""
    lookups = request.app.state.lookups
    about = {"status": "ready", "bundle": lookups.version, "as_of": lookups.as_of, "customers": len(lookups.store)}
    return as_response({**about, "segments": request.app.state.facts["staleness"]})


def front_page(_: Request) -> Response:
    """The paths of this service."""
    posts = {f"POST {path}": request.__doc__ for path, request in REQUESTS.items()}
    gets = {f"GET {path}": page.__doc__ for path, page in PAGES.items()}
    return as_response({**posts, **gets, "GET /docs.json": "All of this as OpenAPI."})


def as_response(body: dict[str, Any], status: int = 200) -> Response:
    """JSON whose floats read back to the same bits."""
    return Response(as_bytes(body), status, media_type="application/json")


REQUESTS: dict[str, type[BaseModel]] = {"/predict": PredictRequest, "/predict_history": HistoryRequest}
PAGES = {
    "/models": models_page,
    "/segments": segments_page,
    "/segments/{id}": segment_page,
    "/status": status_page,
    "/": front_page,
}
PAGE_APP = Starlette(routes=[Route(path, page) for path, page in PAGES.items()])


async def answer_lookup(body: bytes) -> Reply:
    """The reply to POST /predict."""
    lookups: Lookups = PAGE_APP.state.lookups
    return lookups.answer(body)


async def answer_history(body: bytes) -> Reply:
    """The reply to POST /predict_history."""
    queue: HistoryQueue = PAGE_APP.state.queue
    return await queue.answer(body)


class GuardedService(bentoml.Service):  # type: ignore[misc]
    """A service whose POST requests are answered by the guard, which BentoML's own road costs several times as much."""

    def to_asgi(self, is_main: bool = True) -> Any:
        """BentoML's application, the guard behind its metrics, which so count all, and before everything else."""
        app = super().to_asgi(is_main)
        counting, *others = app.user_middleware
        answers = {"/predict": answer_lookup, "/predict_history": answer_history}
        pages = (*(path.replace("{id}", "*") for path in PAGES), *BENTOML_PAGES)
        app.user_middleware[:] = [
            Middleware(Metrics, paths=(*answers, *pages), **counting.kwargs),  # type: ignore[arg-type]
            Middleware(Guard, answers=answers, pages=pages),
            *others,
        ]
        return app


@bentoml.asgi_app(PAGE_APP)
@bentoml.service(
    name="Coterie",
    service_class=GuardedService,
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
        # Only here, because BentoML's supervisor imports this module too, and opens no bundle.
        from serving.lookup import load_lookups
        from serving.model_store import find_bundle

        folder, version = find_bundle()
        self.queue = HistoryQueue(folder)
        self.lookups = load_lookups(folder, version)

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    async def wait_for_models(self) -> None:
        """Be ready when look-ups and histories are, and keep what is loaded out of garbage collection.

        A full collection visits every object of every library, which delayed a request by tens of milliseconds.
        """
        PAGE_APP.state.facts = await self.queue.ready()
        PAGE_APP.state.lookups, PAGE_APP.state.queue = self.lookups, self.queue
        gc.collect()
        gc.freeze()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    async def stop(self) -> None:
        """End the process that answers histories."""
        self.queue.stop()

    @bentoml.api(input_spec=PredictInput, output_spec=AnswersOutput)  # type: ignore[untyped-decorator]
    async def predict(self, customer_ids: list[str]) -> Response:
        """Known customers by id, from their features at the bundle's as_of."""
        return sent(self.lookups.reply(customer_ids))

    @bentoml.api(input_spec=HistoryInput, output_spec=AnswersOutput)  # type: ignore[untyped-decorator]
    async def predict_history(self, customers: list[CustomerHistory], as_of: datetime | None = None) -> Response:
        """Customers whose rows come with the request, from the same features computed now."""
        asked = HistoryRequest.model_construct(customers=customers, as_of=as_of)
        return sent(await self.queue.answer(asked.model_dump_json(exclude_unset=True).encode()))


def sent(reply: Reply) -> Response:
    """A reply as BentoML sends it."""
    headers = {} if reply.retry_after_s is None else {"retry-after": str(reply.retry_after_s)}
    return Response(reply.body, reply.status, headers, media_type="application/json")
