"""The wheel: whoever installs it gets all that is read at run time, the licence and the types."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from setuptools.dist import Distribution

from features.tables import TABLES
from pipelines.sources.source import EXAMPLES, load_source, shipped_sources

ROOT = Path(__file__).resolve().parents[2]
READ_AT_RUN_TIME = {".toml", ".sql", ".html", ".css", ".svg"}
PACKAGES = ("features", "models", "experiments", "serving", "pipelines", "coterie")


@pytest.fixture(scope="module")
def distribution() -> Iterator[Distribution]:
    """The project as setuptools reads it; nothing is built."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        found = Distribution({"script_name": "setup.py"})
        found.parse_config_files()
        yield found
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def packed(distribution: Distribution) -> set[str]:
    """Every file of the wheel, as a path below the root of the project."""
    build = distribution.get_command_obj("build_py")
    build.ensure_finalized()
    build.manifest_files = {}  # otherwise setuptools writes a folder of its own into the project to find them
    modules = {path for _, _, path in build.find_all_modules()}
    folders = {name: name.replace(".", "/") for name in build.packages}
    return modules | {path for name, folder in folders.items() for path in build.find_data_files(name, folder)}


def test_a_wheel_has_everything_that_is_read_at_run_time(packed: set[str]) -> None:
    folders = [ROOT / name for name in (*PACKAGES, "examples")]
    needed = {path for folder in folders for path in folder.rglob("*") if path.suffix in READ_AT_RUN_TIME}
    assert {path.name for path in needed} >= {"churn.toml", "orders.sql", "source.toml", "page.html"}
    assert {str(path.relative_to(ROOT)) for path in needed} <= packed


def test_a_wheel_has_the_raw_files_of_the_examples_that_have_some(packed: set[str]) -> None:
    raw = {str(path.relative_to(ROOT)) for path in EXAMPLES.glob("*/raw/**/*") if path.is_file()}
    assert raw <= packed


def test_a_wheel_has_the_licence_the_types_and_every_module(distribution: Distribution, packed: set[str]) -> None:
    assert distribution.metadata.license_files == ["LICENSE"]
    assert {f"{name}/py.typed" for name in PACKAGES} <= packed
    assert {str(path.relative_to(ROOT)) for name in PACKAGES for path in (ROOT / name).rglob("*.py")} <= packed


def test_a_wheel_has_no_tests_and_no_workspace(packed: set[str]) -> None:
    assert {path.partition("/")[0] for path in packed} == {*PACKAGES, "examples"}


def test_the_examples_lie_beside_the_packages_as_a_wheel_installs_them() -> None:
    assert EXAMPLES.parent == Path(load_source.__code__.co_filename).resolve().parents[2]
    assert {"simulated", "online_retail"} <= set(shipped_sources())
    assert set(load_source("simulated").sql) <= set(TABLES)
