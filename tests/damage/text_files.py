"""What a text file is: encoding, line ends, what stands above its rows, how it is packed, and what lies beside it."""

import gzip
import io
import random
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.damage.shop import HEADER, Input, Line, clean_lines, kind
from tests.damage.text_lines import quoting_little
from tests.damage.written import Record, any_style, body, fates, few_lines, one_file, whole

WESTERN = ("café", "thé 5€", "Grüße", "señor", "naïve – “x”")


def named(rng: random.Random, lines: Sequence[Line], words: Sequence[str]) -> list[Line]:
    """The lines, each of a product with one of these names."""
    return [replace(line, product_id=rng.choice(words)) for line in lines]


@kind("byte-order mark")
def byte_order_mark(rng: random.Random) -> Input:
    style = any_style(rng)
    lines = named(rng, clean_lines(rng), WESTERN)
    return one_file(rng, whole(lines, style), style, encoding=rng.choice(["utf-8-sig", "utf-16", "utf-32"]))


@kind("UTF-16 without a byte-order mark")
def utf16(rng: random.Random) -> Input:
    style = any_style(rng)
    lines = named(rng, clean_lines(rng), WESTERN)
    return one_file(rng, whole(lines, style), style, encoding=rng.choice(["utf-16-le", "utf-16-be"]))


@kind("cp1252 that nobody declared")
def cp1252_guessed(rng: random.Random) -> Input:
    style = any_style(rng)
    lines = named(rng, clean_lines(rng), WESTERN)
    findings = frozenset({"any.guessed_encoding"})
    return one_file(rng, whole(lines, style), style, encoding="cp1252", findings=findings)


@kind("an encoding by one of its names")
def declared_encoding(rng: random.Random) -> Input:
    style = any_style(rng)
    name, encoding, words = rng.choice(
        [("latin-1", "cp1252", WESTERN), ("windows-1252", "cp1252", WESTERN), ("cp1250", "cp1250", ("žluťoučký", "ő")),
         ("ISO-8859-1", "latin-1", WESTERN[:1]), ("mac-roman", "mac-roman", WESTERN), ("cp1251", "cp1251", ("чай",))]
    )  # fmt: skip
    lines = named(rng, clean_lines(rng), words)
    return one_file(rng, whole(lines, style), style, encoding=encoding, keys={"csv": {"encoding": name}})


@kind("another alphabet that nobody declared")
def foreign_alphabet(rng: random.Random) -> Input:
    """Nothing is guessed: its lines are refused, the others are kept."""
    style = any_style(rng)
    records = few_lines(rng, style)
    foreign = [Record(style.row(["BAD", "чай", *record.line.cells()[2:]]), reason="invalid_bytes")
               for record in records[::5] if record.line]  # fmt: skip
    return one_file(rng, [*records, *foreign], style, encoding="cp1251")


@kind("sep= in the first line")
def sep_line(rng: random.Random) -> Input:
    style = any_style(rng)
    return one_file(rng, few_lines(rng, style), style, top=[f"sep={style.delimiter}"])


@kind("titles above the header")
def titles(rng: random.Random) -> Input:
    style = any_style(rng)
    title = rng.choice(["Sales report", f"Report{style.delimiter}2024", "Exported 2024-01-05"])
    top = [title, *[""] * rng.randint(0, 2)]
    keys = rng.choice([{}, {"csv": {"skip": len(top)}}])
    return one_file(rng, few_lines(rng, style), style, top=top, keys=keys)


@kind("lines that end in several ways")
def mixed_newlines(rng: random.Random) -> Input:
    style = replace(any_style(rng), newlines=("\n", "\r\n"))
    return one_file(rng, few_lines(rng, style), style)


@kind("line ends of an old Macintosh")
def old_newlines(rng: random.Random) -> Input:
    style = replace(quoting_little(rng), newlines=("\r",))
    return one_file(rng, few_lines(rng, style), style)


@kind("no header")
def no_header(rng: random.Random) -> Input:
    style = any_style(rng)
    columns = ", ".join(f"column{place} AS {name}" for place, name in enumerate(HEADER[:2]))
    select = f"""WITH named AS (SELECT {columns}, column2 AS "when", column3 AS sku, column4 AS qty, column5 AS price,
        column6 AS discount FROM lines) SELECT order_no AS order_id, customer AS customer_id, "when" AS "at",
        sku AS product_id, qty AS quantity, price AS unit_price, discount, 'sale' AS kind FROM named"""
    keys = rng.choice([{}, {"csv": {"header": False}}])
    return one_file(rng, few_lines(rng, style), style, header=None, keys=keys, sql={"orders": select})


@kind("names in the header with spaces, quotes, other letters")
def odd_header(rng: random.Random) -> Input:
    style = any_style(rng)
    header = [rng.choice([name, f" {name} ", name.upper(), name.title()]) for name in HEADER]
    return one_file(rng, few_lines(rng, style), style, header=header)


@kind("columns without a name, or with one twice")
def nameless_columns(rng: random.Random) -> Input:
    style = any_style(rng)
    lines = clean_lines(rng)
    records = [Record(style.row([*line.cells(), "x", line.cells()[3]]), line) for line in lines]
    return one_file(rng, records, style, header=[*HEADER, "", rng.choice(["sku", "SKU"])])


@kind("packed files, several in one")
def packed_files(rng: random.Random) -> Input:
    style = replace(any_style(rng), packing="")
    groups = [few_lines(rng, style) for _ in range(3)]
    texts = [body(rng, records, style, [style.row(HEADER)])[0].encode() for records in groups]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])) as archive:
        archive.writestr("2024/january.csv", texts[0])
        archive.writestr("february.csv", texts[1])
        archive.writestr("__MACOSX/._february.csv", b"\0\5\x16\7")
    files = {"lines.csv.zip": out.getvalue(), "lines-3.csv.gz": gzip.compress(texts[2], mtime=0)}
    return Input([files], **fates([record for records in groups for record in records]))


@kind("hidden files and locks beside the files")
def hidden_files(rng: random.Random) -> Input:
    style = replace(any_style(rng), packing="")
    given = one_file(rng, few_lines(rng, style), style)
    beside = {"._lines.csv": b"\0\5\x16\7 junk", "~$lines.csv": b"\5lock", ".DS_Store": b"\0\0\0\1Bud1"}
    return replace(given, deliveries=[{**given.deliveries[0], **beside}], pattern="*")


@kind("files that are each written in another way")
def unlike_files(rng: random.Random) -> Input:
    """Another delimiter, another order of columns, one column more or less."""
    files, kept = {}, []
    for number in range(4):
        style, lines = replace(any_style(rng), packing=""), clean_lines(rng)
        order = rng.sample(range(7), 7)
        dropped = rng.random() < 0.4
        if dropped:
            lines = [replace(line, discount=None) for line in lines]
            order.remove(6)
        header = [*(HEADER[place] for place in order), "extra"]
        rows = [Record(style.row([*(line.cells()[place] for place in order), "x"]), line) for line in lines]
        text, _ = body(rng, rows, style, [style.row(header)])
        files[f"lines-{number}.csv"] = text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))
        kept += lines
    return Input([files], kept=kept)


@kind("empty files among others")
def empty_files(rng: random.Random) -> Input:
    style = replace(any_style(rng), packing="")
    given = one_file(rng, few_lines(rng, style), style)
    header = style.row(HEADER).encode()
    empty = {"lines-2.csv": b"", "lines-3.csv": header + b"\n", "lines-4.csv": header}
    return replace(given, deliveries=[{**given.deliveries[0], **empty}])


def refused(files: Mapping[str, bytes], *texts: str) -> Input:
    """An input that must be refused in one sentence with these texts."""
    return Input([files], refused=texts)


def _content(rng: random.Random) -> bytes:
    style = replace(any_style(rng), packing="")
    return body(rng, whole(clean_lines(rng, 400), style), style, [style.row(HEADER)])[0].encode()


@kind("gzip cut short")
def gzip_cut(rng: random.Random) -> Input:
    content = gzip.compress(_content(rng), mtime=0)
    return refused({"lines.csv.gz": content[: rng.randint(20, len(content) - 1)]}, "lines.csv.gz ends early", "again")


@kind("gzip that is none")
def gzip_fake(rng: random.Random) -> Input:
    return refused({"lines.csv.gz": _content(rng)}, "lines.csv.gz is no gzip file", "rename it to lines.csv")


@kind("gzip with damage inside")
def gzip_damaged(rng: random.Random) -> Input:
    content = bytearray(gzip.compress(_content(rng), mtime=0))
    place = rng.randint(len(content) // 3, len(content) - 9)
    content[place : place + 4] = bytes(255 - byte for byte in content[place : place + 4])
    return refused({"lines.csv.gz": bytes(content)}, "lines.csv.gz", "again")


@kind("zip cut short, or none")
def zip_damaged(rng: random.Random) -> Input:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lines.csv", _content(rng))
    whole_file = out.getvalue()
    content = rng.choice([whole_file[: rng.randint(40, len(whole_file) - 1)], _content(rng)])
    return refused({"lines.zip": content}, "lines.zip", "copy or export it again" if content[:2] == b"PK" else "rename")


@kind("nothing but empty files")
def nothing(rng: random.Random) -> Input:
    return refused({f"lines-{number}.csv": b"" for number in range(rng.randint(1, 3))}, "is empty (0 bytes)")


@kind("files of a kind that cannot be read")
def unknown_ending(rng: random.Random) -> Input:
    ending = rng.choice([".docx", ".pdf", "", ".xls2"])
    return refused({f"lines{ending}": _content(rng)}, "cannot tell how to read lines")


@kind("no line that is a row")
def no_rows(rng: random.Random) -> Input:
    """As many fields in the header as in no line."""
    style = replace(any_style(rng), packing="")
    rows = [style.row([*line.cells(), "7"]) for line in clean_lines(rng)]
    header = style.row(HEADER)
    keys = {"csv": {"skip": 0}}
    given = refused({"lines.csv": "\n".join([header, *rows]).encode()}, "lines.csv: no line after line 1 is a row")
    return replace(given, keys=keys)
