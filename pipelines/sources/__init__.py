"""Sources: a folder of SELECTs that turn a shop's own files into canonical tables.

A source is ``source.toml`` and one ``<table>.sql`` for each canonical table it can fill (``features.tables.TABLES``)::

    name = "my_shop"
    title = "My shop, exported nightly"
    timezone = "Europe/London"          # of every time that does not carry its own offset
    currency = "GBP"
    raw = "raw"                         # folder of the raw files, beside source.toml; ``--raw`` overrides it
    pseudonymise = false                # true: customer ids are stored as keyed hashes
    time_formats = ["%d/%m/%Y %H:%M"]   # tried, in order, on text that is not ISO 8601
    zero_price = "reject"               # or "keep": lines given away count as purchases

    [files]                             # a view for each alias; the first pattern that matches a file is taken
    orders_raw = "orders-*.csv"
    articles = ["articles.parquet", "articles.csv"]

    [csv]                               # only if it is not the header's most frequent of , ; tab | and UTF-8
    delimiter = ";"
    encoding = "latin-1"

    [not_products]                      # order lines that are no goods; ids compare without regard to case
    ids = ["POST", "BANK CHARGES"]
    patterns = ["gift_\\\\d+"]          # regular expressions that match the whole product id

What a ``<table>.sql`` returns
------------------------------
One SELECT in DuckDB's dialect over the aliases (every column of a CSV file is text; Parquet and JSON keep their types).

- **Columns are canonical columns, by name.** A missing nullable column is filled with NULL; a missing required column
  and an unknown column are refused by name. ``attr_*`` columns of ``customers`` are taken along.
- **Text is welcome anywhere.** Return a date, number or boolean as the text it is in the file: do not parse it in SQL
  (``TRY_CAST`` would turn a bad value into NULL and lose it). Ingest casts; a row whose text is not blank and cannot be
  read goes to ``rejects/<table>.parquet`` with reason ``unreadable_<column>`` and its original text.
  Infinity and the text ``nan`` are unreadable numbers; NaN in a number column is NULL, as pandas writes it.
  A TRY_CAST in SQL is right where an unreadable value should simply be absent.
- **Times** may be text (ISO 8601, or ``time_formats``), DATE or TIMESTAMP: all are local times of ``timezone``;
  text with an offset (``Z``, ``+02:00``) and TIMESTAMPTZ are instants. Canonical tables hold UTC.
- **Blank text is NULL**; spaces around text are trimmed and counted. A NULL in a required column rejects the row:
  ``missing_<column>``.
- **kind** of an order line is ``'sale'`` or ``'return'``. A return may carry its quantity negative or positive; it is
  stored positive. Ingest matches a return to its sale unless the SELECT gives ``original_order_id``.
- **source_*** columns (any name with that prefix) are kept in the rejects only, so that a person recognises the row;
  they take part in telling exact duplicates, and are left out when customer ids are pseudonymised.

Reasons of rejected rows, first that holds: ``missing_<column>``, ``unreadable_<column>``, ``unknown_kind``,
``before_1970``, ``in_the_future`` (``at`` not before the present: the caller's ``as_known``, else the clock),
``not_a_product``, ``price_not_positive``, ``negative_discount``, ``quantity_not_positive``, ``discount_above_amount``,
then ``duplicate_key`` (customers, products: one row a key). Exact duplicates of rows that pass are dropped and counted.
An unknown product or an outlying price is a finding of the audit, no reason to reject.
"""

from pipelines.sources.source import Source, load_source, shipped_sources

__all__ = ["Source", "load_source", "shipped_sources"]
