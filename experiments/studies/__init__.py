"""The shipped studies, one TOML each, and reading and writing studies."""

import json
import tomllib
from pathlib import Path
from typing import Any

from experiments.study import KINDS, Study, validated
from features.errors import BadConfig, NotFound

SHIPPED = Path(__file__).parent


def shipped_studies() -> tuple[str, ...]:
    """Names of the shipped studies, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load_study(name_or_path: str | Path) -> Study:
    """The study with a shipped name (``churn``) or in the TOML file at a path.

    NotFound if there is none, BadConfig if the file is not TOML or not a study.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_path}.toml"
    if not path.is_file():
        raise NotFound(
            f"no study {str(name_or_path)!r}: give the path of a .toml file or one of {', '.join(shipped_studies())}"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"study {path.name} is not valid TOML: {error}") from None
    return parse_study(content, path.name)


def parse_study(content: dict[str, Any], source: str) -> Study:
    """The study in ``content``, checked; one BadConfig names every problem by its key. ``source`` is for messages."""
    kind = content.get("kind")
    if kind not in KINDS:
        raise BadConfig(f"study {source}: kind is {kind!r}: write one of {', '.join(map(repr, KINDS))}")
    return validated(KINDS[str(kind)], content, source)


def to_toml(study: Study) -> str:
    """The complete study, defaults included, as TOML; ``load_study`` reads it back to an equal study."""
    content = study.model_dump(mode="json", exclude_none=True)
    sections = {key: value for key, value in content.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in content.items() if key not in sections]
    for name, section in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"
