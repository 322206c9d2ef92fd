"""Laws of every target; a new file in models/targets is found here and needs a ``World`` below to be tested in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, default_rng

from experiments.plots.charts import draw
from features.errors import BadInput
from models.calibration import logit
from models.charts import Forecasts
from models.curves import from_hazards
from models.question import Question
from models.sample import Floats
from models.targets import Target, targets
from serving.json_columns import json_texts

AS_OF = 19_000.0


@dataclass(frozen=True)
class World:
    """Simulated data for the laws of a target. Raw predictions have one row per customer.

    ``truth`` draws true raw predictions, and ``labels`` outcomes from them over the whole horizon. ``wrong`` distorts
    predictions by a degree above or below 0. ``other`` draws labels that are equal up to some days after the cutoff and
    may differ after that. ``sound`` checks answers.
    """

    question: Question
    truth: Callable[[Generator, int], Floats]
    labels: Callable[[Generator, Floats], Floats]
    wrong: Callable[[Floats, float], Floats]
    other: Callable[[Generator, Floats, Floats], Floats]
    sound: Callable[[Floats], bool]


def odds_times(p: Floats, degree: float) -> Floats:
    return 1.0 / (1.0 + np.exp(-logit(p) - degree))


def known_whole(horizon_days: float, draw_all: Callable[[Generator, int], Floats]) -> Any:
    """``other`` for labels that become known only when the horizon is over."""

    def other(random: Generator, y: Floats, days: Floats) -> Floats:
        return np.where(days >= horizon_days, y, draw_all(random, len(y)))

    return other


HORIZONS = (7.0, 30.0, 90.0)


def hazards(random: Generator, rows: int) -> Floats:
    return from_hazards(random.uniform(0.05, 0.6, (rows, len(HORIZONS))))


def event_days(random: Generator, curve: Floats) -> Floats:
    """Days to an event drawn from the curve; infinity if it is not within the longest horizon."""
    interval = (random.uniform(size=(len(curve), 1)) >= curve).sum(axis=1)
    starts, ends = np.array([0.0, *HORIZONS, 0.0]), np.array([*HORIZONS, np.inf])
    inside = random.uniform(starts[interval], np.minimum(ends, HORIZONS[-1])[interval])
    return np.where(interval < len(HORIZONS), inside, np.inf)


def later_event(random: Generator, label: Floats, days: Floats) -> Floats:
    """An event before ``days`` is unchanged; others may come at any later time, or not at all."""
    later = days + random.choice([0.0, 1.0, 40.0, np.inf], len(label))
    return np.where(label < days, label, np.where(later < HORIZONS[-1], later, np.inf))


def amounts(random: Generator, expected: Floats) -> Floats:
    return random.gamma(2.0, expected) * (random.uniform(size=len(expected)) < 0.5)


WORLDS = {
    "binary": World(
        Question("churn", "binary", "buys", (30.0,)),
        truth=lambda random, rows: random.uniform(0.02, 0.98, rows),
        labels=lambda random, p: (random.uniform(size=len(p)) < p).astype(np.float64),
        wrong=odds_times,
        other=known_whole(30.0, lambda random, rows: random.integers(0, 2, rows).astype(np.float64)),
        sound=lambda answer: answer.shape[1] == 1 and bool(((answer >= 0.0) & (answer <= 1.0)).all()),
    ),
    "amount": World(
        Question("value", "amount", "net_spend", (90.0,), "currency"),
        truth=lambda random, rows: random.gamma(2.0, 30.0, rows) + 1.0,
        labels=amounts,
        wrong=lambda expected, degree: expected * np.exp(degree),
        other=known_whole(90.0, lambda random, rows: random.integers(0, 9, rows).astype(np.float64)),
        sound=lambda answer: (
            answer.shape[1] == 3 and bool((np.diff(answer[:, [1, 2]]) >= 0.0).all() and (answer >= 0.0).all())
        ),
    ),
    "curve": World(
        Question("next_purchase", "curve", "next_order", HORIZONS),
        truth=hazards,
        labels=event_days,
        wrong=odds_times,
        other=later_event,
        sound=lambda answer: bool((np.diff(answer, axis=1) >= 0.0).all() and ((answer >= 0.0) & (answer <= 1.0)).all()),
    ),
}

every_target = pytest.mark.parametrize("name", targets())


def of(name: str) -> tuple[Target, World]:
    assert name in WORLDS, f"add a world for the target {name} to WORLDS"
    return targets()[name], WORLDS[name]


def drawn(name: str, rows: int, seed: int = 0) -> tuple[Floats, Floats]:
    """True raw predictions, and labels drawn from them."""
    (kind, world), random = of(name), default_rng(seed)
    raw = world.truth(random, rows)
    return raw, kind.labels(world.labels(random, raw), world.question)


def calibrated(name: str, degree: float = 0.5, rows: int = 4000) -> tuple[Floats, dict[str, Any]]:
    """Distorted raw predictions, and a calibration fitted on others with the same distortion."""
    kind, world = of(name)
    raw, y = drawn(name, rows, seed=1)
    return world.wrong(drawn(name, rows, seed=2)[0], degree), kind.calibrate(
        world.wrong(raw, degree), y, cutoffs(rows, world.question), world.question
    )


def cutoffs(rows: int, question: Question) -> Floats:
    """Three dates, a horizon apart, so that a correction can prove itself."""
    return np.sort(np.arange(rows) % 3) * question.horizon_days


def bits(values: Floats) -> bytes:
    return np.ascontiguousarray(values).tobytes()


@every_target
@pytest.mark.parametrize("degree", [-1.0, -0.3, 0.3, 1.0])
def test_the_loss_is_lowest_on_average_for_the_truth(name: str, degree: float) -> None:
    kind, world = of(name)
    raw, y = drawn(name, 20_000)
    mean = np.broadcast_to(raw.mean(axis=0), raw.shape)
    right, *others = (
        kind.loss(y, kind.answer(each, None, world.question), world.question)
        for each in (raw, world.wrong(raw, degree), mean)
    )
    assert right.shape == (20_000,)
    assert np.isfinite(right).all()
    for other in others:
        difference = other - right
        assert difference.mean() > 3.0 * difference.std() / np.sqrt(len(difference))


@every_target
def test_scores_include_the_mean_loss_and_everything_that_tables_and_lines_show(name: str) -> None:
    kind, world = of(name)
    raw, y = drawn(name, 2000)
    answer = kind.answer(*calibrated(name, rows=2000), world.question)
    found = kind.scores(y, answer, world.question)
    assert found[kind.LOSS] == pytest.approx(kind.loss(y, answer, world.question).mean())
    assert kind.headline(world.question)[0] == kind.LOSS
    assert set(kind.headline(world.question)) <= set(found)
    assert kind.LOSS in kind.lines(world.question)
    assert set(kind.lines(world.question)) <= set(found)
    assert all(np.isfinite(value) for value in found.values())
    assert kind.LOSS_WORDS
    assert len(raw) == len(y)


@every_target
def test_a_calibration_is_plain_json_and_brings_wrong_predictions_nearer_to_the_truth(name: str) -> None:
    kind, world = of(name)
    for degree in (-0.7, 0.7):
        raw, found = calibrated(name, degree)
        _, y = drawn(name, len(raw), seed=2)
        again = json.loads(json.dumps(found, allow_nan=False))
        assert again == found
        answer = kind.answer(raw, found, world.question)
        assert bits(kind.answer(raw, again, world.question)) == bits(answer)
        before = kind.loss(y, kind.answer(raw, None, world.question), world.question)
        assert kind.loss(y, answer, world.question).mean() < before.mean()


@every_target
@pytest.mark.parametrize("rows", [60, 500])
@pytest.mark.parametrize("seed", range(5))
def test_answers_are_valid_even_after_a_calibration_on_few_rows_and_for_extreme_predictions(
    name: str, rows: int, seed: int
) -> None:
    """Probabilities lie in [0, 1] and never fall with the days, the low end of an interval not above the high one."""
    kind, world = of(name)
    raw, y = drawn(name, rows, seed)
    misleading = drawn(name, rows, seed + 100)[0]
    found = kind.calibrate(misleading, y, cutoffs(rows, world.question), world.question)
    extreme = np.concatenate([raw, world.wrong(raw, -30.0), world.wrong(raw, 30.0)])
    answer = kind.answer(extreme, found, world.question)
    assert len(answer) == 3 * rows
    assert world.sound(answer)


@every_target
def test_a_row_gets_the_same_bits_alone_and_in_a_batch(name: str) -> None:
    kind, world = of(name)
    raw, found = calibrated(name, rows=1000)
    for calibration in (None, found):
        answer = kind.answer(raw, calibration, world.question)
        columns = kind.columns(answer, world.question)
        for i in range(0, 1000, 7):
            alone = kind.answer(raw[[i]], calibration, world.question)
            assert bits(alone) == bits(answer[[i]])
            for column, values in kind.columns(alone, world.question).items():
                assert bits(values) == bits(columns[column][[i]])


@every_target
def test_no_rows_get_no_answers_and_the_same_columns(name: str) -> None:
    kind, world = of(name)
    raw, found = calibrated(name)
    some = kind.answer(raw, found, world.question)
    none = kind.answer(raw[:0], found, world.question)
    assert none.shape == (0, some.shape[1])
    columns = kind.columns(none, world.question)
    assert list(columns) == list(kind.columns(some, world.question))
    assert all(values.shape == (0,) and values.dtype == np.float64 for values in columns.values())


@every_target
def test_the_json_answer_matches_its_schema(name: str) -> None:
    kind, world = of(name)
    raw, found = calibrated(name)
    fields = set(kind.Answer.model_fields)
    why = kind.not_asked(world.question, "no order yet")
    assert set(why) == fields
    assert why["reason"] == "no order yet"
    assert kind.Answer.model_validate(why, strict=True).model_dump() == why
    for calibration in (None, found):
        columns = kind.columns(kind.answer(raw, calibration, world.question), world.question)
        some = {column: values[::101] for column, values in columns.items()}
        texts = json_texts(kind.as_json(some, world.question, AS_OF), len(raw[::101]))
        for i, text in enumerate(texts):
            sent = json.loads(text)
            assert set(sent) == fields - {"reason"}
            assert kind.Answer.model_validate(sent, strict=True).model_dump() == {**sent, "reason": None}
            assert json.dumps(sent, allow_nan=False) == text
            alone = {column: values[[i]] for column, values in some.items()}
            assert json_texts(kind.as_json(alone, world.question, AS_OF), 1) == [text]


days_ago = st.lists(
    st.sampled_from([0.0, 1.0, 7.0, 10.0, 29.0, 30.0, 60.0, 90.0, 91.0, 400.0]), min_size=1, max_size=30
)


@every_target
@settings(max_examples=60)
@given(ago=days_ago, seed=st.integers(0, 9999))
def test_what_is_known_at_a_cutoff_uses_nothing_from_the_cutoff_on(name: str, ago: list[float], seed: int) -> None:
    """Labels that are equal before the cutoff and differ after it give equal labels as known at the cutoff."""
    (kind, world), random = of(name), default_rng(seed)
    as_of, cutoff = AS_OF - np.array(ago), AS_OF
    label = np.floor(world.labels(random, world.truth(random, len(ago))))  # so that some equal the days ago
    change = world.other(random, label, cutoff - as_of)
    seen = [kind.known_at(as_of, kind.labels(each, world.question), cutoff, world.question) for each in (label, change)]
    assert bits(seen[0][0]) == bits(seen[1][0])
    assert bits(seen[0][1]) == bits(seen[1][1])
    assert seen[0][0].sum() == len(seen[0][1])
    whole = cutoff - as_of[seen[0][0]] >= world.question.horizon_days
    assert kind.complete(seen[0][1], world.question).tolist() == whole.tolist()


@every_target
@settings(max_examples=60)
@given(ago=days_ago, earlier=st.sampled_from([1.0, 10.0, 45.0, 120.0]), seed=st.integers(0, 9999))
def test_what_was_known_earlier_is_the_same_whether_asked_now_or_later(
    name: str, ago: list[float], earlier: float, seed: int
) -> None:
    """So the model for one test cutoff may calibrate the models for later ones."""
    (kind, world), random = of(name), default_rng(seed)
    as_of, question = AS_OF - np.array(ago), world.question
    y = kind.labels(np.floor(world.labels(random, world.truth(random, len(ago)))), question)
    at_once_rows, at_once = kind.known_at(as_of, y, AS_OF - earlier, question)
    later_rows, later = kind.known_at(as_of, y, AS_OF, question)
    rows, twice = kind.known_at(as_of[later_rows], later, AS_OF - earlier, question)
    assert np.flatnonzero(later_rows)[rows].tolist() == np.flatnonzero(at_once_rows).tolist()
    assert bits(twice) == bits(at_once)


@every_target
def test_after_the_horizon_all_labels_are_known_and_complete(name: str) -> None:
    kind, world = of(name)
    _, y = drawn(name, 500)
    as_of = AS_OF - default_rng(0).integers(0, 300, 500)
    rows, known = kind.known_at(as_of, y, AS_OF + world.question.horizon_days, world.question)
    assert rows.all()
    assert bits(known) == bits(y)
    assert kind.complete(known, world.question).all()


@every_target
def test_enough_are_many_labels_that_differ(name: str) -> None:
    kind, world = of(name)
    _, y = drawn(name, 2000)
    assert kind.enough(y, world.question)
    assert not kind.enough(y[:0], world.question)
    assert not kind.enough(y[:10], world.question)
    nothing = kind.labels(np.full(2000, np.inf if name == "curve" else 0.0), world.question)
    assert not kind.enough(nothing, world.question)
    assert kind.rarer_outcome(y, world.question) > kind.rarer_outcome(nothing, world.question) == 0


@every_target
def test_labels_and_horizons_that_cannot_be_answered_are_refused(name: str) -> None:
    kind, world = of(name)
    kind.check_horizons(world.question.horizons)
    kind.check_horizons([30.0])
    with pytest.raises(BadInput, match="horizon"):
        kind.check_horizons([])
    for impossible in (np.nan, -1.0):
        with pytest.raises(BadInput, match=f"labels of {world.question.task}"):
            kind.labels(np.array([impossible]), world.question)


@every_target
@pytest.mark.parametrize("calibrate", [False, True])
def test_charts_are_finite_and_can_be_drawn(name: str, calibrate: bool, tmp_path: Path) -> None:
    kind, world = of(name)
    raw, found = calibrated(name, rows=400)
    _, y = drawn(name, 400, seed=2)
    ours = kind.answer(raw, found if calibrate else None, world.question)
    same = kind.answer(np.broadcast_to(raw[:1], raw.shape).copy(), None, world.question)
    contestants = [
        Forecasts(label, label == "ours", [y, y], [each, each]) for label, each in (("ours", ours), ("same", same))
    ]
    charts = kind.charts(world.question, "buys within 30 days", contestants)
    assert len({chart.name for chart in charts}) == len(charts) > 0
    for chart in charts:
        for series in (series for panel in chart.panels for series in panel.series):
            drawn_values = [v for v in (series.x, series.y, series.low, series.high) if v is not None]
            assert all(np.isfinite(values).all() and len(values) == len(series.x) for values in drawn_values)
        draw(tmp_path / f"{chart.name}.png", chart, "a shop")
        assert (tmp_path / f"{chart.name}.png").stat().st_size > 1000
