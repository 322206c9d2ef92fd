"""Starting the servers: which hosts they answer for, and the warning where other machines can reach them."""

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.steps import serve, ui
from pipelines.workspace import Workspace
from serving.requests.hosts import allowed_hosts_of_environment


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with something published."""
    published = tmp_path / "home" / "bundles" / "0123456789abcdef"
    published.mkdir(parents=True)
    (published.parent / "CURRENT").write_text(published.name)
    return tmp_path / "home"


def started(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str, dict[str, str]]:
    """Standard error of the command, and the environment the server was started with."""
    environments: list[dict[str, str]] = []

    def replace(_path: str, _arguments: list[str], environment: dict[str, str]) -> None:
        environments.append(environment)

    with monkeypatch.context() as patched:
        patched.setattr(os, "execve", replace)
        patched.setattr(ui, "open_client", lambda _: None)  # the databases are not what is tested here
        patched.setattr(ui, "tables_of_runs", lambda _client, _address: {})
        patched.setattr(ui, "show", lambda _tables, _address: None)
        for module in (serve, ui):  # the hosts are of other machines
            patched.setattr(module, "require_free_port", lambda _host, _port: None)
        result: Any = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stderr, environments[0]


@pytest.mark.parametrize("command", ["serve", "ui"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_on_loopback_there_is_nothing_to_warn_of(
    command: str, host: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert started(monkeypatch, command, "--home", str(home), "--host", host)[0] == ""


@pytest.mark.parametrize("command", ["serve", "ui"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "shop.example"])
def test_beyond_loopback_one_sentence_says_what_it_means_and_what_to_do(
    command: str, host: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning, _ = started(monkeypatch, command, "--home", str(home), "--host", host)
    assert warning.startswith(f"coterie: listening on {host}, so whoever reaches this machine can read ")
    assert warning.endswith("put a proxy that asks for one in front\n")
    assert warning.count("\n") == 1


def test_the_service_answers_for_the_hosts_it_was_started_with(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COTERIE_ALLOWED_HOSTS", "proxy.example")
    _, environment = started(
        monkeypatch, "serve", "--home", str(home), "--host", "10.0.0.7", "--allow-host", "a.example:80"
    )
    monkeypatch.setenv("COTERIE_ALLOWED_HOSTS", environment["COTERIE_ALLOWED_HOSTS"])
    hosts = allowed_hosts_of_environment()
    assert [hosts.allow(name) for name in ("localhost:1", "10.0.0.7:2", "a.example:80", "proxy.example")] == [True] * 4
    assert [hosts.allow(name) for name in ("10.0.0.8", "a.example:81", "a.example", "b.example")] == [False] * 4


def test_listening_on_every_address_answers_for_every_address_and_no_other_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, environment = started(monkeypatch, "serve", "--home", str(home), "--host", "0.0.0.0")
    monkeypatch.setenv("COTERIE_ALLOWED_HOSTS", environment["COTERIE_ALLOWED_HOSTS"])
    hosts = allowed_hosts_of_environment()
    assert hosts.allow("10.0.0.8:3000")
    assert hosts.allow("[fe80::1]:3000")
    assert not hosts.allow("attacker.example:3000")


def test_a_read_only_workspace_is_served(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BentoML makes folders on starting; the bundle is read where it was published."""
    monkeypatch.delenv("BENTOML_HOME", raising=False)
    monkeypatch.setattr(os, "access", lambda path, _: home not in Path(path).parents)
    _, environment = started(monkeypatch, "serve", "--home", str(home))
    assert home not in Path(environment["BENTOML_HOME"]).parents
    assert home in Path(environment["COTERIE_BUNDLE"]).parents
    Path(environment["BENTOML_HOME"]).rmdir()


def test_no_password_is_on_the_command_line_of_the_ui(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:secret@db/runs")
    arguments: list[str] = []
    monkeypatch.setattr(ui, "open_client", lambda _: None)
    monkeypatch.setattr(ui, "tables_of_runs", lambda _client, _address: {})
    monkeypatch.setattr(ui, "require_free_port", lambda _host, _port: None)
    monkeypatch.setattr(os, "execve", lambda _path, given, _environment: arguments.extend(given))
    ui.replace_by_ui(Workspace(home), "127.0.0.1", 5000)
    assert "mlflow" in arguments
    assert not any("secret" in each for each in arguments)


def test_what_is_no_host_is_refused_before_anything_starts(home: Path) -> None:
    for arguments in (["--allow-host", "http://shop.example"], ["--host", "a b"]):
        result = CliRunner().invoke(app, ["serve", "--home", str(home), *arguments])
        assert result.exit_code == 1
        assert f"'{arguments[1]}' is not a host: give a domain name or an address" in result.stderr
