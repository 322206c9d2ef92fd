"""The HTTP service: paths, request bodies, answers, and how a request is refused."""

import re

from docs.references.keys import WRITTEN
from docs.references.schema import Schema, described, one_line
from features.tables import TABLES
from serving.requests.answers import KINDS_OF_ANSWERS, Answers
from serving.requests.guard import MAX_BYTES
from serving.requests.payload import MAX_CUSTOMERS, MAX_HISTORY_ROWS, HistoryRequest, PredictRequest
from serving.service import BENTOML_PAGES, PAGES, REQUESTS

SERVER_PAGES = {
    "/livez": "200 while the server runs.",
    "/readyz": "200 when models are loaded and warm: send requests from then on.",
    "/healthz": "The same as /livez.",
    "/metrics": "Counts and times of requests for Prometheus; names nobody.",
    "/docs.json": "All of this as OpenAPI.",
    "/schema.json": "BentoML's own description of the service.",
}

STATUSES = {
    400: "no host or several are named, or the body cannot be read as JSON",
    404: "there is nothing at this path, or all ids are unknown",
    405: "the path takes the other of GET and POST",
    413: "the body is too large: split it",
    415: "the body is not plain JSON: `Content-Type: application/json`",
    421: "the service does not answer for this host: `--allow-host`",
    422: "a field is missing, unknown or out of bounds; the sentence gives its place and an example",
    429: "too many histories wait: ask again after `Retry-After` seconds",
    500: "a defect: nothing that the request caused",
    501: "a model reads features that a history in a request cannot give",
    503: "the process that computes histories ended and is being started again",
    504: "a history took too long",
}


def http_page() -> str:
    """Every path, field and status."""
    return f"""# HTTP

`coterie serve` answers on <http://127.0.0.1:3000>; [how to ask](application.md). {WRITTEN}

| path | what it answers |
|---|---|
{"".join(f"| `{path}` | {one_line(doc)} |{chr(10)}" for path, doc in paths().items())}
A request may have {MAX_CUSTOMERS:,} customers, {MAX_HISTORY_ROWS:,} rows of their histories together, and
{MAX_BYTES:,} bytes. Unknown keys are refused, and so are NaN and numbers as text.

## POST /predict

{described(PredictRequest.model_json_schema())}
## POST /predict_history

{history()}
## The answer

{answers()}
## Refusals

A request that is not answered gets a status and one sentence, `{{"error": "..."}}`, that says what was found and what
to send.

| status | why |
|---|---|
{"".join(f"| {status} | {why} |{chr(10)}" for status, why in STATUSES.items())}"""


def paths() -> dict[str, str]:
    """Each method and path with what it answers."""
    posts = {f"POST {path}": request.__doc__ or "" for path, request in REQUESTS.items()}
    gets = {f"GET {path}": page.__doc__ or "" for path, page in PAGES.items()}
    return posts | gets | {f"GET {path}": SERVER_PAGES[path] for path in BENTOML_PAGES}


def history() -> str:
    """The request with histories: its own keys, then each part."""
    schema = HistoryRequest.model_json_schema()
    parts = {"CustomerHistory": schema["$defs"]["CustomerHistory"], **schema["$defs"]}
    rows = [f"### {name}\n\n{described(part, meanings(part))}" for name, part in parts.items()]
    return "\n".join([described(schema), *rows])


def meanings(part: Schema) -> dict[str, str]:
    """Of the columns, if the part says that it is a row of a table; otherwise of the tables that it has."""
    row = re.match(r"A row of ``(\w+)``", part["description"])
    if row is None:
        return {name: table.doc for name, table in TABLES.items()} | {"profile": TABLES["customers"].doc}
    return {column.name: column.doc for column in TABLES[row[1]].columns}


def answers() -> str:
    """What is sent back: the body, its parts, and the shape of each kind of answer."""
    body = Answers.model_json_schema()
    parts = {name: body["$defs"][name] for name in ("Answer", "Segment", "ModelVersion", "Reason", "Item", "Affinity")}
    kinds = {
        f"Of a study whose answer is `{name}`": kind.model_json_schema() for name, kind in KINDS_OF_ANSWERS.items()
    }
    shapes = [f"### {name}\n\n{described(part, sent=True)}" for name, part in {**parts, **kinds}.items()]
    return "\n".join([described(body, sent=True), *shapes])
