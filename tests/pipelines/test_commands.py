"""What is printed to be typed can be typed as it is."""

import errno
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands import HOME_VARIABLE, command_here, typed
from pipelines.steps.check import check_source
from pipelines.steps.demo import what_next
from pipelines.steps.init import init_source
from pipelines.workspace import Workspace
from tests.pipelines.conftest import HEADER, LINES


def quoted_commands(message: str) -> list[list[str]]:
    """The words of each command between back quotes, as a shell reads them."""
    return [shlex.split(part) for part in message.split("`")[1::2]]


def test_a_command_names_what_it_is_about_as_a_shell_reads_it() -> None:
    study, home = "my studies/O'Brien.toml", Path("/srv/Größe 1")
    assert shlex.split(typed("promote", study, home=home)) == ["coterie", "promote", study, "--home", str(home)]


def test_the_workspace_is_named_unless_it_is_found_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    assert typed("ui", home=Path("workspace")) == "coterie ui"
    monkeypatch.setenv(HOME_VARIABLE, "/srv/shop")
    assert typed("ui", home=Path("/srv/shop")) == "coterie ui"
    assert typed("ui", home=Path("workspace")) == "coterie ui --home workspace"


def test_init_and_check_print_commands_for_folders_with_spaces(tmp_path: Path) -> None:
    raw, folder = tmp_path / "raw files", tmp_path / "my shop"
    raw.mkdir()
    (raw / "lines.csv").write_text(HEADER + LINES, encoding="utf-8")
    commands = quoted_commands(init_source(folder, raw)["message"])
    assert commands == [["coterie", "check", str(folder)], ["coterie", "ingest", str(folder)]]
    assert quoted_commands(check_source(str(folder), None)["message"]) == commands[1:]
    elsewhere = check_source(str(folder), raw)["message"]
    assert quoted_commands(elsewhere) == [["coterie", "ingest", str(folder), "--raw", str(raw)]]


def test_the_demo_ends_with_commands_on_its_own_workspace(tmp_path: Path) -> None:
    for line, command in zip(what_next(Workspace(tmp_path / "a shop")), ("ui", "serve"), strict=False):
        assert shlex.split(line)[:4] == [command_here(), command, "--home", str(tmp_path / "a shop")]


def test_who_has_read_enough_gets_no_complaint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``coterie rejects orders --csv | head``."""

    def nobody_reads(*_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("pipelines.steps.rejects.write_csv", nobody_reads)
    result = CliRunner().invoke(app, ["rejects", "orders", "--csv", "--home", str(tmp_path)])
    assert (result.exit_code, result.stderr) == (1, "")


@pytest.mark.parametrize("arguments", [["orders"], []])
def test_rejects_are_printed_as_csv_or_as_json(arguments: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["rejects", *arguments, "--csv", "--json", "--home", str(tmp_path)])
    assert result.exit_code == 2
    assert "--csv and --json are two formats" in result.stderr
    assert result.stdout == ""
