"""Commands as they are printed for a person to type: quoted for the shell, on the workspace that they are about."""

import os
import shlex
import shutil
import sys
from pathlib import Path

DEFAULT_HOME = Path("workspace")
HOME_VARIABLE = "COTERIE_HOME"


def typed(*words: object, home: Path | None = None, coterie: str = "coterie") -> str:
    """The command line of a ``coterie`` command; ``home`` is named unless it is where the command looks by itself.

    ``coterie`` is how the program is called, as :func:`command_here` says.

    >>> typed("ingest", Path("my shop"), home=Path("workspace"))
    "coterie ingest 'my shop'"
    >>> typed("ui", home=Path("/srv/shop"))
    'coterie ui --home /srv/shop'
    """
    named = [] if home is None or home == _home_by_default() else ["--home", home]
    return shlex.join([coterie, *map(str, [*words, *named])])


def command_here() -> str:
    """How to call coterie from this folder: by name if a shell finds it, else by its place in this environment."""
    found = shutil.which("coterie")
    place = Path(sys.executable).with_name("coterie")
    if found is not None and Path(found).resolve() == place.resolve():
        return "coterie"
    return os.path.relpath(place) if place.is_relative_to(Path.cwd()) else str(place)


def _home_by_default() -> Path:
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)
