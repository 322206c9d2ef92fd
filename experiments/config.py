"""The tables of a study, a frozen pydantic model each: cutoffs, sample, search, features, segments, promotion."""

import difflib
from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.errors import BadConfig
from features.families import is_protected
from features.indicators import split

Unit = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of a study's TOML; it is frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Cutoffs(Section):
    """Cutoffs: the dates at which features end and labels begin."""

    every: Literal["week", "half-month", "month"] = "half-month"
    """How often: calendar dates, of which those with complete labels count."""
    test: Annotated[int, Field(ge=1)] | Annotated[tuple[date, ...], Field(min_length=1)] = 3
    """Number of test cutoffs, or their dates; a horizon apart where the history is long enough, closer otherwise."""
    min_history_days: Annotated[float, Field(ge=0)] = 14.0
    """Days of orders that the first cutoff has before it, at least."""
    newest: Annotated[int, Field(ge=2)] = 24
    """How many cutoffs are used: the newest, and as many older ones as a long horizon needs."""
    folds: Annotated[int, Field(ge=0, le=100)] = 0
    """For data of one date, which have no earlier cutoff to learn from: ``test`` names that date, and this many folds
    of customers are tested, each by a model that learned from all others. ``search.validation_folds`` further folds are
    for the search, which so sees no customer of the test."""

    @model_validator(mode="after")
    def _one_date(self) -> Self:
        if self.folds and (isinstance(self.test, int) or len(self.test) > 1):
            raise ValueError("folds are of customers at one date: name it, like test = [2020-01-01]")
        return self


class Sample(Section):
    """The row budget: how much a study learns from."""

    rows: Annotated[int, Field(ge=100)] = 120_000
    """At most so many rows, a row being a customer at a cutoff; where there are more, customers are drawn whole, at all
    cutoffs or at none."""
    seed: Annotated[int, Field(ge=0)] = 7
    """Alone decides the order of the draw, so a larger budget adds customers to those of a smaller one."""


class Search(Section):
    """How parameters are searched for."""

    trials: Annotated[int, Field(ge=1)] = 30
    """How many sets of parameters are tried."""
    seed: Annotated[int, Field(ge=0)] = 7
    """Of all that is random in the search and the fits."""
    validation_folds: Annotated[int, Field(ge=1)] = 3
    """Folds that trials are judged on, a horizon apart, before the first test cutoff."""
    metric: str = ""
    """May be left out: the loss of the task's target, or ``copula_gap`` for segments."""
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    """Trials that are drawn before the value of the first is known; so any number of workers up to it finds the same
    parameters as one worker."""
    customers: Annotated[int, Field(ge=100)] = 10_000
    """Trials are fitted on at most so many customers; a chosen predictor on all, chosen segments on those of the
    trials."""
    accept: Literal["proven", "best"] = "proven"
    """``proven`` stays with the first guess (the champion's parameters, else the defaults) unless the best trial is
    proven better; ``best`` takes the best trial."""


class Features(Section):
    """Which features the model may read, as shell patterns (``purchase_*``)."""

    include: tuple[str, ...] = ("*",)
    """Columns that the model may read; protected ones only by their full names."""
    exclude: tuple[str, ...] = ()
    """Columns that it may not read, even if included."""

    def select(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The columns, in their own order, that match ``include`` and not ``exclude``.

        Protected attributes (gender, age, family status, and those that the source declares so) are included only by
        their full names, never by a pattern.
        BadConfig if a pattern matches nothing or no column is left.

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
    """Limits of a useful segmentation; the search penalises others. Shares are of all customers, in [0, 1]."""

    fewest: Annotated[int, Field(ge=2)] = 4
    """Number of segments, at least."""
    most: Annotated[int, Field(ge=2)] = 10
    """Number of segments, at most."""
    smallest_share: Unit = 0.03
    """Share of the smallest segment, at least."""
    most_noise: Unit = 0.3
    """Share of customers in no segment, at most."""
    period_days: Annotated[float, Field(ge=1)] = 90.0
    """The period after which a segmentation is looked at: what customers spent since, and who moved without buying."""
    most_idle_movers: Unit = 0.05
    """Of who buys nothing for 30 days, the share that may change segment meanwhile."""
    variables: Literal["searched", "all"] = "all"
    """``searched``: trials choose among the columns of ``features.include`` by what they say of the next period;
    ``all`` clusters by every one of them."""
    prefer: Literal["use", "spend", "kinds", "separation", "stability", "simplicity"] = "use"
    """Which trial is taken among those that no other beats in everything: the one whose segments explain most of what
    customers do next (``use``), of what they spend (``spend``) or of what is in their orders (``kinds``), each times
    their stability, or that are the most separate, stable or simple to describe."""


class Promotion(Section):
    """What a challenger must show to become the champion."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    """Of the bootstrap interval over customers."""
    draws: Annotated[int, Field(ge=50)] = 1000
    """Bootstrap samples of the interval."""
    proof: Literal["baselines", "none"] = "baselines"
    """``none`` allows a prediction without a baseline: the first model is promoted although it has proven nothing."""
    champion: Literal["better", "not_worse"] = "better"
    """Whether the challenger must be proven better than the champion, or only be not worse on average."""
    trusted: tuple[str, ...] = ()
    """For predictions: features, as shell patterns, that may foretell the outcome nearly alone. The probe flags others,
    and a flagged model is refused."""
    min_stability: Unit = 0.5
    """For segments: the Jaccard of the least stable one over bootstrap refits, at least."""


class Action(Section):
    """What acting on an answer costs and brings, in the shop's currency: the run then says how many to contact."""

    contact_cost: Annotated[float, Field(ge=0)]
    """Of contacting one customer."""
    value: Annotated[float, Field(gt=0)]
    """Gained by contacting one of whom the event is true."""


def matches(column: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern matches the column, or the text feature that it is an indicator of.

    >>> matches("profile_country=france", ("profile_country",))
    True
    """
    return any(fnmatchcase(name, pattern) for name in (column, split(column)[0]) for pattern in patterns)


def protected(column: str) -> bool:
    """Whether the column is, or is an indicator of, a protected attribute."""
    return is_protected(split(column)[0])


def names(column: str, patterns: Sequence[str]) -> bool:
    """Whether one of ``patterns`` is the column's own name, or that of its text feature, without wildcards."""
    return column in patterns or split(column)[0] in patterns


def near(word: str, known: Iterable[str]) -> str:
    """`` (did you mean …?)`` with the known name most similar to ``word``, or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
