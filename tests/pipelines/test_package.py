"""The wheel: what is read at run time is packed."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

from setuptools import find_namespace_packages

ROOT = Path(__file__).parents[2]
READ_AT_RUN_TIME = {".toml", ".sql", ".html", ".css", ".svg"}


def test_a_wheel_has_every_study_template_and_shipped_source() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    include, data = settings["packages"]["find"]["include"], settings["package-data"]
    packages = {ROOT / name.replace(".", "/"): name for name in find_namespace_packages(str(ROOT), include=include)}
    folders = [folder for folder in packages if folder.relative_to(ROOT).parts[0] != "tests"]
    files = [path for folder in folders for path in folder.iterdir() if path.suffix in READ_AT_RUN_TIME]
    assert {path.name for path in files} >= {"churn.toml", "orders.sql", "source.toml", "page.html"}
    for path in files:
        owners = [folder for folder in packages if folder in path.parents]
        patterns = {str(folder / pattern) for folder in owners for pattern in data.get(packages[folder], [])}
        patterns |= {str(path.parent / pattern) for pattern in data["*"]}
        assert any(fnmatch(str(path), pattern) for pattern in patterns), f"{path} is not in package-data"
