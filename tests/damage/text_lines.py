"""Lines of a text file: what a record may look like, and what is none."""

import random

from tests.damage.shop import Input, Line, clean_lines, kind
from tests.damage.written import Record, Style, any_style, changed, few_lines, inserted, one_file, some, whole

HEADER_COUNT = 7


def bad_cells(number: int) -> list[str]:
    """Cells of a record that must not be kept, whatever is made of it."""
    return [f"BAD{number}", "nobody", "2024-02-03 04:05:06", "mug", "2", "4.50", "0.25"]


def quoting_little(rng: random.Random) -> Style:
    """A style in which only cells that need it are quoted."""
    style = any_style(rng)
    return Style(style.delimiter, False, style.newlines, style.ended, style.packing)


@kind("more fields than the header")
def too_many_fields(rng: random.Random) -> Input:
    style = any_style(rng)

    def make(number: int) -> Record:
        cells = bad_cells(number)
        for _ in range(rng.randint(1, 3)):
            cells.insert(rng.randint(1, len(cells)), "7")
        return Record(style.row(cells), reason="too_many_fields")

    return one_file(rng, inserted(rng, few_lines(rng, style), some(rng, make)), style)


@kind("decimal comma without quotes in a comma file")
def decimal_comma_unquoted(rng: random.Random) -> Input:
    style = Style(",", False, ("\r\n",))

    def make(number: int) -> Record:
        return Record(",".join([*bad_cells(number)[:5], "4,50", "0,25"]), reason="too_many_fields")

    return one_file(rng, inserted(rng, few_lines(rng, style), some(rng, make)), style)


@kind("quote that never ends")
def open_quote(rng: random.Random) -> Input:
    """Where all values are quoted, the next value's quote seems to end it, and text follows."""
    style = any_style(rng)

    def make(number: int) -> Record:
        cells = [style.cell(cell) for cell in bad_cells(number)]
        place = rng.randrange(1, len(cells))
        cells[place] = '"' + bad_cells(number)[place]
        seems_ended = style.quote_all and place < len(cells) - 1
        return Record(style.delimiter.join(cells), reason="stray_quote" if seems_ended else "unclosed_quote")

    return one_file(rng, inserted(rng, few_lines(rng, style), some(rng, make, 1)), style)


@kind("text after a quoted value")
def text_after_quote(rng: random.Random) -> Input:
    style = any_style(rng)

    def make(number: int) -> Record:
        cells = [style.cell(cell) for cell in bad_cells(number)]
        cells[3] = rng.choice(['"5" pipe"', '"mug" ', '"a"b'])
        return Record(style.delimiter.join(cells), reason="stray_quote")

    return one_file(rng, inserted(rng, few_lines(rng, style), some(rng, make)), style)


@kind("quote that opens in one line and closes some rows later")
def swallowing_quote(rng: random.Random) -> Input:
    """The first line is refused; the others are rows, and in the last of them the quote is a character."""
    style = quoting_little(rng)
    lines = clean_lines(rng)
    ending = Line(**{**vars(lines[-1]), "product_id": 'Ruler 12"'})
    begins = bad_cells(0)
    begins[3] = '"Set'
    place = rng.randint(1, len(lines) - 2)
    records = whole(lines[:-1], style)
    last = Record(style.delimiter.join(ending.cells()), ending, repaired=True)
    records.insert(place, Record(style.delimiter.join(begins), reason="unclosed_quote"))
    records.insert(rng.randint(place + 2, len(records)), last)
    return one_file(rng, records, style)


@kind("quoted value with the delimiters of a whole row")
def row_in_a_value(rng: random.Random) -> Input:
    style = any_style(rng)

    def change(line: Line) -> Record:
        named = Line(**{**vars(line), "product_id": style.delimiter.join(bad_cells(1))})
        return Record(style.row(named.cells()), named)

    return one_file(rng, changed(rng, few_lines(rng, style), change), style)


@kind("quoted value of several lines")
def value_of_lines(rng: random.Random) -> Input:
    style = any_style(rng)
    texts = ["two\nlines", 'says "hello",\nleaves', f"a{style.delimiter}b\n\nc", "ends\n"]

    def change(line: Line) -> Record:
        text = rng.choice(texts)
        named = Line(**{**vars(line), "product_id": text.strip()})
        return Record(style.row([*line.cells()[:3], text, *line.cells()[4:]]), named)

    return one_file(rng, changed(rng, few_lines(rng, style), change), style)


@kind("quotes within a value")
def quotes_within(rng: random.Random) -> Input:
    style = any_style(rng)

    def change(line: Line) -> Record:
        named = Line(**{**vars(line), "product_id": rng.choice(['the "big" pot', '"', '5" pipe', '""x""'])})
        return Record(style.row(named.cells()), named)

    return one_file(rng, changed(rng, few_lines(rng, style), change), style)


@kind("bytes that are no text")
def invalid_bytes(rng: random.Random) -> Input:
    """Beside a letter that says that the file is UTF-8."""
    style = any_style(rng)

    def make(number: int) -> Record:
        cells = bad_cells(number)
        cells[rng.randrange(1, 7)] += rng.choice(["\udcff", "\udce9", "\udcc3", "\udced\udca0\udc80"])
        return Record(style.row(cells), reason="invalid_bytes")

    def change(line: Line) -> Record:
        named = Line(**{**vars(line), "product_id": rng.choice(["café", "thé €", "чай"])})
        return Record(style.row(named.cells()), named)

    records = changed(rng, few_lines(rng, style), change)
    return one_file(rng, inserted(rng, records, some(rng, make)), style)


@kind("zero bytes")
def zero_bytes(rng: random.Random) -> Input:
    style = any_style(rng)

    def make(number: int) -> Record:
        cells = bad_cells(number)
        cells[rng.randrange(7)] += "\0"
        return Record(style.row(cells), reason="invalid_bytes")

    return one_file(rng, inserted(rng, few_lines(rng, style), some(rng, make)), style)


@kind("line longer than a megabyte")
def long_line(rng: random.Random) -> Input:
    style = any_style(rng)
    cells = bad_cells(0)
    cells[3] = "x" * rng.randint(1_000_001, 1_500_000)
    return one_file(
        rng, inserted(rng, few_lines(rng, style), [Record(style.row(cells), reason="line_too_long")]), style
    )


@kind("blank lines, and blank cells beyond the header")
def blanks(rng: random.Random) -> Input:
    style = any_style(rng)

    def change(line: Line) -> Record:
        tail = rng.choice([style.delimiter, style.delimiter * 3, f"{style.delimiter} "])
        return Record(style.row(line.cells()) + tail, line, repaired=True)

    records = changed(rng, few_lines(rng, style), change)
    return one_file(rng, inserted(rng, records, some(rng, lambda _: Record(rng.choice(["", " ", "\t "])))), style)


@kind("blank cells left out at the end")
def short_rows(rng: random.Random) -> Input:
    style = any_style(rng)

    def change(line: Line) -> Record:
        bare = Line(**{**vars(line), "discount": None})
        return Record(style.row(bare.cells()[:-1]), bare, repaired=True)

    return one_file(rng, changed(rng, few_lines(rng, style), change), style)


@kind("a row cut in the middle")
def cut_row(rng: random.Random) -> Input:
    """Whatever is left of it lacks values that no row can do without."""
    style = any_style(rng)

    def make(number: int) -> Record:
        return Record(style.row(bad_cells(number)[: rng.randint(2, 5)]), reason="", in_values=True)

    return one_file(rng, inserted(rng, few_lines(rng, style), some(rng, make)), style)


@kind("comment lines")
def comments(rng: random.Random) -> Input:
    style = any_style(rng)
    made = [Record(f"# exported{style.delimiter}by the till"), Record("#"), Record('# "')]
    top = rng.choice([(), ("# sales",)])
    return one_file(rng, inserted(rng, few_lines(rng, style), made), style, top=top, keys={"csv": {"comment": "#"}})


@kind("spaces around values")
def stray_spaces(rng: random.Random) -> Input:
    style = any_style(rng)

    def change(line: Line) -> Record:
        around = [rng.choice(["{}", " {}", "{}  ", "\u00a0{} "]).format(cell) for cell in line.cells()]
        return Record(style.row(around), line, repaired=around != line.cells())

    return one_file(rng, changed(rng, few_lines(rng, style), change), style)


@kind("line ends of an old Macintosh within a file of others")
def lone_returns(rng: random.Random) -> Input:
    """Two rows that only a carriage return separates, in one line of the file."""
    style = Style(rng.choice(",;|"), False, ("\n",))
    lines = clean_lines(rng)
    text, begun = [], 0
    while begun < len(lines):
        n = rng.choice([1, 1, 2]) if begun else 1
        text.append([style.row(line.cells()) for line in lines[begun : begun + n]])
        begun += n
    given = one_file(rng, [Record("\r".join(rows)) for rows in text], style)
    repaired = sum(len(rows) for rows in text if len(rows) > 1)
    return Input(given.deliveries, kept=lines, repaired=repaired)


@kind("values that cannot be")
def bad_values(rng: random.Random) -> Input:
    style = any_style(rng)
    wrong = [
        (0, "", "missing_order_id"), (1, " ", "missing_customer_id"), (2, "", "missing_at"),
        (2, "2024-02-30 10:00", "unreadable_at"), (2, "yesterday", "unreadable_at"), (2, "1970-01-01", "before_1970"),
        (2, "2999-01-01", "in_the_future"), (4, "two", "unreadable_quantity"), (4, "0", "quantity_not_positive"),
        (5, "1e999", "unreadable_unit_price"), (5, "-4", "price_not_positive"), (6, "10%", "unreadable_discount"),
        (6, "-1", "negative_discount"), (6, "9.01", "discount_above_amount"),
    ]  # fmt: skip
    chosen = rng.sample(wrong, 5)

    def make(number: int) -> Record:
        place, text, reason = chosen[number]
        cells = bad_cells(number)
        cells[place] = text
        return Record(style.row(cells), reason=reason, in_values=True)

    return one_file(rng, inserted(rng, few_lines(rng, style), some(rng, make, len(chosen))), style)


@kind("lines that come twice")
def copies(rng: random.Random) -> Input:
    style = any_style(rng)
    records = few_lines(rng, style)
    again = [Record(record.text, copy=True) for record in rng.sample(records, 3)]
    return one_file(rng, inserted(rng, records, again), style)


@kind("equal lines that are units")
def units(rng: random.Random) -> Input:
    style = any_style(rng)
    records = few_lines(rng, style)
    again = [Record(record.text, record.line) for record in rng.sample(records, 3)]
    return one_file(rng, inserted(rng, records, again), style, keys={"repeated_lines": "units"})


@kind("words for nothing")
def null_words(rng: random.Random) -> Input:
    style = any_style(rng)

    def change(line: Line) -> Record:
        bare = Line(**{**vars(line), "discount": None})
        return Record(style.row([*line.cells()[:-1], rng.choice(["NULL", "n/a"])]), bare, repaired=True)

    records = changed(rng, few_lines(rng, style), change)
    return one_file(rng, records, style, keys={"csv": {"null": ["NULL", "n/a"]}})


@kind("several kinds of bad lines in one file")
def mixture(rng: random.Random) -> Input:
    style = any_style(rng)
    cells = bad_cells(0)
    bad = [
        Record(style.row([*cells, "1"]), reason="too_many_fields"),
        Record(style.delimiter.join([*map(style.cell, cells[:3]), '"a"b', *map(style.cell, cells[4:])]),
               reason="stray_quote"),
        Record(style.row([*cells[:3], "a\0b", *cells[4:]]), reason="invalid_bytes"),
        Record(style.row([*cells[:2], "yesterday", *cells[3:]]), reason="unreadable_at", in_values=True),
        Record(""),
    ]  # fmt: skip
    return one_file(rng, inserted(rng, few_lines(rng, style), bad), style)
