"""A study as a data scientist writes it: one TOML, every choice a named key, every mistake one sentence."""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from features.entities import Entity
from features.errors import BadConfig, BadInput, NotFound
from features.families import protected_names
from features.indicators import split
from features.plugins import plugin_names
from models.learners import cannot_answer
from models.question import Question
from models.targets import target
from models.tasks import question

SHIPPED = Path(__file__).parent / "studies"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Unit = Annotated[float, Field(ge=0, le=1)]
Horizons = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...],
    BeforeValidator(lambda days: days if isinstance(days, list | tuple) else (days,)),
    Field(min_length=1),
]
"""Days ahead; one number may stand alone."""


class Section(BaseModel):
    """A frozen table of a study's TOML; an unknown key is an error, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cutoffs(Section):
    """When the past ends: the dates on which customers are looked at.

    Of the older cutoffs the ``newest`` are used, and as many more as a long horizon needs. ``test`` cutoffs are a
    horizon apart where the history is long enough, closer otherwise.
    """

    every: Literal["week", "half-month", "month"] = "half-month"
    test: Annotated[int, Field(ge=1)] | Annotated[tuple[date, ...], Field(min_length=1)] = 3
    min_history_days: Annotated[float, Field(ge=0)] = 14.0
    newest: Annotated[int, Field(ge=2)] = 24


class Search(Section):
    """How long and how to look for parameters.

    ``parallel`` trials are drawn before the first of them is known, so up to as many workers find the same parameters
    as one does. Trials look at no more than ``customers`` of them; the model that they choose is fitted on all.
    ``accept = "proven"`` keeps the first guess (the champion's parameters, else the defaults) unless the best trial is
    proven better. ``metric`` is the loss of the task's target, or "permuted_gap" for segments; it may be left out.
    """

    trials: Annotated[int, Field(ge=1)] = 30
    seed: Annotated[int, Field(ge=0)] = 7
    validation_folds: Annotated[int, Field(ge=1)] = 3
    metric: str = ""
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


class Study(Section):
    """One question put to a dataset; what prediction and segmentation have in common."""

    name: Name
    title: str = ""
    kind: str
    entity: Entity = "customer"
    baselines: tuple[str, ...] = ()
    cutoffs: Cutoffs = Cutoffs()
    search: Search = Search()
    features: Features = Features()
    promotion: Promotion = Promotion()

    @property
    def key(self) -> str:
        """SHA-256 of all choices, 64 hex characters: two studies with equal keys ask the same."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def adjusted(self, trials: int | None = None, seed: int | None = None) -> Self:
        """The same study with other ``search.trials`` or ``search.seed``, as the command line asks for."""
        search = self.search.model_dump()
        search |= {k: v for k, v in (("trials", trials), ("seed", seed)) if v is not None}
        return validated(type(self), {**self.model_dump(), "search": search}, self.name)


class PredictStudy(Study):
    """What will customers do? A task at one or several horizons; the search chooses among ``learners``."""

    kind: Literal["predict"] = "predict"
    task: str
    horizon_days: Horizons
    learners: Annotated[tuple[str, ...], Field(min_length=1)]
    calibrate: bool = True

    @property
    def question(self) -> Question:
        """The task at the horizons."""
        return question(self.task, self.horizon_days)

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        check_names("task", (self.task,), "models.tasks")
        try:
            asked = self.question
        except BadInput as error:
            raise ValueError(str(error)) from None
        for key, names_ in (("learners", self.learners), ("baselines", self.baselines)):
            check_names(key, names_, "models.learners")
            for name in names_:
                if why := cannot_answer(name, asked):
                    raise ValueError(f"{key} has {name!r}, which cannot learn {self.task}: {why}")
        check_metric(self.search.metric, target(asked.target).LOSS)
        return self


class SegmentStudy(Study):
    """Which customers are alike? The search chooses among ``clusterers``."""

    kind: Literal["segment"] = "segment"
    clusterers: Annotated[tuple[str, ...], Field(min_length=1)]
    segments: Segments = Segments()

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        check_names("clusterers", self.clusterers, "models.segments.clusterers")
        check_names("baselines", self.baselines, "models.segments.clusterers")
        check_metric(self.search.metric, "permuted_gap")
        return self


KINDS: dict[str, type[Study]] = {"predict": PredictStudy, "segment": SegmentStudy}
AnyStudy = TypeVar("AnyStudy", bound=Study)


def check_metric(metric: str, own: str) -> None:
    """The study is searched by its own metric."""
    if metric not in ("", own):
        raise ValueError(f"search.metric is {metric!r}: this study is searched by {own!r}, leave search.metric out")


def check_names(key: str, values: Iterable[str], package: str) -> None:
    """Each value names a plug-in of the package."""
    known = plugin_names(package)
    for value in values:
        if value not in known:
            raise ValueError(f"{key} has {value!r}, allowed are {', '.join(known)}{near(value, known)}")


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


def validated(model: type[AnyStudy], content: dict[str, Any], source: str) -> AnyStudy:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(sentence(problem, model) for problem in error.errors())
        raise BadConfig(f"study {source}: {problems}") from None


def sentence(problem: Any, model: type[Study]) -> str:
    """One validation problem as ``key: what was found, what is allowed``."""
    key = ".".join(part for part in problem["loc"] if isinstance(part, str) and not part.startswith("constrained"))
    if problem["type"] == "extra_forbidden":
        return unknown_key(key, problem["loc"], model)
    if problem["type"] == "too_short":
        return f"{key} is empty: name at least one"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not key:
        return message
    found = "" if problem["type"] == "missing" else f" is {problem['input']!r}"
    return f"{key}{found}: {message[0].lower()}{message[1:]}"


def unknown_key(key: str, place: Sequence[Any], model: type[Study]) -> str:
    """A key that the study does not have, or that only another kind of study has."""
    others = [kind for kind, other in KINDS.items() if key in other.model_fields]
    if others:
        return f"{key} belongs to a {others[0]} study: remove it or change kind"
    known = known_keys(place[:-1], model)
    return f"{key} is not a known key{near(str(place[-1]), known)}; known are {', '.join(known)}"


def known_keys(section: Sequence[Any], study: type[Study]) -> tuple[str, ...]:
    model: Any = study
    for part in section:
        model = model.model_fields[part].annotation
    return tuple(model.model_fields)


def to_toml(study: Study) -> str:
    """The complete study, defaults included, as a TOML that ``load_study`` reads back to the same key."""
    content = study.model_dump(mode="json", exclude_none=True)
    sections = {key: value for key, value in content.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in content.items() if key not in sections]
    for name, section in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"
