"""The tables of a study, a frozen pydantic model each: cutoffs, sample, search, features, segments, promotion."""

import difflib
from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.errors import BadConfig
from features.families import protected_names
from features.indicators import split

Unit = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of a study's TOML; it is frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cutoffs(Section):
    """Cutoffs: the dates at which features end and labels begin.

    ``every`` chooses calendar dates with complete labels and at least ``min_history_days`` of orders before them. The
    ``newest`` of them are used, and as many older ones as a long horizon needs. ``test`` is the number of test cutoffs,
    or their dates; they are a horizon apart where the history is long enough, closer otherwise.

    Data of one date have no earlier cutoff to learn from: with ``folds``, ``test`` names that date, and that many folds
    of customers are tested, each by a model that learned from all others. ``search.validation_folds`` further folds are
    for the search, which so sees no customer of the test.
    """

    every: Literal["week", "half-month", "month"] = "half-month"
    test: Annotated[int, Field(ge=1)] | Annotated[tuple[date, ...], Field(min_length=1)] = 3
    min_history_days: Annotated[float, Field(ge=0)] = 14.0
    newest: Annotated[int, Field(ge=2)] = 24
    folds: Annotated[int, Field(ge=0, le=100)] = 0

    @model_validator(mode="after")
    def _one_date(self) -> Self:
        if self.folds and (isinstance(self.test, int) or len(self.test) > 1):
            raise ValueError("folds are of customers at one date: name it, like test = [2020-01-01]")
        return self


class Sample(Section):
    """The row budget: the study learns from at most ``rows`` rows, a row being a customer at a cutoff.

    Where there are more, customers are drawn whole, at all cutoffs or at none. Their order in the draw depends on
    ``seed`` alone, so a larger budget adds customers to those of a smaller one.
    """

    rows: Annotated[int, Field(ge=100)] = 150_000
    seed: Annotated[int, Field(ge=0)] = 7


class Search(Section):
    """How parameters are searched for.

    ``parallel`` trials are drawn before the value of the first is known; so any number of workers up to it finds the
    same parameters as one worker. Trials are fitted on at most ``customers`` customers; a chosen predictor on
    all, chosen segments on those of the trials.
    ``accept = "proven"`` stays with the first guess (the champion's parameters, else the defaults) unless the best
    trial is proven better. ``metric`` is the loss of the task's target, or "permuted_gap" for segments; it may be left
    out.
    """

    trials: Annotated[int, Field(ge=1)] = 30
    seed: Annotated[int, Field(ge=0)] = 7
    validation_folds: Annotated[int, Field(ge=1)] = 3
    metric: str = ""
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    customers: Annotated[int, Field(ge=100)] = 10_000
    accept: Literal["proven", "best"] = "proven"


class Features(Section):
    """Which features the model may read, as shell patterns (``purchase_*``)."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    def select(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The columns, in their own order, that match ``include`` and not ``exclude``.

        Protected attributes (gender, age, family status) are included only by their full names, never by a pattern.
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
    most: Annotated[int, Field(ge=2)] = 10
    smallest_share: Unit = 0.03
    most_noise: Unit = 0.3


class Promotion(Section):
    """What a challenger must show to become the champion.

    ``confidence`` and ``draws`` are those of the bootstrap interval over customers. ``champion`` says whether the
    challenger must be proven better than the champion, or only be not worse on average. ``min_stability`` is the
    smallest Jaccard of any segment over bootstrap refits.
    """

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    draws: Annotated[int, Field(ge=50)] = 1000
    champion: Literal["better", "not_worse"] = "better"
    min_stability: Unit = 0.5


def matches(column: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern matches the column, or the text feature that it is an indicator of.

    >>> matches("profile_country=france", ("profile_country",))
    True
    """
    return any(fnmatchcase(name, pattern) for name in (column, split(column)[0]) for pattern in patterns)


def protected(column: str) -> bool:
    """Whether the column is, or is an indicator of, a protected attribute."""
    return split(column)[0] in protected_names()


def names(column: str, patterns: Sequence[str]) -> bool:
    """Whether one of ``patterns`` is the column's own name, or that of its text feature, without wildcards."""
    return column in patterns or split(column)[0] in patterns


def near(word: str, known: Iterable[str]) -> str:
    """`` (did you mean …?)`` with the known name most similar to ``word``, or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
