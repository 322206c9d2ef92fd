"""BentoML's own request metrics, counted at a tenth of what its middleware costs, and without what a sender chooses.

BentoML's middleware looks six labelled metrics up by name for each request, which takes twice as long as answering it,
and it takes any path as a label, so that whoever asks for ``/predict/c1`` leaves an id in ``/metrics``.
"""

from collections.abc import Collection, MutableMapping
from timeit import default_timer
from typing import Any, NamedTuple

from bentoml._internal.context import server_context
from bentoml._internal.server.http.instruments import RunnerTrafficMetricsMiddleware

from serving.requests.guard import App, Receive, Scope
from serving.requests.reply import Send

OTHER = "other"
"""The label of all paths that there are not."""


class Outcome(NamedTuple):
    """The metrics of one path and status: how many requests, and how long they took."""

    total: Any
    seconds: Any


class Metrics(RunnerTrafficMetricsMiddleware):
    """Counts every request by its path among ``paths``, in the metrics of the middleware it takes the place of."""

    def __init__(self, app: App, paths: Collection[str], **options: Any) -> None:
        super().__init__(app, **options)
        self.paths = frozenset(paths)
        self.outcomes: dict[tuple[str, int], Outcome] = {}
        self.in_progress: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/metrics":
            await self.app(scope, receive, send)
            return
        if not self._is_setup:
            self._setup()
            self.last_request = self.metrics_last_request_timestamp.labels(**labels())
        path = scope["path"] if scope["path"] in self.paths else OTHER
        if path not in self.skip_paths:
            self.last_request.set_to_current_time()
        began, status = default_timer(), 0

        async def counted(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body", False):
                outcome = self.outcome(path, status)
                outcome.total.inc()
                outcome.seconds.observe(default_timer() - began)
            await send(message)

        with self.progress(path).track_inprogress():
            await self.app(scope, receive, counted)

    def outcome(self, path: str, status: int) -> Outcome:
        """The metrics of this path and status, found once."""
        if (path, status) not in self.outcomes:
            named = {"endpoint": path, "http_response_code": status, **labels()}
            self.outcomes[path, status] = Outcome(
                self.metrics_request_total.labels(**named), self.metrics_request_duration.labels(**named)
            )
        return self.outcomes[path, status]

    def progress(self, path: str) -> Any:
        """The number of requests of this path in progress, found once."""
        if path not in self.in_progress:
            self.in_progress[path] = self.metrics_request_in_progress.labels(endpoint=path, **labels())
        return self.in_progress[path]


def labels() -> dict[str, str | None]:
    """What BentoML says about the service in every metric."""
    return {
        "service_name": server_context.bento_name,
        "service_version": server_context.bento_version,
        "runner_name": server_context.service_name,
    }
