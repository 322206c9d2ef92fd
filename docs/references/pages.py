"""Which reference pages there are, and what writes each."""

from pathlib import Path

from docs.references.commands import commands_page
from docs.references.errors import errors_page
from docs.references.http import http_page
from docs.references.keys import source_page, studies_page
from docs.references.tables import tables_page

FOLDER = Path(__file__).resolve().parents[1]

PAGES = {
    "commands.md": commands_page,
    "studies.md": studies_page,
    "source-toml.md": source_page,
    "tables.md": tables_page,
    "http.md": http_page,
    "errors.md": errors_page,
}
