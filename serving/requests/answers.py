"""The body of an answer: its fields, which are the service's OpenAPI schema too.

Apart from the requests because every kind of answer is a target's, and importing all targets takes a second.
"""

from typing import Any, Literal, Union

from pydantic import BaseModel, ConfigDict, create_model

from models.ranking.answer import Answer as Ranking
from models.targets import targets


class Segment(BaseModel):
    """The customer's segment; strength in [0, 1] says how clearly the customer belongs to it.

    ``group_id`` and ``group_name`` are the coarse group above it, null for a customer in no segment.
    ``unsound`` is there only where the segments were put in force although they are not sound, and says why.
    """

    id: str
    name: str
    strength: float
    group_id: str | None = None
    group_name: str | None = None
    unsound: str | None = None


class Reason(BaseModel):
    """A family of features that raises or lowers the score: by how much, and the column that does most of it.

    ``contribution`` is in log odds, of amounts in the logarithm, before the calibration; ``value`` is the customer's,
    ``usual`` the median of all (of a yes or no, the share of customers with yes). It says what the model read, not why
    the customer acts.
    """

    family: str
    effect: Literal["raises", "lowers"]
    contribution: float
    column: str
    value: float | None
    usual: float | None
    words: str


def _with_reasons(name: str, answer: type[BaseModel]) -> type[BaseModel]:
    """A target's ``Answer`` with reasons, under a name that the OpenAPI schema can show beside the others."""
    named = f"{name.title().replace('_', '')}Answer"
    return create_model(named, __base__=answer, __doc__=answer.__doc__, reasons=(list[Reason] | None, None))


KINDS_OF_ANSWERS: dict[str, type[BaseModel]] = {
    **{name: _with_reasons(name, kind.Answer) for name, kind in targets().items()},
    "ranking": create_model("RankingAnswer", __base__=Ranking, __doc__=Ranking.__doc__),
}
"""What a model answers with: each target's shape, and a ranking's."""
Prediction: Any = Union[tuple(KINDS_OF_ANSWERS.values())]  # noqa: UP007
"""The answer of a predictor, whichever its target gives, or of a recommender."""


class Answer(BaseModel):
    """All answers about one customer: the segment, if the bundle has segments, and one under each predictor's name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Prediction]

    customer_id: str
    segment: Segment | None = None


class ModelVersion(BaseModel):
    """A model's version in the registry and the hash of its artifact."""

    version: str
    sha256: str


class Answers(BaseModel):
    """One answer a known customer, in the order asked; all from the features at ``as_of``.

    ``left_out``, for histories, names what the models read and a customer came without: it counts as not known.
    """

    answers: list[Answer]
    unknown: list[str]
    as_of: str
    models: dict[str, ModelVersion]
    bundle: str
    left_out: list[str] | None = None
