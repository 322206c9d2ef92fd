"""A study as a data scientist writes it in TOML: its keys, their checks, and one sentence for every mistake."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from experiments.config import Action, Cutoffs, Features, Promotion, Sample, Search, Section, Segments, near
from features.entities import Entity
from features.errors import BadConfig, BadInput
from features.past import Who
from models.learners import cannot_answer, learners
from models.question import Question
from models.ranking.learners import rankers
from models.ranking.lists import LONGEST
from models.ranking.scores import LOSS as RANKING_LOSS
from models.segments.clusterers import clusterers
from models.targets import target
from models.tasks import question, task, tasks

RESERVED = ("customer_id", "segment")
"""Keys of every answer over HTTP, beside the names of models."""


def free_name(name: str) -> str:
    """The name itself; ValueError if no model can be called so."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError("use lower case letters, digits and underscores, a letter first")
    if name in RESERVED:
        raise ValueError("that is a key of every answer over HTTP: call the study otherwise")
    return name


Name = Annotated[str, Field(max_length=60), AfterValidator(free_name)]
Horizons = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...],
    BeforeValidator(lambda days: days if isinstance(days, list | tuple) else (days,)),
    Field(min_length=1),
]
"""Days ahead, above 0; a single number is allowed in place of a list."""


class Study(Section):
    """One question put to a dataset: the keys that prediction and segmentation have in common."""

    name: Name
    """Of the model in the registry, and of the answer over HTTP: lower case letters, digits and underscores."""
    title: str = ""
    """For people."""
    kind: str
    """Whether it predicts, segments or ranks."""
    entity: Entity = "customer"
    """What a row is about."""
    who: Who = "buyers"
    """``known`` gives everybody known a row: leads, subscribers and visitors without an order too."""
    baselines: tuple[str, ...] = ()
    """Models that the study's own must beat before it is promoted."""
    cutoffs: Cutoffs = Cutoffs()
    sample: Sample = Sample()
    search: Search = Search()
    features: Features = Features()
    promotion: Promotion = Promotion()

    @property
    def key(self) -> str:
        """SHA-256 of all keys and values, 64 hex characters; equal for equal studies."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def adjusted(self, trials: int | None = None, seed: int | None = None) -> Self:
        """The same study with another ``search.trials`` or ``search.seed``, as given on the command line."""
        search = self.search.model_dump()
        search |= {k: v for k, v in (("trials", trials), ("seed", seed)) if v is not None}
        return validated(type(self), {**self.model_dump(), "search": search}, self.name)


class PredictStudy(Study):
    """What will customers do? A task at one or several horizons."""

    kind: Literal["predict"] = "predict"
    """That it predicts."""
    task: str
    """The question."""
    horizon_days: Horizons
    """How many days ahead; several only where the task's answer is a curve. One may stand without a list."""
    learners: Annotated[tuple[str, ...], Field(min_length=1)]
    """What is fitted; the search chooses among several."""
    calibrate: bool = True
    """Whether contestants are corrected by what proves itself on predictions out of time, or not at all."""
    action: Action | None = None

    @property
    def question(self) -> Question:
        """The task's question at the horizons."""
        return question(self.task, self.horizon_days)

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        check_names("task", (self.task,), tasks())
        if task(self.task).WHO == "known" and self.who != "known":
            raise ValueError(f'who is {self.who!r}: {self.task} is about people without an order, write who = "known"')
        try:
            asked = self.question
        except BadInput as error:
            raise ValueError(str(error)) from None
        for key, names_ in (("learners", self.learners), ("baselines", self.baselines)):
            check_names(key, names_, learners())
            for name in names_:
                if why := cannot_answer(name, asked):
                    raise ValueError(f"{key} has {name!r}, which cannot learn {self.task}: {why}")
        if self.cutoffs.folds and (self.calibrate or self.search.validation_folds < 2):
            raise ValueError(
                "cutoffs.folds tests customers of one date: write calibrate = false, which needs earlier dates, "
                "and at least 2 search.validation_folds"
            )
        if not self.baselines and self.promotion.proof != "none":
            raise ValueError(
                "baselines is empty: name at least one that the model must beat, constant for example, or write "
                'promotion.proof = "none" to promote what has proven nothing'
            )
        check_metric(self.search.metric, target(asked.target).LOSS)
        return self


class SegmentStudy(Study):
    """Which customers are alike?"""

    kind: Literal["segment"] = "segment"
    """That it segments."""
    clusterers: Annotated[tuple[str, ...], Field(min_length=1)]
    """What is fitted; the search chooses among several."""
    segments: Segments = Segments()

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        check_names("clusterers", self.clusterers, clusterers())
        check_names("baselines", self.baselines, clusterers())
        check_metric(self.search.metric, "copula_gap")
        return self


class RankStudy(Study):
    """Which products will a customer buy next?"""

    kind: Literal["rank"] = "rank"
    """That it ranks products."""
    horizon_days: Annotated[float, Field(gt=0)]
    """How many days ahead."""
    wanted: Literal["horizon", "next_order"] = "horizon"
    """What a list is tested against: all products bought within the horizon, or those of the first order in it."""
    learners: Annotated[tuple[str, ...], Field(min_length=1)]
    """What is fitted; the search chooses among several."""
    length: Annotated[int, Field(ge=1, le=LONGEST)] = 10
    """Products on a list that is served; tests look at the first 20."""

    @property
    def question(self) -> Question:
        """Which products, within the horizon or in the next order."""
        return Question("next_product", "ranking", self.wanted, (self.horizon_days,))

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        check_names("learners", self.learners, rankers())
        check_names("baselines", self.baselines, rankers())
        if self.cutoffs.folds or self.who != "buyers" or self.entity != "customer" or self.features != Features():
            raise ValueError(
                "a ranking reads what buyers bought, at several dates: leave out features, who, entity, cutoffs.folds"
            )
        if not self.baselines and self.promotion.proof != "none":
            raise ValueError(
                'baselines is empty: name one to beat, personal_frequency, or write promotion.proof = "none"'
            )
        check_metric(self.search.metric, RANKING_LOSS)
        return self


KINDS: dict[str, type[Study]] = {"predict": PredictStudy, "segment": SegmentStudy, "rank": RankStudy}
AnyStudy = TypeVar("AnyStudy", bound=Study)


def check_metric(metric: str, own: str) -> None:
    """ValueError unless ``metric`` is empty or ``own``, the metric of this kind of study."""
    if metric not in ("", own):
        raise ValueError(f"search.metric is {metric!r}: this study is searched by {own!r}, leave search.metric out")


def check_names(key: str, values: Iterable[str], known: Collection[str]) -> None:
    """ValueError unless each value is the name of a ``known`` plug-in."""
    for value in values:
        if value not in known:
            raise ValueError(f"{key} has {value!r}, allowed are {', '.join(known)}{near(value, known)}")


def validated(model: type[AnyStudy], content: dict[str, Any], source: str) -> AnyStudy:
    """The checked study; one BadConfig names every problem by its key."""
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


def unknown_key(key: str, path: Sequence[Any], model: type[Study]) -> str:
    """The sentence on a key that no study has, or that only another kind of study has."""
    others = [kind for kind, other in KINDS.items() if key in other.model_fields]
    if others:
        return f"{key} belongs to a {others[0]} study: remove it or change kind"
    known = known_keys(path[:-1], model)
    return f"{key} is not a known key{near(str(path[-1]), known)}; known are {', '.join(known)}"


def known_keys(section: Sequence[Any], study: type[Study]) -> tuple[str, ...]:
    """The keys of a table of the study's TOML; ``section`` is the path to it."""
    model: Any = study
    for name in section:
        model = model.model_fields[name].annotation
    return tuple(model.model_fields)
