"""The audit page shows what was found, needs nothing from outside, and lets no data in as markup."""

import re
from datetime import date, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest

from pipelines.audit import Change, Finding, worst
from pipelines.audit.page import Page, render
from pipelines.audit.page.weeks import Week, chart, marked
from pipelines.ingest.canonical import ingest
from pipelines.steps.ingest import ingest_step
from pipelines.workspace import Workspace

HARM = "<script>alert(1)</script>"
SQL = {
    "orders": """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id,
        qty AS quantity, price AS unit_price, kind FROM lines""",
    "products": f"SELECT 'mug' AS product_id, '{HARM}' AS name, '&<\"' AS brand",
    "customers": f"""SELECT DISTINCT customer AS customer_id, '{HARM}' AS country, '"><img src=x>' AS attr_note
        FROM lines""",
}


class Reader(HTMLParser):
    """Collects the tags of a page and checks that each is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in {"meta"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def page_of(write_shop, tmp_path, lines, **keys):
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, **keys))
    return result, (result.folder / "audit.html").read_text(encoding="utf-8")


@pytest.fixture
def harmful(write_shop, tmp_path):
    lines = "".join(f"A{n},c{n},2024-01-{n % 28 + 1:02d} 10:{n:02d},{HARM},1,2,,sale\n" for n in range(30))
    return page_of(write_shop, tmp_path, lines + f"{HARM},ann,2024-01-05,mug,1,0,,sale\n", sql=SQL)


def test_data_come_in_as_text_and_never_as_markup(harmful):
    _, page = harmful
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert not {"script", "img", "iframe", "link"} & reader.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]


HOSTILE = "</style><script>alert('x')</script>\"'><img src=x onerror=alert(1)>&amp;"
NOTHING = {"customers": 0}


def page_with(text="a shop", **parts):
    """A page with ``text`` wherever text can stand that is not the code's own."""
    table = {"rows_in": 3, "rows": 2, "rejects": {text: 1}, "repairs": {text: 1}}
    named = dict.fromkeys(("title", "id", "source", "timezone", "currency", "pseudonym_key"), text)
    example = {text: text, "at": None}
    share = {"have": 0.5, "lacking": {"country": [{"group": text, "customers": 90, "missing": 1.0}]}}
    coverage = {
        "customers": 100,
        "tables": {text: share},
        "columns": {text: {text: share}},
        "not_given": {text: [text]},
        "question": {"as_of": text, "horizon_days": 30.0, "customers": 100, "bought": 0.5},
        "attributes": [{"column": text, "missing": 0.5, "verdict": text}],
    }
    given = {
        "facts": {**named, "tables": {text: table}},
        "findings": [Finding(text, text, "note", text, 1, 3, (example,), text)],
        "changes": [Change(text, text, "new", 1, 0)],
        "compared": True,
        "lacking": {text: {text: [text, text]}, "b": {text: [text]}},
        "weeks": {text: weeks([1, 2])},
        "coverage": coverage,
    }
    return Page(**{**given, **parts})


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_hostile_text_is_text_wherever_it_can_stand():
    """As many times as a harmless text, and with the same markup around it."""
    harmless, hostile = read(render(page_with("harmless"))), read(render(page_with(HOSTILE)))
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes
    places = sum(text.count("harmless") for text in harmless.texts)
    assert places > 30
    assert sum(text.count(HOSTILE) for text in hostile.texts) == places


def test_a_page_about_nothing_can_be_written():
    facts = page_with().facts | {"tables": {}}
    page = render(page_with(facts=facts, findings=(), changes=(), lacking={}, weeks={}, coverage=NOTHING))
    assert "No rule found anything." in page
    assert "There are no customers to count." in page


def test_the_page_needs_nothing_from_outside(harmful):
    _, page = harmful
    assert not re.search(r"https?://|url\(|@import|src=", page.replace(HARM, "").replace("img src=x", ""))
    reader = Reader()
    reader.feed(page)
    assert all(value.startswith("#") for _, name, value in reader.attributes if name == "href")


def test_every_finding_stands_on_the_page_with_its_count_and_advice(harmful):
    result, page = harmful
    assert {finding.code for finding in result.findings} == {"any.unknown_product", "orders.price_not_positive"}
    for finding in result.findings:
        assert f"<b>{finding.count:,}</b> in {finding.table}" in page
        assert finding.code in page
        assert finding.advice in unescape(page)


def test_the_page_says_what_changed(write_shop, tmp_path):
    _, first = page_of(write_shop, tmp_path, "A1,ann,2024-01-05,mug,1,2,,sale\n")
    _, second = page_of(write_shop, tmp_path, "A1,ann,2024-01-05,mug,1,2,,sale\nA2,ann,2024-01-05,mug,1,0,,sale\n")
    assert "This is the first audit" in first
    assert re.search(r"<td>new</td><td>Order lines with a price of zero or less</td><td>orders</td>", second)


def test_equal_ingests_give_equal_pages(write_shop, tmp_path):
    lines = "A1,ann,2024-01-05,mug,1,2,,sale\nA2,bob,2024-02-05,mug,1,0,,sale\n"
    pages = [page_of(write_shop, tmp_path / name, lines)[1] for name in ("a", "b")]
    assert pages[0] == pages[1]


def weeks(rows):
    return marked([Week(date(2024, 1, 1) + timedelta(weeks=n), n_rows) for n, n_rows in enumerate(rows)])


@pytest.mark.parametrize(
    ("rows", "marks"),
    [
        ([100] * 5 + [5] + [100] * 5, {5: "gap"}),
        ([100] * 5 + [400] + [100] * 5, {5: "flood"}),
        ([5] + [100] * 9 + [5], {}),  # cut weeks at both ends
        ([10] * 5 + [0] + [10] * 5, {}),  # too few rows to tell
        ([0, 200] * 6, {}),  # bursts
        ([100 * n for n in range(1, 12)], {}),  # growth
        ([7], {}),
    ],
)
def test_gaps_and_floods_are_marked(rows, marks):
    found = weeks(rows)
    assert {n: week.mark for n, week in enumerate(found) if week.mark} == marks
    drawn = render(page_with(weeks={"orders": found}))
    assert drawn.count("<rect") == len(chart(found).bars) == len(rows)
    assert drawn.count('<rect class="gap"') == list(marks.values()).count("gap")


def finding(code, severity, count):
    return Finding(code, f"Title of {code}", severity, "orders", count, 100, ())


def test_the_worst_findings_are_the_severest_and_then_the_largest():
    found = [
        finding("a", "note", 90),
        finding("b", "warning", 2),
        finding("c", "error", 1),
        finding("d", "warning", 50),
    ]
    assert [f.code for f in worst(found)] == ["c", "d", "b"]


def test_the_message_of_an_ingest_ends_with_the_worst_findings_and_the_report(write_shop, tmp_path):
    source = write_shop("A1,ann,2024-01-05,mug,1,2,,sale\nA2,ann,1901-01-05,mug,1,0,,sale\n")
    result = ingest_step(Workspace(tmp_path / "home"), str(source.folder), "", None)
    lines = result["message"].splitlines()
    assert lines[1].startswith("  error: Rows dated before 1970 (1 in orders)")
    assert 2 < len(lines) <= 5
    assert lines[-1].endswith(result["report"])
    assert result["report"].endswith("audit.html")
