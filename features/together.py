"""What several dates share: sums over order lines that are made once and narrowed to each date.

Most customers are ``steady``: they have one id, each line was known when it happened and stands, and no order lies
across a date. What they had at a date is then the beginning of what they have in the end, so sums carry ``from_n``, how
many of the sorted dates they are not seen at, and date number k sees those with ``from_n <= k``. The ``rest`` of the
customers is counted at each date alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import narwhals as nw

from features.engines import Tables, kept
from features.exact import count_if, sum_if
from features.past import Past, by_order, order_lines, with_categories, with_day_before
from features.windows import Frame


class Together:
    """Frames that the dates share, each made when a family first asks for it."""

    def __init__(self, tables: Tables, dates: Sequence[float]) -> None:
        self._tables = tables
        self.dates = dates
        self._made: Tables = {}

    @property
    def made(self) -> list[Frame]:
        """What is held, in the order it was made."""
        return list(self._made.values())

    @property
    def lines(self) -> Frame:
        """Sale lines of steady customers."""
        return self.once("lines", lambda: self._of_steady(self._sold()))

    @property
    def orders(self) -> Frame:
        """Orders of steady customers."""
        return self.once("orders", lambda: self._of_steady(self._all_orders()).drop("to_n"))

    @property
    def rest(self) -> Frame:
        """Order lines, returns among them, of all others."""
        lines = order_lines(self._tables["orders"])
        return self.once("rest", lambda: lines.join(self._unsteady(), on="customer_id", how="semi"))

    def once(self, name: str, make: Callable[[], Frame]) -> Frame:
        """The frame of that name, made if it is not there."""
        if name not in self._made:
            # First what it is made of, then itself: so they stand in the order in which they can be dropped.
            frame = make()
            self._made[name] = kept(frame)
        return self._made[name]

    def _sold(self) -> Frame:
        known = nw.max_horizontal("at_days", "known_at_days")
        sold = order_lines(self._tables["orders"]).filter(nw.col("kind") == "sale")
        return sold.with_columns(from_n=_dates_until(known, self.dates), moves=_moves(self.dates))

    def _all_orders(self) -> Frame:
        from_n, moves = nw.col("from_n"), nw.col("moves").max()
        return self.once("all orders", lambda: by_order(self._sold(), moves, from_n.min(), from_n.max().alias("to_n")))

    def _unsteady(self) -> Frame:
        return self.once("unsteady", self._find_unsteady)

    def _find_unsteady(self) -> Frame:
        changing = self._all_orders().filter((nw.col("moves") > 0) | (nw.col("from_n") < nw.col("to_n")))
        unsteady = changing.select("customer_id")
        if "identities" in self._tables:
            ends = [self._tables["identities"].select(customer_id=end) for end in ("alias_id", "customer_id")]
            unsteady = nw.concat([unsteady, *ends])
        return unsteady.unique()

    def _of_steady(self, frame: Frame) -> Frame:
        begun = frame.filter(nw.col("from_n") < len(self.dates))
        return begun.join(self._unsteady(), on="customer_id", how="anti").drop("moves")


def _dates_until(moment: nw.Expr, dates: Sequence[float]) -> nw.Expr:
    """How many of the dates are not after ``moment``."""
    return nw.sum_horizontal(*((moment >= date).cast(nw.Float64) for date in dates))


def _moves(dates: Sequence[float]) -> nw.Expr:
    """1 for a line that was not known when it happened, or is replaced, as far as these dates can tell; else 0."""
    at, known, replaced = (nw.col(name) for name in ("at_days", "known_at_days", "replaced_at_days"))
    late = (known > at) & (_dates_until(known, dates) > _dates_until(at, dates))
    return nw.when(late | (replaced < dates[-1])).then(1.0).otherwise(0.0)


@dataclass(frozen=True)
class PastOfMany(Past):
    """The past of date number ``date`` of several; ``past_of`` gives that of the rest, from their order lines."""

    together: Together = field(default_factory=lambda: Together({}, ()))
    date: int = 0
    past_of: Callable[[Frame], Past] = lambda _: Past({})

    @cached_property
    def rest(self) -> Past:
        """What is known of customers who are not steady."""
        return self.past_of(self.together.rest)

    def _with_rest(self, steady: Frame, rest: Frame) -> Frame:
        begun = steady.filter(nw.col("from_n") <= self.date)
        return self.share(nw.concat([begun.select(rest.collect_schema().names()), rest]))

    @cached_property
    def orders(self) -> Frame:
        """As in ``Past``."""
        return self._with_rest(self.together.orders, self.rest.orders)

    @cached_property
    def days(self) -> Frame:
        """As in ``Past``."""
        steady = self.together.once("days", lambda: _by_day(self.together.lines))
        return self._with_rest(steady, self.rest.days)

    @cached_property
    def products(self) -> Frame:
        """As in ``Past``."""
        return self._with_rest(self._at_date(self._steady_products()), self.rest.products)

    @cached_property
    def categories(self) -> Frame:
        """As in ``Past``."""
        steady = self.together.once("categories", self._by_category)
        return self._with_rest(self._at_date(steady), self.rest.categories)

    def line_sums(self, complete: Callable[[Frame, Tables], Frame], values: Mapping[str, nw.Expr]) -> Frame:
        """As in ``Past``."""
        steady = self.together.once(
            f"{complete.__module__}.{complete.__name__}", lambda: self._summed(complete, values)
        )
        begun = steady.filter(nw.col("from_n") <= self.date).group_by("customer_id").agg(nw.col(*values).sum())
        return self.share(nw.concat([begun, self.rest.line_sums(complete, values)]))

    def _summed(self, complete: Callable[[Frame, Tables], Frame], values: Mapping[str, nw.Expr]) -> Frame:
        lines = complete(self.together.lines, self.tables)
        return lines.group_by("customer_id", "from_n").agg(value.sum().alias(name) for name, value in values.items())

    def _steady_products(self) -> Frame:
        dates_n = len(self.together.dates)
        return self.together.once("products", lambda: _by_product(self.together.lines, dates_n))

    def _by_category(self) -> Frame:
        bought, dates = with_categories(self._steady_products(), self.tables), range(len(self.together.dates))
        return bought.group_by("customer_id", "category").agg(
            nw.col("from_n", "first_at_days").min(),
            *(nw.col(f"lines_n_{k}", f"orders_n_{k}").sum() for k in dates),
            *(nw.col(f"last_at_days_{k}").max() for k in dates),
        )

    def _at_date(self, steady: Frame) -> Frame:
        """With what grew from date to date as it was at this one."""
        names = ("lines_n", "orders_n", "last_at_days")
        return steady.with_columns(nw.col(f"{name}_{self.date}").alias(name) for name in names)


def _by_day(lines: Frame) -> Frame:
    return with_day_before(lines.group_by("customer_id", "day").agg(nw.col("from_n").min()))


def _by_product(lines: Frame, dates_n: int) -> Frame:
    """One row a customer and product; what grows from date to date has a column a date."""
    named = lines.filter(~nw.col("product_id").is_null())
    pairs = named.group_by("customer_id", "product_id", "order_id").agg(
        nw.col("from_n", "at_days").min(), nw.col("at_days").max().alias("last_at_days"), nw.len().alias("lines_n")
    )
    grown = []
    for k in range(dates_n):
        seen = nw.col("from_n") <= k
        grown += [
            sum_if(seen, nw.col("lines_n").cast(nw.Float64)).alias(f"lines_n_{k}"),
            count_if(seen).alias(f"orders_n_{k}"),
            nw.when(seen).then(nw.col("last_at_days")).max().alias(f"last_at_days_{k}"),
        ]
    return pairs.group_by("customer_id", "product_id").agg(
        nw.col("from_n").min(), nw.col("at_days").min().alias("first_at_days"), *grown
    )
