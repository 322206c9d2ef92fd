"""Many dates at once: what all of them count from is read once, and order lines are summed once for all of them.

A line is seen at the dates after it happened and was known, until it was replaced: of sorted dates, at those with
``from_n <= k < until_n``. Lines that agree in that are summed together, and each date adds up the sums it sees.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial

import narwhals as nw
import polars as pl

from features.engines import Tables, free, kept, on_polars, shared
from features.entities import Entity, about
from features.exact import count_if
from features.past import Past, by_order, by_product, look_back, order_lines, with_day_before
from features.snapshot import features_of
from features.windows import Frame

TOGETHER = 6
"""So many dates are summed in one pass; more take more memory and save little."""


def snapshots(tables: Tables, cutoffs: Sequence[float], entity: Entity = "customer") -> Iterator[tuple[float, Frame]]:
    """Each cutoff, earliest first, and the snapshot at it; bit for bit what ``snapshot`` gives.

    Compute a snapshot before asking for the next: DuckDB and Spark then drop what it was made of.
    """
    dates = sorted(cutoffs)
    many = len(dates) > 1
    lines = {"orders": order_lines(tables["orders"])} if "orders" in tables else {}
    held = {name: kept(table) for name, table in (tables | lines).items()} if many else tables
    for start in range(0, len(dates), TOGETHER):
        yield from _together(held, dates[start : start + TOGETHER], entity)
    if many:
        free(held.values())


def computed(frames: Iterable[tuple[float, Frame]]) -> Iterator[tuple[float, pl.DataFrame]]:
    """The rows of each; on Polars one date is computed while the plan of the next is written."""
    with ThreadPoolExecutor(1) as one:
        before: tuple[float, Future[pl.DataFrame]] | None = None
        for as_of, frame in frames:
            running = as_of, one.submit(on_polars, frame)
            if not frame.implementation.is_polars():
                running[1].result()
            if before:
                yield before[0], before[1].result()
            before = running
        if before:
            yield before[0], before[1].result()


def _together(tables: Tables, dates: Sequence[float], entity: Entity) -> Iterator[tuple[float, Frame]]:
    # Who works for a company changes from date to date, and so does what is summed.
    many = len(dates) > 1 and entity == "customer" and "orders" in tables
    sums = sums_of(tables, dates) if many else {}
    for date, as_of in enumerate(dates):
        made: list[Frame] = []
        owned = about({**tables, **sums}, as_of, entity)
        past = look_back({name: table for name, table in owned.items() if name not in sums}, as_of)
        known, share = past.tables, partial(_share, made)
        if many:
            past = PastOfMany(known, share, sums={name: owned[name] for name in sums}, date=date)
        else:
            past = Past(known, share)
        yield as_of, features_of(past, as_of)
        free(made)
    free(sums.values())


def _share(made: list[Frame], frame: Frame) -> Frame:
    made.append(shared(frame))
    return made[-1]


def sums_of(tables: Tables, dates: Sequence[float]) -> Tables:
    """Order lines summed by who bought, by what and by the dates at which they are seen."""
    sold = order_lines(tables["orders"]).filter(nw.col("kind") == "sale").with_columns(**_seen(dates))
    sold = sold.filter(nw.col("from_n") < nw.col("until_n"))
    named = sold.filter(~nw.col("product_id").is_null())
    sums = {}
    if "identities" in tables:
        ends = [tables["identities"].select(customer_id=end) for end in ("alias_id", "customer_id")]
        linked = nw.concat(ends).unique()
        # Ids that become one customer at some date may share an order: which ones do is known at each date only.
        sums["linked_lines"] = kept(named.join(linked, on="customer_id", how="semi"))
        named = named.join(linked, on="customer_id", how="anti")
    return sums | {
        "of_orders": kept(by_order(sold, "from_n", "until_n")),
        "of_days": kept(sold.select("customer_id", "day", "from_n", "until_n").unique()),
        "of_products": kept(_by_product(named, len(dates))),
    }


def _seen(dates: Sequence[float]) -> dict[str, nw.Expr]:
    known = nw.max_horizontal("at_days", "known_at_days")
    replaced = nw.col("replaced_at_days")
    until_n = nw.sum_horizontal(*((replaced >= date).cast(nw.Float64) for date in dates))
    return {
        "from_n": nw.sum_horizontal(*((known >= date).cast(nw.Float64) for date in dates)),
        "until_n": nw.when(replaced.is_null()).then(float(len(dates))).otherwise(until_n),
    }


def _by_product(named: Frame, dates_n: int) -> Frame:
    """One row a customer and product, with what ``Past.products`` has at each date in columns of its own."""
    at = nw.col("at_days")
    by_order, by_product = [], []
    for k in range(dates_n):
        seen = (nw.col("from_n") <= k) & (nw.col("until_n") > k)
        by_order += [
            count_if(seen).alias(f"lines_n_{k}"),
            nw.when(seen).then(at).min().alias(f"first_at_days_{k}"),
            nw.when(seen).then(at).max().alias(f"last_at_days_{k}"),
        ]
        by_product += [
            nw.col(f"lines_n_{k}").sum(),
            nw.col(f"first_at_days_{k}").min(),
            nw.col(f"last_at_days_{k}").max(),
            count_if(nw.col(f"lines_n_{k}") > 0).alias(f"orders_n_{k}"),
        ]
    lines = named.group_by("customer_id", "product_id", "order_id").agg(*by_order)
    return lines.group_by("customer_id", "product_id").agg(*by_product)


@dataclass(frozen=True)
class PastOfMany(Past):
    """A past whose orders, days and products come from sums made for several dates, of which this is number ``date``.

    ``sums`` are those of ``sums_of`` with customer_id as it is known at the date.
    """

    sums: Tables = field(default_factory=dict)
    date: int = 0

    def _seen(self, name: str) -> Frame:
        return self.sums[name].filter(nw.col("from_n") <= self.date, nw.col("until_n") > self.date)

    @cached_property
    def orders(self) -> Frame:
        return self.share(
            self._seen("of_orders")
            .group_by("customer_id", "order_id")
            .agg(
                nw.col("at_days").min(),
                nw.col("last_at_days").max(),
                nw.col("lines_n", "units_milli", "amount_ticks", "discount_ticks").sum(),
            )
        )

    @cached_property
    def days(self) -> Frame:
        return self.share(with_day_before(self._seen("of_days").select("customer_id", "day").unique()))

    @cached_property
    def products(self) -> Frame:
        names = ("first_at_days", "last_at_days", "lines_n", "orders_n")
        at_date = {name: nw.col(f"{name}_{self.date}") for name in names}
        summed = self.sums["of_products"].filter(at_date["lines_n"] > 0)
        bought = summed.select("customer_id", "product_id", **at_date)
        if "linked_lines" in self.sums:
            bought = nw.concat([bought, by_product(self._seen("linked_lines"))])
        return self.share(bought)
