"""``coterie ui``: the pages it names, and the one that it opens where somebody can see it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.steps import browser, ui

TABLES = {"value": "http://127.0.0.1:5000/#/experiments/2/runs", "churn": "http://127.0.0.1:5000/#/experiments/1/runs"}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that are opened; no server is started and no database read."""
    pages: list[str] = []
    monkeypatch.setattr(os, "execve", lambda *_: None)
    monkeypatch.setattr(ui, "open_client", lambda _: None)
    monkeypatch.setattr(ui, "require_free_port", lambda _host, _port: None)
    monkeypatch.setattr(ui, "tables_of_runs", lambda _client, _address: TABLES)
    monkeypatch.setattr(ui, "open_when_ready", pages.append)
    return pages


@pytest.mark.parametrize(
    ("given", "looked_at", "opens"),
    [([], True, True), ([], False, False), (["--open"], False, True), (["--no-open"], True, False)],
)
def test_the_newest_runs_open_where_somebody_looks_or_asks_for_it(
    given: list[str], looked_at: bool, opens: bool, opened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "somebody_looks", lambda: looked_at)
    result = CliRunner().invoke(app, ["ui", "--home", str(tmp_path), *given])
    assert result.exit_code == 0, result.output
    assert opened == ([TABLES["value"]] if opens else [])
    assert all(f"{name:<5}  {address}\n" in result.stderr for name, address in TABLES.items())


def test_nobody_looks_where_no_window_can_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal without a screen, as over ssh: a browser for terminals would take the place of the server's log."""
    monkeypatch.setattr(browser.sys, "platform", "linux")
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not browser.somebody_looks()
    monkeypatch.setenv("DISPLAY", ":0")
    assert browser.somebody_looks()


@contextmanager
def answering() -> Iterator[str]:
    """A server that knows no page."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/#/experiments"
        server.shutdown()


def test_a_page_opens_once_its_server_answers_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []
    monkeypatch.setattr(browser.webbrowser, "open", lambda page: pages.append(page) is None)
    with answering() as address:
        assert browser.wait_and_open(address, seconds=5)
    assert pages == [address]
    assert not browser.wait_and_open(address, seconds=0)
    assert pages == [address]
