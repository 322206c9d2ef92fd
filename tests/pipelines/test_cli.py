"""Drift guards: commands and MLproject entry points tell the same story; an error is one sentence."""

import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from pipelines.cli import app, run_alone

REPO = Path(__file__).resolve().parents[2]
PACKAGES = ("features", "models", "experiments", "serving", "pipelines")


def commands() -> set[str]:
    return set(get_command(app).commands)


def test_every_command_is_an_mlproject_entry_point_and_the_other_way_round() -> None:
    project = yaml.safe_load((REPO / "MLproject").read_text())
    assert set(project["entry_points"]) == commands()
    for name, entry in project["entry_points"].items():
        assert entry["command"].startswith(f"coterie {name} ")


def test_every_entry_point_uses_options_its_command_has() -> None:
    project = yaml.safe_load((REPO / "MLproject").read_text())
    for name, entry in project["entry_points"].items():
        known = {option for parameter in get_command(app).commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", entry["command"])) <= known


def test_every_command_has_help() -> None:
    for name, command in get_command(app).commands.items():
        assert command.help, name


def test_the_newest_release_in_the_changelog_is_the_version_of_the_package() -> None:
    version = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (\S+)$", (REPO / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == version


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["ingest", "no_such_source"], 1, "no source 'no_such_source'"),
        (["train", "no_such_study"], 1, "no study 'no_such_study'"),
        (["score"], 1, "run `coterie publish` first"),
        (["publish"], 1, "run `coterie ingest` first"),
        (["retrain"], 1, "has ingested nothing yet"),
        (["report"], 1, "run `coterie publish` first"),
        (["serve"], 1, "run `coterie publish` first"),
        (["erase", "C1"], 1, "nothing is stored about this customer"),
        (["export", "C1", "--out", "/tmp/no_such_folder/c1.json"], 1, "there is no folder"),
        (["erase"], 2, "Missing argument"),
        (["train"], 2, "Missing argument"),
        (["train", "churn", "--trials", "0"], 2, "--trials"),
    ],
)
def test_an_error_is_one_sentence_on_stderr_with_its_status(
    arguments: list[str], status: int, sentence: str, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, [*arguments, "--home", str(tmp_path / "home")])
    assert result.exit_code == status
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_the_lock_holds_hashes_and_no_address() -> None:
    text = (REPO / "requirements.lock").read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert not re.search(r"^--(index|extra-index|find-links|trusted)", text, re.MULTILINE)


def test_importing_everything_does_nothing(tmp_path: Path) -> None:
    """Law 6: no folder, no database, no tracking address appears because a module was imported."""
    modules = [path.relative_to(REPO).with_suffix("") for name in PACKAGES for path in (REPO / name).rglob("*.py")]
    names = [".".join(module.parts).removesuffix(".__init__") for module in modules]
    code = "import importlib, os\n"
    code += "ours = lambda: {k: v for k, v in os.environ.items() if k.startswith(('MLFLOW', 'BENTO', 'COTERIE'))}"
    code += "\nbefore = ours()\n"
    code += "\n".join(f"importlib.import_module({name!r})" for name in sorted(names) if not name.endswith("pyfunc"))
    code += "\nassert ours() == before, (ours(), before)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    assert list(tmp_path.iterdir()) == []


def test_a_step_says_when_it_ran_and_how_much_memory_it_took(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", "--customers", "20", "--home", str(tmp_path), "--json"])
    found = json.loads(done.stdout)
    assert found["peak_memory_mb"] > 50
    assert found["schema_version"] == 1
    started, finished = (datetime.fromisoformat(found[key]) for key in ("started", "finished"))
    assert timedelta(0) <= finished - started < timedelta(minutes=5)
    assert started.utcoffset() == timedelta(0)


def test_what_libraries_and_child_processes_print_is_not_mixed_with_the_result(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def step() -> dict[str, str]:
        print("python prints")
        os.write(1, b"a library prints\n")
        subprocess.run(["echo", "a child prints"], check=True)
        return {"message": "done"}

    run_alone(True, step)
    out, err = capfd.readouterr()
    assert json.loads(out)["message"] == "done"
    assert sorted(err.splitlines()) == ["a child prints", "a library prints", "python prints"]
