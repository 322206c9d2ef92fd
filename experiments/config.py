"""A study as a data scientist writes it: one TOML, every choice a named key, every mistake one sentence."""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from features.entities import Entity
from features.errors import BadConfig, NotFound
from features.families import protected_names
from features.indicators import split
from features.plugins import plugin_names

SHIPPED = Path(__file__).parent / "studies"

PLACES = {"tasks": "models.tasks", "learners": "models.learners", "clusterers": "models.segments.clusterers"}

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Unit = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A frozen table of a study's TOML; an unknown key is an error, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cutoffs(Section):
    """When the past ends: the dates on which customers are looked at."""

    every: Literal["week", "half-month", "month"] = "half-month"
    test: Annotated[int, Field(ge=1)] | Annotated[tuple[date, ...], Field(min_length=1)] = 3
    min_history_days: Annotated[float, Field(ge=0)] = 14.0
    newest: Annotated[int, Field(ge=2)] = 24


class Search(Section):
    """How long and how to look for parameters.

    ``parallel`` trials are drawn before the first of them is known, so up to as many workers find the same parameters
    as one does. Trials look at no more than ``customers`` of them; the model that they choose is fitted on all.
    ``accept = "proven"`` keeps the first guess (the champion's parameters, else the defaults) unless the best trial is
    proven better.
    """

    trials: Annotated[int, Field(ge=1)] = 30
    seed: Annotated[int, Field(ge=0)] = 7
    validation_folds: Annotated[int, Field(ge=1)] = 3
    metric: Literal["log_loss", "permuted_gap"] = "log_loss"
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    customers: Annotated[int, Field(ge=100)] = 10_000
    accept: Literal["proven", "best"] = "proven"


class Features(Section):
    """Which columns the model may read, as shell patterns (``purchase_*``)."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    def select(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The columns, in their own order, that match ``include`` and not ``exclude``.

        What nobody should be judged by (gender, age, family status) is in only if ``include`` says its very name.

        >>> Features(include=("a*",), exclude=("*_sd",)).select(["b", "a_mean", "a_sd"])
        ('a_mean',)
        """
        columns = tuple(columns)
        for pattern in self.include:
            if not any(matches(column, (pattern,)) for column in columns):
                raise BadConfig(
                    f"features.include has {pattern!r}, which matches none of the {len(columns)} features"
                    f"{near(pattern, columns)}"
                )
        open_ = [column for column in columns if not protected(column) or names(column, self.include)]
        chosen = tuple(c for c in open_ if matches(c, self.include) and not matches(c, self.exclude))
        if not chosen:
            raise BadConfig("features.exclude leaves no feature: remove a pattern from it")
        return chosen


class Segments(Section):
    """What a segmentation must look like to be of use; outside, the search counts it as worse."""

    fewest: Annotated[int, Field(ge=2)] = 4
    most: Annotated[int, Field(ge=2)] = 10
    smallest_share: Unit = 0.03
    most_noise: Unit = 0.3


class Promotion(Section):
    """What a challenger has to show before it becomes the champion."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    draws: Annotated[int, Field(ge=50)] = 1000
    champion: Literal["better", "not_worse"] = "better"
    min_stability: Unit = 0.5


class StudyConfig(Section):
    """One question put to a dataset.

    ``kind = "predict"`` needs ``task`` and ``learners``, ``kind = "segment"`` needs ``clusterers``; the search chooses
    among several.
    """

    name: Name
    title: str = ""
    kind: Literal["predict", "segment"]
    entity: Entity = "customer"
    task: str | None = None
    horizon_days: Annotated[float, Field(gt=0)] | None = None
    learners: tuple[str, ...] = ()
    clusterers: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()
    calibrate: bool = True
    cutoffs: Cutoffs = Cutoffs()
    search: Search = Search()
    features: Features = Features()
    segments: Segments = Segments()
    promotion: Promotion = Promotion()

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        predicts = self.kind == "predict"
        field, other, metric = (
            ("learners", "clusterers", "log_loss") if predicts else ("clusterers", "learners", "permuted_gap")
        )
        if not self.candidates:
            raise ValueError(f"{field}: a {self.kind} study needs at least one of {listed(field)}")
        if getattr(self, other):
            raise ValueError(f"{other}: a {self.kind} study takes {field} only, remove {other} or change kind")
        if predicts and (self.task is None or self.horizon_days is None):
            raise ValueError(f"task and horizon_days: a predict study needs both, task is one of {listed('tasks')}")
        if not predicts and (self.task or self.horizon_days):
            raise ValueError("task and horizon_days: a segment study has no label, remove them")
        if self.search.metric != metric:
            raise ValueError(f"search.metric is {self.search.metric!r}: a {self.kind} study is searched by {metric!r}")
        check_names("task", (self.task,) if self.task else (), "tasks")
        check_names(field, self.candidates, field)
        check_names("baselines", self.baselines, field)
        return self

    @property
    def candidates(self) -> tuple[str, ...]:
        """The learners or the clusterers, whichever this kind of study searches among."""
        return self.learners or self.clusterers

    @property
    def key(self) -> str:
        """SHA-256 of all choices, 64 hex characters: two studies with equal keys ask the same."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def adjusted(self, trials: int | None = None, seed: int | None = None) -> "StudyConfig":
        """The same study with other ``search.trials`` or ``search.seed``, as the command line asks for."""
        search = self.search.model_dump()
        search |= {k: v for k, v in (("trials", trials), ("seed", seed)) if v is not None}
        return parse_study({**self.model_dump(), "search": search}, self.name)


def check_names(key: str, values: Iterable[str], kind: str) -> None:
    """Each value names a plug-in of the kind."""
    for value in values:
        if value not in names_in(kind):
            raise ValueError(f"{key} has {value!r}, allowed are {listed(kind)}{near(value, names_in(kind))}")


def listed(kind: str) -> str:
    return ", ".join(names_in(kind))


def matches(column: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern fits the column, or the text feature that it is an indicator of.

    >>> matches("profile_country=france", ("profile_country",))
    True
    """
    return any(fnmatchcase(name, pattern) for name in (column, split(column)[0]) for pattern in patterns)


def protected(column: str) -> bool:
    return split(column)[0] in protected_names()


def names(column: str, patterns: Sequence[str]) -> bool:
    """Whether one of ``patterns`` is the column's own name, or that of its text feature, without wildcards."""
    return column in patterns or split(column)[0] in patterns


def near(word: str, known: Iterable[str]) -> str:
    """`` (did you mean …?)`` or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def names_in(kind: str) -> tuple[str, ...]:
    """The plug-ins of a kind (tasks, learners, clusterers) by file name, without importing them."""
    return plugin_names(PLACES[kind])


def shipped_studies() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load_study(name_or_path: str | Path) -> StudyConfig:
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


def parse_study(content: dict[str, Any], source: str) -> StudyConfig:
    """A checked study; every problem is named by its key in one ``BadConfig``."""
    try:
        return StudyConfig.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(sentence(problem) for problem in error.errors())
        raise BadConfig(f"study {source}: {problems}") from None


def sentence(problem: Any) -> str:
    """One validation problem as ``key: what was found, what is allowed``."""
    key = ".".join(str(part) for part in problem["loc"] if not str(part).startswith(("constrained", "tuple")))
    if problem["type"] == "extra_forbidden":
        known = known_keys(problem["loc"][:-1])
        return f"{key} is not a known key{near(str(problem['loc'][-1]), known)}; known are {', '.join(known)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not key:
        return message
    found = "" if problem["type"] == "missing" else f" is {problem['input']!r}"
    return f"{key}{found}: {message[0].lower()}{message[1:]}"


def known_keys(section: Sequence[Any]) -> tuple[str, ...]:
    model: Any = StudyConfig
    for part in section:
        model = model.model_fields[part].annotation
    return tuple(model.model_fields)


def to_toml(config: StudyConfig) -> str:
    """The complete study, defaults included, as a TOML that ``load_study`` reads back to the same key."""
    content = config.model_dump(mode="json", exclude_none=True)
    sections = {key: value for key, value in content.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in content.items() if key not in sections]
    for name, section in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"
