"""The command line: one command a step, each the same function a scheduled job or an MLproject entry point runs.

Exit status 0: done, or nothing to do. 1: a clear error, on stderr. 2: wrong usage.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pipelines.commands import DEFAULT_HOME, HOME_VARIABLE
from pipelines.faults import in_words
from pipelines.memory import peak_memory
from pipelines.printing import json_text
from pipelines.workspace import Workspace

# No step asks the network for anything; the libraries' usage statistics would.
QUIET = {"BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}

app = typer.Typer(
    help="Customer behaviour, from raw tables to an answer over HTTP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Home = Annotated[Path, typer.Option("--home", envvar=HOME_VARIABLE, help="The workspace folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Study = Annotated[str, typer.Argument(help="A study shipped or promoted here (churn, ...), or a path to a .toml.")]
Studies = Annotated[
    list[str] | None,
    typer.Option("--study", help="Repeat for several; if none, all shipped ones and those promoted here."),
]
Trials = Annotated[
    int | None, typer.Option("--trials", min=1, help="Trials of the search; the study's own if not given.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that share the search.")]
AlthoughUnsound = Annotated[
    str,
    typer.Option("--although-unsound", help="Why segments that are judged unsound shall be in force; it is recorded."),
]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="TCP port.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on; loopback unless given.")]
Open = Annotated[
    bool | None,
    typer.Option(
        "--open/--no-open", help="Open the newest study's runs in a browser; if neither is given, from a terminal only."
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option("--allow-host", help="A domain or address that requests may name; repeat for several."),
]
EngineName = Annotated[str, typer.Option("--engine", help="polars, duckdb or spark: the same bytes from each.")]
SourceName = Annotated[str, typer.Argument(help="A shipped source (simulated, online_retail, cdnow) or a folder.")]
Raw = Annotated[str, typer.Option("--raw", help="Folder (or file) of the raw data; the source's own if not given.")]

Customer = Annotated[str, typer.Argument(help="The customer's id as the shop writes it, or an alias.")]

SCHEMA_VERSION = 1
"""Of the objects that ``--json`` prints: raised when a key changes its meaning or goes, not when one is added."""


@app.command()
def demo(
    home: Home = DEFAULT_HOME,
    customers: Annotated[int, typer.Option(min=500)] = 1500,
    trials: Annotated[int, typer.Option(min=1)] = 4,
    json_: Json = False,
) -> None:
    """The whole road on a simulated shop: simulate, ingest, train, promote, publish, score, serve, one question."""
    from pipelines.steps.demo import run_demo

    run(home, json_, lambda workspace: run_demo(workspace, customers, trials))


@app.command()
def simulate(
    home: Home = DEFAULT_HOME,
    customers: Annotated[int, typer.Option(min=1)] = 4000,
    days: Annotated[int, typer.Option(min=90)] = 730,
    seed: Annotated[int, typer.Option(min=0)] = 7,
    json_: Json = False,
) -> None:
    """Make a simulated shop's raw files, dirt included, and separately its hidden truth."""
    from pipelines.steps.simulate import simulate_step

    run(home, json_, lambda workspace: simulate_step(workspace, customers, days, seed))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The new source's folder.")],
    raw: Annotated[Path, typer.Option("--raw", help="Folder of the raw files.")],
    json_: Json = False,
) -> None:
    """Look at raw files and write a source to edit: source.toml and SELECTs with guessed columns."""
    from pipelines.steps.init import init_source

    run_alone(json_, lambda: init_source(folder, raw))


@app.command()
def check(source: SourceName, raw: Raw = "", json_: Json = False) -> None:
    """Show a source's files and columns and what each SELECT makes of them; nothing is written."""
    from pipelines.steps.check import check_source

    if not run_alone(json_, lambda: check_source(source, Path(raw) if raw else None))["fits"]:
        raise typer.Exit(1)


@app.command()
def ingest(
    source: SourceName,
    home: Home = DEFAULT_HOME,
    raw: Raw = "",
    pseudonymise: Annotated[bool, typer.Option("--pseudonymise", help="Store customer ids as keyed hashes.")] = False,
    json_: Json = False,
) -> None:
    """Audit, clean and store raw files as canonical tables, with the rejects and their reasons."""
    from pipelines.steps.ingest import ingest_step

    run(home, json_, lambda workspace: ingest_step(workspace, source, raw, pseudonymise or None))


@app.command()
def rejects(
    table: Annotated[str, typer.Argument(help="A canonical table; if none, how many of each, and why.")] = "",
    home: Home = DEFAULT_HOME,
    csv: Annotated[bool, typer.Option("--csv", help="Print all of them as CSV.")] = False,
    json_: Json = False,
) -> None:
    """Show which rows the last ingest refused, and why."""
    from pipelines.steps.rejects import rejected_rows, rejects_summary, write_csv

    workspace = Workspace(home)
    if csv and json_:
        raise typer.BadParameter("--csv and --json are two formats: choose one")
    if csv:
        run_until_stopped(lambda: write_csv(workspace, table, sys.stdout))
    else:
        run_alone(json_, lambda: rejected_rows(workspace, table) if table else rejects_summary(workspace))


@app.command()
def dataset(study: Study, home: Home = DEFAULT_HOME, engine: EngineName = "polars", json_: Json = False) -> None:
    """Features and labels of the current canonical tables, for one study."""
    from pipelines.steps.dataset import dataset_step

    run(home, json_, lambda workspace: dataset_step(workspace, study, engine))


@app.command()
def train(
    study: Study, home: Home = DEFAULT_HOME, trials: Trials = None, workers: Workers = 1, json_: Json = False
) -> None:
    """Search, test against the baselines, register a challenger, and print whether it would be promoted."""
    from pipelines.steps.train import train_and_judge

    run(home, json_, lambda workspace: train_and_judge(workspace, study, trials, workers))


@app.command()
def promote(
    study: Study, home: Home = DEFAULT_HOME, although_unsound: AlthoughUnsound = "", json_: Json = False
) -> None:
    """Make the challenger the champion if it is proven better, and print the reason either way."""
    from pipelines.steps.promote import promote_step

    run(home, json_, lambda workspace: promote_step(workspace, study, although_unsound))


@app.command()
def migration(
    start: Annotated[str, typer.Argument(metavar="FROM", help="The earlier day, as 2026-01-31.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="The later day.")],
    study: Annotated[str, typer.Option("--study", help="A segment study that has a champion.")] = "segments",
    from_version: Annotated[str, typer.Option("--from-version", help="The older model; the champion if none.")] = "",
    to_version: Annotated[str, typer.Option("--to-version", help="The newer model; the champion if none.")] = "",
    home: Home = DEFAULT_HOME,
    json_: Json = False,
) -> None:
    """Who moved between segments from one day to another: by what they did, or because the model changed."""
    from pipelines.steps.migration import migration_step

    run(home, json_, lambda workspace: migration_step(workspace, start, end, study, from_version, to_version))


@app.command()
def compare(
    one: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a model as segments/2 or churn@champion.")],
    other: Annotated[str, typer.Argument(metavar="RUN", help="The one to compare with it.")],
    home: Home = DEFAULT_HOME,
    json_: Json = False,
) -> None:
    """What two runs of a study have in common and where they differ, logged to the second one with a picture."""
    from pipelines.steps.compare import compare_step

    run(home, json_, lambda workspace: compare_step(workspace, one, other))


@app.command()
def publish(home: Home = DEFAULT_HOME, json_: Json = False) -> None:
    """Bundle all champions with every customer's answers for the service."""
    from pipelines.steps.publish import publish_bundle

    run(home, json_, publish_bundle)


@app.command()
def score(home: Home = DEFAULT_HOME, json_: Json = False) -> None:
    """Write segment and propensities of all customers to one Parquet."""
    from pipelines.steps.score import score_all

    run(home, json_, score_all)


@app.command()
def serve(home: Home = DEFAULT_HOME, host: Host = "127.0.0.1", port: Port = 3000, allow_host: AllowHost = None) -> None:
    """Answer over HTTP from the published bundle, until stopped."""
    from pipelines.steps.serve import replace_by_service

    run_until_stopped(lambda: replace_by_service(Workspace(home), host, port, allow_host or ()))


@app.command()
def retrain(
    home: Home = DEFAULT_HOME,
    source: Annotated[str, typer.Option("--source", help="As for ingest; the last ingested one if not given.")] = "",
    raw: Raw = "",
    trials: Trials = None,
    workers: Workers = 1,
    study: Studies = None,
    refit: Annotated[bool, typer.Option("--refit", help="Fit segments again even if they still fit.")] = False,
    json_: Json = False,
) -> None:
    """Ingest what is new, train challengers, promote what is better, publish and score. Safe to run at any time."""
    from pipelines.steps.retrain import retrain

    run(home, json_, lambda workspace: retrain(workspace, source, raw, study or [], trials, workers, refit))


@app.command()
def erase(customer: Customer, home: Home = DEFAULT_HOME, json_: Json = False) -> None:
    """Remove a person, under all their ids, from everything in the workspace, and exclude them from later ingests."""
    from pipelines.scratch import sweep_passing_folders
    from pipelines.steps.erase import erase

    sweep_passing_folders()
    run(home, json_, lambda workspace: erase(workspace, customer))


@app.command()
def export(
    customer: Customer,
    home: Home = DEFAULT_HOME,
    out: Annotated[Path, typer.Option("--out", help="The new file, outside the workspace.")] = Path("customer.json"),
    json_: Json = False,
) -> None:
    """Write everything that is stored about a person, under all their ids, to one JSON file."""
    from pipelines.steps.export import export

    run(home, json_, lambda workspace: export(workspace, customer, out))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file, outside the workspace.")],
    home: Home = DEFAULT_HOME,
    json_: Json = False,
) -> None:
    """Write the whole workspace to one file, from which it can be restored anywhere."""
    from pipelines.steps.backup import back_up

    run(home, json_, lambda workspace: back_up(workspace, file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `coterie backup` wrote.")],
    home: Home = DEFAULT_HOME,
    json_: Json = False,
) -> None:
    """Make a workspace from a backup, where there is none yet."""
    from pipelines.steps.restore import restore

    run_alone(json_, lambda: restore(Workspace(home), file))


@app.command()
def report(home: Home = DEFAULT_HOME, json_: Json = False) -> None:
    """What is in force: segments, each model's scores beside its baselines, and the place of everything."""
    from pipelines.steps.report import summary

    run_alone(json_, lambda: summary(Workspace(home)))


@app.command()
def ui(home: Home = DEFAULT_HOME, host: Host = "127.0.0.1", port: Port = 5000, open_: Open = None) -> None:
    """The MLflow UI on the workspace, until stopped."""
    from pipelines.steps.ui import replace_by_ui

    run_until_stopped(lambda: replace_by_ui(Workspace(home), host, port, open_))


def run(home: Path, as_json: bool, step: Callable[[Workspace], dict[str, Any]]) -> None:
    """Run one writing step under the workspace's lock and print its result, with the peak of its memory."""
    workspace = Workspace(home)

    def locked() -> dict[str, Any]:
        with workspace.lock(), peak_memory() as peak:
            result = step(workspace)
        return {**result, "peak_memory_mb": round(peak.mb)}

    run_alone(as_json, locked)


def run_alone(as_json: bool, step: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run a step, print its result with the times it started and finished (UTC), and return it."""
    prepare()
    started = now()
    try:
        with only_the_result_on_stdout():
            result = step()
    except Exception as error:
        fail(error)
    show({"schema_version": SCHEMA_VERSION, "started": started, "finished": now(), **result}, as_json)
    return result


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def only_the_result_on_stdout() -> Iterator[None]:
    """Send what the step, its child processes and libraries print to the error stream, where logs belong."""
    sys.stdout.flush()
    result_stream = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(result_stream, 1)
        os.close(result_stream)


def run_until_stopped(start: Callable[[], None]) -> None:
    """Hand this process over to a server, or print until all is printed."""
    prepare()
    try:
        start()
    except BrokenPipeError:  # whoever reads, such as `head`, has enough: click ends without a word
        raise
    except Exception as error:
        fail(error)


def prepare() -> None:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def show(result: dict[str, Any], as_json: bool) -> None:
    """Print the result as JSON, or its ``message``."""
    if as_json:
        sys.stdout.write(json_text(result) + "\n")
    else:
        typer.echo(result.get("message") or json_text(result))


def fail(error: Exception) -> NoReturn:
    """End with the error's sentence and status 1; a defect keeps its traceback."""
    sentence = in_words(error)
    if sentence is None:
        raise error
    typer.echo(f"coterie: {sentence}", err=True)
    raise typer.Exit(1)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
