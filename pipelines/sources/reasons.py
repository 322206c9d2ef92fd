"""Why a staged row is rejected: reasons with their SQL conditions, in the order in which they are tried."""

from datetime import datetime

from features.columns import Column, TableSpec
from pipelines.sources.casting import is_blank
from pipelines.sources.source import SourceConfig
from pipelines.sql import quoted, quoted_list


def reasons(
    spec: TableSpec, columns: tuple[Column, ...], returned: dict[str, str], config: SourceConfig
) -> list[tuple[str, str]]:
    """(reason, condition) for a table whose SELECT returned ``returned`` (name: SQL type), whatever the present is."""
    given = [column for column in columns if column.name in returned]
    blank = {column.name: is_blank(column, returned[column.name]) for column in given}
    missing = [(f"missing_{name}", blank[name]) for name in spec.required]
    unreadable = [
        (f"unreadable_{column.name}", f'"{column.name}" IS NULL AND NOT ({blank[column.name]})')
        for column in given
        if column.type != "str"
    ]
    return missing + unreadable + _about_kind(spec) + _about_time(spec) + _about_lines(spec, config)


def reason_at(spec: TableSpec, config: SourceConfig, present: datetime) -> str:
    """SQL for a row's reason once the present is known: ``in_the_future`` comes before the reasons about lines."""
    if spec.time != "at":  # a contract may start next month; an event may not
        return "reason"
    later = "".join(f" OR reason = {quoted(reason)}" for reason, _ in _about_lines(spec, config))
    future = f"\"at\" >= TIMESTAMP '{present:%Y-%m-%d %H:%M:%S.%f}' AND (reason IS NULL{later})"
    return f"CASE WHEN {future} THEN 'in_the_future' ELSE reason END"


def not_product(config: SourceConfig) -> str:
    """The product id is one that the source calls no product."""
    ids = ", ".join(quoted(id_.upper()) for id_ in config.not_products.ids)
    tests = [f"upper(product_id) IN ({ids})"] if ids else []
    tests += [f"regexp_full_match(product_id, {quoted(pattern)}, 'i')" for pattern in config.not_products.patterns]
    return f"coalesce({' OR '.join(tests) or 'false'}, false)"


def _about_kind(spec: TableSpec) -> list[tuple[str, str]]:
    kinds = spec.levels("kind")
    return [("unknown_kind", f"kind NOT IN {quoted_list(kinds)}")] if kinds else []


def _about_time(spec: TableSpec) -> list[tuple[str, str]]:
    return [] if spec.time is None else [("before_1970", f"\"{spec.time}\" < TIMESTAMP '1970-01-02'")]


def _about_lines(spec: TableSpec, config: SourceConfig) -> list[tuple[str, str]]:
    if spec.name == "products":
        return [("not_a_product", "not_product")]
    if spec.name == "identities":
        return [("self_link", "alias_id = customer_id")]
    if spec.name != "orders":
        return []
    return [
        ("not_a_product", "not_product"),
        ("price_not_positive", "unit_price < 0" if config.zero_price == "keep" else "unit_price <= 0"),
        ("negative_discount", "discount < 0"),
        ("quantity_not_positive", "quantity = 0 OR (kind = 'sale' AND quantity < 0)"),
        ("discount_above_amount", "discount > abs(quantity) * unit_price"),
    ]
