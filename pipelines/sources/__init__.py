"""Sources: a folder of SELECTs that turn a shop's own files into canonical tables.

A source is ``source.toml`` and one ``<table>.sql`` for each canonical table it can fill (``features.tables.TABLES``)::

    name = "my_shop"
    title = "My shop, exported nightly"
    timezone = "Europe/London"          # of every time that does not carry its own offset
    currency = "GBP"
    raw = "raw"                         # folder of the raw files, beside source.toml; ``--raw`` overrides it
    known_all_along = ["country"]       # attributes without known_at that were true from the first day; "*": all
    pseudonymise = false                # true: customer ids are stored as keyed hashes
    time_formats = ["%d/%m/%Y %H:%M"]   # tried, in order, on text that is not ISO 8601
    zero_price = "reject"               # or "keep": lines given away count as purchases
    late_after_days = 2                 # a row of a later file is late if it happened longer before the file came
    repeated_lines = "once"             # or "units": equal order lines of one file are as many units, not copies

    [files]                             # a view for each alias; the first pattern that matches a file is taken
    orders_raw = "orders-*.csv"         # with wildcards: deliveries; without: a full export, written anew each time
    articles = ["articles.parquet", "articles.csv"]

    [csv]                               # found for each file by itself; what is set here holds for all
    delimiter = ";"                     # one character
    encoding = "cp1252"                 # any name that Python knows
    skip = 2                            # lines before the header
    header = false                      # there is none: the columns are column0, column1, ...
    comment = "#"                       # lines that begin with it are none
    null = ["NA", "-"]                  # texts that mean nothing, beside the empty one
    decimal = ","                       # 1.234,50: a dot or a space may stand between thousands
    thousands = "'"                     # only if something else does

    [times]                             # columns that count since 1970, or have a format of their own
    at = "epoch_ms"                     # or epoch_s, epoch_us, epoch_ns
    "customers.signed_up_at" = "%d/%m/%Y"

    [sheets]                            # of workbooks with more than one (.xlsx, .xls, .ods)
    articles = "Catalogue 2024"

    [optional_files]                    # exports that may be missing: no rows then, and these columns
    articles = ["sku", "name"]

    [optional_columns]                  # columns that the files of an alias may lack: they are empty then
    orders_raw = ["Discount"]

    [database]                          # beside [files] or instead of it; it is only read
    url = "postgresql://reader:${SHOP_PASSWORD}@db/shop"    # or sqlite:///shop.db, duckdb:///shop.duckdb (below raw)
    tables = { returns_raw = "sales.returns" }              # aliases of tables; others are called by their own name

    [not_products]                      # order lines that are no goods; ids compare without regard to case
    ids = ["POST", "BANK CHARGES"]
    patterns = ["gift_\\\\d+"]          # regular expressions that match the whole product id

    [profiles]                          # where identities.sql links ids that have profiles of their own
    conflicts = "newest"                # each attribute's newest value; or "main": what the main id says, if it does

    [corrections]                       # columns by which a row known later replaces those known before
    orders = ["order_id", "kind"]       # all lines of an order at once
    subscriptions = ["customer_id", "plan", "started_at"]

    [attributes]                        # what attr_* columns of customers mean; nothing reads the others
    hobby = "level"                     # a label that many customers share
    size = "ordered: small, middle, large"
    age_band = "protected ordered: 18-39, 40+"  # no model reads it unless its study names it; or "protected level"

What a ``<table>.sql`` returns
------------------------------
One SELECT in DuckDB's dialect over the aliases. Every scalar of a CSV or JSON file, a workbook or an SQLite table is
its own text; columns of Parquet files, DuckDB and PostgreSQL keep their types where all files agree and DuckDB has
them (:mod:`pipelines.sources.identity`). A SELECT reads these aliases and computes; any other file or table, the
network, extensions, settings and writing are refused by name (:mod:`pipelines.sources.sandbox`).

- **What several tables read in the same way is written once,** in a file ``_<name>.sql`` beside them: a SELECT over the
  aliases, which the others read by that name (:mod:`pipelines.sources.shared_selects`).
- **Columns are canonical columns, by name,** in letters of any case. A missing nullable column is filled with NULL; a
  missing required column and an unknown column are refused by name. ``attr_*`` columns of ``customers`` are taken
  along, ``cell_*`` columns of ``market`` say which cell of the market a row is about.
- **contacts** is a vault: addresses and consent for each channel, opened to reach people and for nothing else. A source
  that fills it cannot be ingested with pseudonyms.
- **Text is welcome anywhere.** Return a date, number or boolean as the text it is in the file: do not parse it in SQL
  (``TRY_CAST`` would turn a bad value into NULL and lose it). Ingest casts; a row whose text is not blank and cannot be
  read goes to ``rejects/<table>.parquet`` with reason ``unreadable_<column>`` and its original text.
  Infinity and the text ``nan`` are unreadable numbers; NaN in a number column is NULL, as pandas writes it.
  A TRY_CAST in SQL is right where an unreadable value should simply be absent.
- **Times** may be text (ISO 8601, or ``time_formats``), DATE or TIMESTAMP: all are local times of ``timezone``;
  text with an offset (``Z``, ``+02:00``, ``-0500``), TIMESTAMPTZ and counts since 1970 (``[times]``, or a column that
  is ``epoch_ms(...)`` or ``make_timestamp(...)`` of one number) are instants. Canonical tables hold UTC. Where clocks
  are put back, a time that comes twice is the later one; where they are put forward, a time that is left out counts an
  hour later.
- **Ids are text.** A whole number becomes text without a decimal point, whatever its type: 12, a double 12.0 and
  ``'12'`` are one id.
- **Blank text is NULL**; spaces around text are trimmed and counted. A NULL in a required column rejects the row:
  ``missing_<column>``.
- **kind** of an order line is one of its levels in ``features.tables``. A return may carry its quantity negative or
  positive; it is stored positive. Ingest matches a return to its sale unless the SELECT gives ``original_order_id``.
- **known_at** says when a row could first be read. Leave it out where rows are known as they happen: ingest dates rows
  that come late by itself (below). In ``customers`` each (customer_id, known_at) is a version of a profile; what it
  leaves empty is filled from the version before.
- **replaced_at** need not be given: ``[corrections]`` sets it. All rows that share the declared columns and a
  ``known_at`` are one version; the next one replaces it. A row with an empty cell in one of them is never replaced.
- **sentiment** of feedback is read from ``text`` where the SELECT gives none (:mod:`features.sentiment`).
- **source_*** columns (any name with that prefix) are stored in the rejects only, so that a person recognises the row;
  they take part in telling exact duplicates, and are left out when customer ids are pseudonymised. The audit looks at
  ``source_currency``: several currencies are a finding.

What comes later
----------------
The files of the first ingest are a backfill: their rows are known when they happened, unless the SELECT says otherwise.
The workspace notes when it first saw each file of a later ingest (:mod:`pipelines.ingest.deliveries`). A row of such a
file that happened more than ``late_after_days`` before gets that instant as ``known_at``, if the SELECT gives none; so
does every row of ``customers`` and ``identities``, which do not say when they came true, and every row that corrects
one of an earlier delivery. Versions that repeat what was known before are dropped.

- A file that grows, or comes again with a correction: the rows that it had before stay known since then, those that
  are new in it came with it, and those that are gone are removed (:mod:`pipelines.ingest.seen_rows`). So do rows of a
  file that is gone in one with a new name. A row is the same if its cells are, whatever their order or the delimiter.
  Of what ``[corrections]`` declares as one version, all is new if a row is.
- The rows of a deleted file are removed. A moved or renamed file stays the same delivery.
- A file that ``coterie erase`` asked to clean of a person stays the same delivery when it is rewritten under its name:
  cleaning makes nothing late. Remove rows only, add none.
- A full export (a pattern without wildcards) takes the place of the one before: none of its rows is late. If no file
  and no row of an earlier delivery is left, everything counts as a backfill again.
- A file of 0 bytes among others is left out. A file whose every row is rejected because it lacks a column, or for one
  column that it writes in another way, is an error that names it. A table without a row is a finding, unless neither
  orders nor events have one.
- Only a table whose SELECT reads one alias row by row (no join, aggregate, window, DISTINCT, ORDER BY, LIMIT, subquery)
  can tell which file a row is from, and is read one file at a time. Any other is read as a whole at every ingest, and
  none of its rows is late: let its SELECT give ``known_at``.
- ``products`` have no ``known_at``: they are what the files say now.

Text files (CSV and its relatives, also in ``.gz`` and ``.zip``) are looked through line by line first
(:mod:`pipelines.sources.text`). What is no row is rejected in every table whose SELECT reads the file, with
``raw_file``, ``raw_line`` and ``raw_text`` (not where ids are pseudonyms): ``too_many_fields``, ``unclosed_quote``,
``stray_quote``, ``invalid_bytes``, ``line_too_long``, and in a JSON file of a line each ``malformed_json``. Blank cells
that are missing or too many at the end of a line are no harm.

Reasons of rejected rows, the first that applies: ``missing_<column>``, ``unreadable_<column>``, ``unknown_kind``,
``before_1970``, ``in_the_future`` (``at`` not before the present: the caller's ``as_known``, else the clock),
``not_a_product``, ``price_not_positive``, ``negative_discount``, ``quantity_not_positive``, ``discount_above_amount``,
``self_link`` (identities), then ``duplicate_key`` (customers, products, identities: one row a key), ``two_customers``
(a link of an alias that was linked to another customer before) and ``cycle`` (the last known link of a ring). Exact
duplicates of rows that pass are dropped and counted; the one that was known first stays. Order lines that a source
counts as ``units`` stay, as often as the file has them that has most of them. Rows refused as in the future come back
with the first ingest after that time, also if no file is new.
Chains of links are flattened as they become known: a -> b, and later b -> c, gives a -> b, then a -> c, and b -> c.
An unknown product or an outlying price is a finding of the audit, no reason to reject.
"""

from pipelines.sources.source import Source, load_source, shipped_sources

__all__ = ["Source", "load_source", "shipped_sources"]
