"""Finding plug-ins: every file of a folder is one, and one that lacks something is refused by name."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from features.errors import BadPlugin, NotFound
from features.plugins import default, plugin, plugin_names, plugins


class Greeter(Protocol):
    """A kind of plug-in for these tests."""

    NAME: str
    LANGUAGE: str
    POLITE: bool = True
    TITLES: tuple[str, ...] = ()

    def greet(self, name: str) -> str:
        """A greeting."""
        ...

    @default
    def part(self, name: str) -> str:
        """A farewell in the plug-in's own words."""
        return f"{self.greet(name)}, and goodbye"


Folder = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Makes a package with these files and returns its name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(**files: str) -> str:
        package = f"greeters_{tmp_path.name}"
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
        for name, text in files.items():
            (tmp_path / package / f"{name}.py").write_text(text)
        sys.modules.pop(package, None)
        return package

    return make


ENGLISH = 'LANGUAGE = "en"\ndef greet(name): return f"Hello {name}"\n'


def test_every_file_is_found_under_its_name_and_a_hidden_one_is_not(folder: Folder) -> None:
    package = folder(english=ENGLISH, danish=ENGLISH, _shared="x = 1")
    assert list(plugins(package, Greeter)) == list(plugin_names(package)) == ["danish", "english"]
    assert plugin(package, Greeter, "english").NAME == "english"


def test_what_is_left_out_comes_from_the_protocol(folder: Folder) -> None:
    found = plugin(folder(english=ENGLISH), Greeter, "english")
    assert found.POLITE is True
    assert found.part("Ann") == "Hello Ann, and goodbye"


def test_what_the_module_says_itself_is_not_overwritten(folder: Folder) -> None:
    found = plugin(folder(curt=ENGLISH + "POLITE = False\ndef part(name): return 'bye'\n"), Greeter, "curt")
    assert found.POLITE is False
    assert found.part("Ann") == "bye"


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("def greet(name): return name", "constant LANGUAGE"),
        ('LANGUAGE = "en"', r"function greet\(name\)"),
        (ENGLISH + 'TITLES = ("Mrs")', "constant TITLES as a tuple, with a comma"),
        ('LANGUAGE = "en"\ngreet = 3', r"function greet\(name\)"),
        ('LANGUAGE = "en"\ndef greet(who, how): return who', r"function greet\(name\)"),
    ],
)
def test_a_module_that_lacks_something_is_an_error_that_names_both(folder: Folder, text: str, lacks: str) -> None:
    package = folder(broken=text)
    with pytest.raises(BadPlugin, match=rf"greeter {package}\.broken lacks {lacks}"):
        plugins(package, Greeter)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("def greet(name) return name", r"SyntaxError: .* \(broken.py, line 1\)"),
        ("LANGUAGE = ENGLISH", "NameError: name 'ENGLISH' is not defined"),
    ],
)
def test_a_module_that_cannot_be_imported_is_an_error_that_says_why(folder: Folder, text: str, problem: str) -> None:
    package = folder(broken=text)
    with pytest.raises(BadPlugin, match=rf"greeter {package}\.broken cannot be imported, {problem}"):
        plugins(package, Greeter)


def test_an_unknown_name_is_refused_with_those_there_are(folder: Folder) -> None:
    package = folder(english=ENGLISH, danish=ENGLISH)
    with pytest.raises(NotFound, match="no greeter is called 'klingon': choose one of danish, english"):
        plugin(package, Greeter, "klingon")
