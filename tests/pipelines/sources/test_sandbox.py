"""A SELECT reads the aliases of its source and nothing else; whatever else it tries is refused by name."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from features.errors import BadTable
from pipelines.sources.sandbox import confine, look_through


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        yield con


@pytest.mark.parametrize(
    "query",
    [
        "FROM lines",
        "WITH old AS (FROM LINES) SELECT * FROM old JOIN other USING (id)",
        "WITH RECURSIVE up AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 3) FROM up, lines",
        "SELECT (SELECT max(id) FROM other) FROM lines, unnest([1, 2])",
        "FROM (PIVOT lines ON kind IN ('a', 'b') USING sum(n))",
        "SELECT list_transform([1], lambda x: x + 1) FROM lines UNION ALL FROM other",
    ],
)
def test_aliases_and_what_is_made_of_them_are_read(con, query):
    assert "lines" in look_through(con, "orders.sql", query, ["lines", "other"]).aliases


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("FROM '/etc/passwd'", "no alias '/etc/passwd'"),
        ("FROM 'https://example.org/a.csv'", r"https://example\.org/a\.csv"),
        ("FROM line", r"no alias 'line': \[files\] of source\.toml has lines, other"),
        ("FROM raw.lines", r"raw\.lines"),
        ("FROM information_schema.tables", r"information_schema\.tables"),
        ("FROM sqlite_master", "sqlite_master"),
        ("FROM read_csv('raw/lines.csv')", r"read_csv\(\)"),
        ("SELECT (SELECT content FROM read_text('/etc/passwd')) FROM lines", r"read_text\(\)"),
        ("FROM lines WHERE id IN (SELECT file FROM glob('/home/*'))", r"glob\(\)"),
        ("FROM query('FROM lines')", r"query\(\)"),
        ("FROM duckdb_settings()", r"duckdb_settings\(\)"),
        ("SELECT getenv('HOME') FROM lines", r"getenv\(\)"),
        ("SELECT nextval('s') FROM lines", r"nextval\(\)"),
        ("SELECT PSEUDONYM(id) FROM lines", r"pseudonym\(\)"),
        ("FROM (DESCRIBE lines)", "DESCRIBE"),
        ("WITH gone AS (DELETE FROM lines RETURNING *) FROM gone", "DELETE_QUERY_NODE"),
        ("WITH new AS (INSERT INTO lines VALUES (1) RETURNING *) FROM new", "INSERT_QUERY_NODE"),
        # A name is known only where its WITH query can be seen.
        ("FROM (WITH kept AS (FROM lines) FROM kept) JOIN kept USING (id)", "no alias 'kept'"),
        ("WITH a AS (FROM '/etc/passwd'), \"/etc/passwd\" AS (SELECT 1) FROM a", "/etc/passwd"),
        ("WITH raw AS (SELECT 1) FROM raw.lines", r"raw\.lines"),
        ("WITH sqlite_master AS (FROM sqlite_master) FROM sqlite_master", "no alias 'sqlite_master'"),
        ("COPY lines TO 'x.csv'", "Only SELECT"),
    ],
)
def test_anything_else_is_refused_by_its_name(con, query, named):
    with pytest.raises(BadTable, match=named) as error:
        look_through(con, "orders.sql", query, ["lines", "other"])
    assert str(error.value).startswith("orders.sql ")


@pytest.mark.parametrize(
    "statement",
    [
        "FROM read_text('{folder}/secret.csv')",
        "FROM '{folder}/secret.csv'",
        "FROM '{folder}/own/../secret.csv'",
        "FROM read_csv('https://example.org/a.csv')",
        "COPY (SELECT 1) TO '{folder}/written.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET autoload_known_extensions = true",
        "SET threads = 1",
        "FROM of_python",
    ],
)
def test_duckdb_itself_is_confined_to_the_files_of_the_ingest(tmp_path, statement):
    (tmp_path / "secret.csv").write_text("x\n1\n", encoding="utf-8")
    (tmp_path / "lines.csv").write_text("x\n2\n", encoding="utf-8")
    (tmp_path / "own").mkdir()
    of_python = pa.table({"x": [1]})  # noqa: F841 - DuckDB finds it in this frame by its name
    assert duckdb.sql("FROM of_python").fetchall() == [(1,)]
    with duckdb.connect() as con:
        confine(con, [tmp_path / "lines.csv"], [tmp_path / "own"])
        assert con.execute(f"FROM '{tmp_path}/lines.csv'").fetchall() == [(2,)]
        con.execute(f"COPY (SELECT 1) TO '{tmp_path}/own/out.csv'")
        assert con.execute("SELECT current_setting('autoload_known_extensions')").fetchall() == [(False,)]
        with pytest.raises(duckdb.Error):
            con.execute(statement.format(folder=tmp_path))
    assert not (tmp_path / "written.csv").exists()


def test_a_file_of_the_ingest_is_reached_however_its_path_is_spelt(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "lines.csv").write_text("x\n2\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as con:
        confine(con, [Path("link/lines.csv")], [])
        for spelt in ("link/lines.csv", tmp_path / "link" / "lines.csv", tmp_path / "real" / "lines.csv"):
            assert con.execute(f"FROM '{spelt}'").fetchall() == [(2,)]


def test_a_source_whose_select_reads_more_than_it_names_is_refused(write_shop, staged, tmp_path):
    (tmp_path / "secret.csv").write_text("x\n1\n", encoding="utf-8")
    source = write_shop(sql={"orders": f"SELECT x AS order_id FROM read_csv('{tmp_path}/secret.csv')"})
    with pytest.raises(BadTable, match=r"orders\.sql of shop calls read_csv\(\).*\[files\]"):
        staged(source)
