"""Commands as they are printed for a person to type: quoted for the shell, on the workspace that they are about."""

import os
import shlex
from pathlib import Path

DEFAULT_HOME = Path("workspace")
HOME_VARIABLE = "COTERIE_HOME"


def typed(*words: object, home: Path | None = None) -> str:
    """The command line of a ``coterie`` command; ``home`` is named unless it is where the command looks by itself.

    >>> typed("ingest", Path("my shop"), home=Path("workspace"))
    "coterie ingest 'my shop'"
    >>> typed("ui", home=Path("/srv/shop"))
    'coterie ui --home /srv/shop'
    """
    named = [] if home is None or home == _home_by_default() else ["--home", home]
    return shlex.join(["coterie", *map(str, [*words, *named])])


def _home_by_default() -> Path:
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)
