"""The shipped studies, one TOML each, and reading a user's."""

import json
import tomllib
from pathlib import Path
from typing import Any

from experiments.study import KINDS, Study, validated
from features.errors import BadConfig, NotFound

SHIPPED = Path(__file__).parent


def shipped_studies() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load_study(name_or_path: str | Path) -> Study:
    """The study of a shipped name (``churn``) or of a TOML file's path."""
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
    """A checked study of its kind; every problem is named by its key in one ``BadConfig``."""
    kind = content.get("kind")
    if kind not in KINDS:
        raise BadConfig(f"study {source}: kind is {kind!r}: write one of {', '.join(map(repr, KINDS))}")
    return validated(KINDS[str(kind)], content, source)


def to_toml(study: Study) -> str:
    """The complete study, defaults included, as a TOML that ``load_study`` reads back to the same key."""
    content = study.model_dump(mode="json", exclude_none=True)
    sections = {key: value for key, value in content.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in content.items() if key not in sections]
    for name, section in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"
