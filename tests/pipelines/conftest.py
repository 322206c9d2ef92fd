"""Small shops written by hand, for the tests of sources, audit and ingest."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest import canonical, publication
from pipelines.sources import Source, load_source

HEADER = "order_no,customer,when,sku,qty,price,discount,kind\n"
LINES = """\
A1,ann,2024-01-05 10:00,mug,2,4.50,,sale
A1,ann,2024-01-05 10:00,pot,1,20,1.5,sale
A2,bob,2024-02-01 09:30,mug,1,4.50,,sale
"""
ORDERS_SQL = """
SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity,
       price AS unit_price, discount, kind
FROM lines;  -- one row an order line
"""

WriteShop = Callable[..., Source]


@pytest.fixture
def write_shop(tmp_path: Path) -> WriteShop:
    """Write a source folder with its raw file and load it; keyword arguments are further keys of source.toml."""

    def write(
        lines: str = LINES, header: str = HEADER, sql: Mapping[str, str] | None = None, name: str = "shop", **keys: Any
    ) -> Source:
        folder = tmp_path / name
        (folder / "raw").mkdir(parents=True, exist_ok=True)
        (folder / "raw" / "lines.csv").write_text(header + lines, encoding="utf-8")
        for table, text in (sql or {"orders": ORDERS_SQL}).items():
            (folder / f"{table}.sql").write_text(text, encoding="utf-8")
        (folder / "source.toml").write_text(_toml(name, keys), encoding="utf-8")
        return load_source(folder)

    return write


@pytest.fixture
def unaudited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ingest without the audit, which takes most of the time of a small one and has tests of its own."""
    monkeypatch.setattr(canonical, "run_audit", lambda *_: [])
    monkeypatch.setattr(publication, "write_audit", lambda *_: None)


def _toml(name: str, keys: Mapping[str, Any]) -> str:
    """JSON values are TOML values; a dict becomes a section."""
    plain = {"name": name, "title": "A shop"} | {key: v for key, v in keys.items() if not isinstance(v, dict)}
    sections = {"files": {"lines": "lines.csv"}} | {key: v for key, v in keys.items() if isinstance(v, dict)}
    text = "".join(f"{key} = {_value(value)}\n" for key, value in plain.items())
    for section, values in sections.items():
        text += f"[{section}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in values.items())
    return text


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    return json.dumps(value)
