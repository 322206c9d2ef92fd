"""Laws of every audit rule; a new file in pipelines/audit/rules is found and tested here by itself."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from features.tables import TABLES
from pipelines.audit import Rule, all_rules, findings_of, not_applicable, run_audit
from pipelines.audit.finding import LEFT_OUT, SEVERITIES, SHOWN
from pipelines.audit.rule import ANY, tables_of
from tests.pipelines.audit.clean_shop import CLEAN, Shop, Stage

RULES = all_rules()
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.CODE)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    found = Stage(tmp_path_factory.mktemp("statistics"))
    found.follow(Shop())
    yield found
    found.con.close()


def test_codes_are_unique() -> None:
    assert len({rule.CODE for rule in RULES}) == len(RULES)


@every_rule
def test_a_rule_says_what_it_is_about_and_what_to_do(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", rule.CODE)
    assert rule.CODE.partition(".")[0] in {ANY, *TABLES}
    assert rule.SEVERITY in SEVERITIES
    assert rule.TITLE[0].isupper()
    assert re.fullmatch(r"[A-Z].*\.", rule.ADVICE)
    assert not re.search(r"[.!?] [A-Z]", rule.ADVICE), "advice is one sentence"
    assert (rule.__doc__ or "").rstrip().endswith(".")


@every_rule
def test_a_rule_reads_existing_tables_and_columns(rule: Rule) -> None:
    assert set(tables_of(rule)) <= set(TABLES)
    assert rule.CODE.startswith(f"{ANY}.") or tables_of(rule) == (rule.CODE.partition(".")[0],)
    for need in set(rule.NEEDS) - {"statistics.before"}:
        table, _, column = need.rpartition(".")
        looked_at = [table] if table else tables_of(rule)
        assert need in TABLES or all(column in TABLES[name].column_names for name in looked_at), need


@every_rule
def test_a_rule_is_either_a_condition_or_a_check(rule: Rule) -> None:
    defined = "check" in vars(rule) and getattr(vars(rule)["check"], "__module__", None) == cast(Any, rule).__name__
    assert bool(rule.WHERE) != defined


@every_rule
def test_the_examples_of_a_condition_show_no_personal_column(rule: Rule) -> None:
    """For rules with ``check``, ``examples_of`` refuses personal columns."""
    assert set(rule.SHOW) <= SHOWN | LEFT_OUT


@every_rule
def test_a_rule_does_not_run_without_what_it_needs(rule: Rule, shops: Stage) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a rule ran although it lacks something")

    unasked = cast(Rule, SimpleNamespace(**{**vars(rule), "check": refuse}))
    for table in tables_of(rule):
        for need in rule.NEEDS or (table,):
            lacking = need if need in TABLES or "." in need else f"{table}.{need}"
            if need == "statistics.before":
                shops.follow(None)
            names = shops.put(Shop(), hidden=(lacking,))
            assert lacking in not_applicable(shops.con)[rule.CODE][table]
            findings_of(shops.con, [name for name in names if name == table], [unasked])
    if "statistics.before" in rule.NEEDS:
        shops.follow(Shop())


def test_every_rule_runs_on_a_clean_shop_and_finds_nothing(shops: Stage) -> None:
    assert run_audit(shops.con, shops.put(Shop())) == []
    assert not_applicable(shops.con) == {}


def test_tables_without_rows_are_found_by_the_rule_about_them_alone(shops: Stage) -> None:
    empty = Shop(only={name: [] for name in CLEAN})
    shops.follow(empty)
    assert {finding.code for finding in run_audit(shops.con, shops.put(empty))} == {"any.empty_table"}
