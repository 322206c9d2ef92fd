"""Finding a source by name or folder, and checking its ``source.toml`` before any data are read."""

import codecs
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePath, PureWindowsPath
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from features.errors import BadConfig, NotFound
from features.past import ACTIVITY
from features.tables import CUSTOMERS, KNOWLEDGE_TIMES, TABLES
from pipelines.sources.attributes import Attributes
from pipelines.sources.databases import check_url
from pipelines.sources.messages import no_times, settings_problems, suggestion
from pipelines.sources.shared_selects import SHARED, with_shared
from pipelines.sources.times import check_declared, check_format

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CONFIG_FILE = "source.toml"

ENCODING_ALIASES = {"ansi": "cp1252", "iso8859-1": "cp1252", "utf-8-sig": "utf-8", "ascii": "utf-8"}
"""Names people write, and codecs that another one includes."""

Alias = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


def check_attribute(name: str) -> str:
    """The name itself; ValueError unless it is a column that ``customers`` can have, or ``*``."""
    if name not in ("*", *CUSTOMERS.column_names) and not CUSTOMERS.is_extra(name):
        raise ValueError(f'{name!r} is no column of customers: name one of them, attr_* included, or "*" for all')
    return name


STRICT = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CsvOptions(BaseModel):
    """What is known of the text files; whatever is not set is found for each file by itself."""

    model_config = STRICT

    delimiter: Annotated[str, Field(pattern=r"^[\x00-\x7f]$")] | None = None
    """One character between fields."""
    encoding: str | None = None
    """Any name that Python knows."""
    skip: int | None = Field(default=None, ge=0, le=10_000)
    """Physical lines before the header, or before the first row."""
    header: bool | None = None
    """False if there is none; the columns are then ``column0``, ``column1``, ..."""
    comment: Annotated[str, Field(min_length=1)] | None = None
    """What a line begins with that is no row."""
    null: str | tuple[str, ...] = ()
    """Texts that stand for nothing, beside the empty one."""
    decimal: Literal[".", ","] | None = None
    """What stands before the decimals of a number; ``.`` if not given."""
    thousands: Literal[".", ",", " ", "'"] | None = None
    """What stands between thousands."""

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, encoding: str | None) -> str | None:
        """The name of Python's codec; latin-1 is read as its superset cp1252, as browsers do."""
        if encoding is None:
            return None
        try:
            name = codecs.lookup(ENCODING_ALIASES.get(encoding.lower(), encoding)).name
            b"".decode(name)
        except LookupError:
            known = "utf-8, utf-16, cp1252 (which Excel writes in western Europe), cp1250, mac-roman"
            raise ValueError(f"{encoding!r} is no encoding: use one of {known}") from None
        return ENCODING_ALIASES.get(name, name)

    @model_validator(mode="after")
    def _differ(self) -> "CsvOptions":
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise ValueError(f"decimal and thousands are both {self.thousands!r}: declare which of them it is")
        return self


class NotProducts(BaseModel):
    """Product ids of order lines that are no goods: postage, fees, vouchers, corrections."""

    model_config = STRICT

    ids: tuple[str, ...] = ()
    """Whole ids, compared without regard to case."""
    patterns: tuple[str, ...] = ()
    """Regular expressions that match the whole id."""

    @field_validator("patterns")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression ({error})") from None
        return patterns


class Profiles(BaseModel):
    """How the profiles of one customer's several ids become one."""

    model_config = STRICT

    conflicts: Literal["newest", "main"] = "newest"
    """Each attribute's newest value, or what the main id says, if it does."""


class Database(BaseModel):
    """A database whose tables the SELECTs may read; it is never written."""

    model_config = STRICT

    url: Annotated[str, AfterValidator(check_url)]
    """``postgresql://``, ``sqlite:///`` or ``duckdb:///``; ``${NAME}`` stands for a variable of the environment."""
    tables: dict[Alias, str] = {}
    """Another name (alias) for some of its tables."""


class SourceConfig(BaseModel):
    """What ``source.toml`` may say."""

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Lower case letters, digits and underscores."""
    title: str
    """For people."""
    files: dict[Alias, str | tuple[str, ...]] = {}
    """Patterns of files below the raw folder, by the alias that SELECTs read. With wildcards: deliveries; without: a
    full export, written anew each time."""
    timezone: str = "UTC"
    """Of every time that does not carry its own offset, such as ``Europe/Paris``."""
    currency: str = "GBP"
    """The shop's own, of all amounts."""
    raw: str = "raw"
    """Folder of the raw files, beside ``source.toml``; ``--raw`` overrides it."""
    known_all_along: tuple[Annotated[str, AfterValidator(check_attribute)], ...] = ()
    """Columns of customers (``*``: all) whose values without ``known_at`` were true from the customer's first day on. A
    model that predicts reads no others without a date, which may say what only came to be known later."""
    pseudonymise: bool = False
    """Whether customer ids are stored as keyed hashes."""
    time_formats: tuple[str, ...] = ()
    """Tried in order on text that is not ISO 8601, such as ``%d/%m/%Y %H:%M``."""
    zero_price: Literal["reject", "keep"] = "reject"
    """What becomes of lines given away; kept ones count as purchases."""
    csv: CsvOptions = CsvOptions()
    not_products: NotProducts = NotProducts()
    late_after_days: float = Field(default=2, ge=0, le=3650)
    """A row of a later file is late if it happened longer before the file came."""
    profiles: Profiles = Profiles()
    corrections: dict[str, tuple[str, ...]] = {}
    """By table, the columns by which a row known later replaces those known before."""
    attributes: Attributes = {}
    """What ``attr_*`` columns of customers mean: ``level``, or ``ordered: low, middle, high``. Nothing reads others."""
    repeated_lines: Literal["once", "units"] = "once"
    """Whether equal order lines of one file are one line, or as many units."""
    times: dict[str, str] = {}
    """Columns that count since 1970 (``epoch_s``, ``epoch_ms``, ``epoch_us``, ``epoch_ns``), or have a format of their
    own."""
    sheets: dict[Alias, str] = {}
    """By alias, the sheet of a workbook that has more than one."""
    optional_files: dict[Alias, tuple[str, ...]] = {}
    """Exports that may be missing, by alias: without a file the alias has no rows, and these columns."""
    optional_columns: dict[Alias, tuple[str, ...]] = {}
    """By alias, columns that its files may lack: they are empty then."""
    database: Database | None = None

    def counts_lines(self, table: str) -> bool:
        """Whether equal rows of one file are several: order lines of a till that writes one a unit."""
        return table == "orders" and self.repeated_lines == "units"

    @model_validator(mode="after")
    def _reads_something(self) -> "SourceConfig":
        if not self.files and self.database is None:
            raise ValueError("nothing to read: name the raw files in [files], or a database in [database]")
        for section in ("sheets", "optional_files", "optional_columns"):
            strange = [alias for alias in getattr(self, section) if alias not in self.files]
            if strange:
                raise ValueError(f"[{section}] names {strange[0]!r}, which is no alias of [files]")
        return self

    @field_validator("time_formats")
    @classmethod
    def _are_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_format(format_) for format_ in formats)

    @field_validator("times", mode="before")
    @classmethod
    def _flat(cls, times: dict[str, Any]) -> dict[str, Any]:
        """TOML reads ``orders.at`` without quotes as a table in a table."""
        flat: dict[str, Any] = {}
        for name, declared in times.items():
            inner = declared.items() if isinstance(declared, dict) else ()
            flat |= {f"{name}.{column}": unit for column, unit in inner} or {name: declared}
        return flat

    @field_validator("times")
    @classmethod
    def _are_times(cls, times: dict[str, str]) -> dict[str, str]:
        return {_time_column(name): check_declared(declared) for name, declared in times.items()}

    @field_validator("corrections")
    @classmethod
    def _are_columns(cls, corrections: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for table, columns in corrections.items():
            _check_corrections(table, columns)
        return corrections

    @field_validator("files")
    @classmethod
    def _are_below_raw(cls, files: dict[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
        for patterns in files.values():
            for pattern in (patterns,) if isinstance(patterns, str) else patterns:
                _check_pattern(pattern)
        return files

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{timezone!r} is no time zone: write it like 'Europe/London'") from None
        return timezone


def _check_pattern(pattern: str) -> None:
    """A pattern names files below the raw folder in the way ``Path.glob`` takes it."""
    path = PurePath(pattern)
    if not path.parts:
        raise ValueError("a pattern is empty: name a file, as in 'sales-*.csv'")
    # A Windows path is absolute everywhere: a source moves between machines.
    if path.is_absolute() or PureWindowsPath(pattern).drive:
        raise ValueError(f"{pattern!r} is absolute, patterns are below the raw folder: set raw = '{path.parent}'")
    if any("**" in part and part != "**" for part in path.parts):
        raise ValueError(f"{pattern!r} has ** within a name: write it alone, as in '**/*.csv'")


def _check_corrections(table: str, columns: tuple[str, ...]) -> None:
    """The columns tell which rows of a table with ``replaced_at`` are versions of one another."""
    correctable = [name for name, spec in TABLES.items() if "replaced_at" in spec.column_names]
    if table not in correctable:
        raise ValueError(f"{table} has no corrections: use one of {', '.join(correctable)}")
    known = [name for name in TABLES[table].column_names if name not in KNOWLEDGE_TIMES]
    unknown = [name for name in columns if name not in known]
    if unknown or not columns:
        found = f"{table} has no column {unknown[0]!r}" if unknown else f"{table} names no columns"
        raise ValueError(f"{found}: name columns whose equal values mark versions of one row, of {', '.join(known)}")


def _time_column(name: str) -> str:
    """The name of a time column, alone or as table.column."""
    times = {(spec.name, column.name) for spec in TABLES.values() for column in spec.columns if column.type == "time"}
    known = sorted({column for _, column in times})
    if name not in known and tuple(name.split(".")) not in times:
        raise ValueError(f'{name!r} is no column of times: use one of {", ".join(known)}, or "table.column"')
    return name


class Source(BaseModel):
    """A checked source: its settings and the SELECT of every canonical table it fills.

    ``sql`` has the SELECTs with the shared ones that they read; ``texts`` has every SQL file as it is written, by name.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path
    config: SourceConfig
    config_text: str
    sql: dict[str, str]
    texts: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Name by which the source is called."""
        return self.config.name

    @property
    def raw(self) -> Path:
        """Folder of the raw files unless the caller names another."""
        return self.folder / self.config.raw


def shipped_sources() -> tuple[str, ...]:
    """Names of the sources that come with coterie."""
    return tuple(sorted(path.parent.name for path in EXAMPLES.glob(f"*/{CONFIG_FILE}")))


def load_source(name_or_path: str | Path) -> Source:
    """The source of that shipped name, or in that folder.

    Raises:
        NotFound: there is neither.
        BadConfig: ``source.toml`` or the SQL files do not keep the contract.
    """
    folder = _find(name_or_path)
    config_text = (folder / CONFIG_FILE).read_text(encoding="utf-8")
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
    config, sql = _parse(config_text, folder.resolve().name), _selects(folder.resolve().name, texts)
    if config.attributes and "customers" not in sql:
        raise BadConfig(
            f"{CONFIG_FILE} of {folder.resolve().name} has [attributes], which are of customers: write customers.sql"
        )
    return Source(folder=folder, config=config, config_text=config_text, sql=sql, texts=texts)


def _find(name_or_path: str | Path) -> Path:
    for folder in (Path(name_or_path), EXAMPLES / str(name_or_path)):
        if (folder / CONFIG_FILE).is_file():
            return folder
    if Path(name_or_path).is_dir():
        raise NotFound(f"the folder {name_or_path} has no {CONFIG_FILE}: write one beside the SQL files")
    known = ", ".join(shipped_sources())
    raise NotFound(f"no source {str(name_or_path)!r}: give the folder of one, or one of {known}")


def _parse(text: str, where: str) -> SourceConfig:
    try:
        return SourceConfig.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{CONFIG_FILE} of {where} is not valid TOML: {error}") from None
    except ValidationError as error:
        raise BadConfig(f"{CONFIG_FILE} of {where}: {settings_problems(error, SourceConfig)}") from None


def _selects(folder: str, texts: Mapping[str, str]) -> dict[str, str]:
    """The SELECT of each canonical table, with the shared SELECTs that it reads."""
    shared = {name: text for name, text in texts.items() if name.startswith(SHARED)}
    tables = {name: text for name, text in texts.items() if name not in shared}
    for name in tables:
        if name not in TABLES:
            raise BadConfig(f"{name}.sql of {folder} names no canonical table{suggestion(name, TABLES)}")
    if not set(ACTIVITY) & set(tables):
        raise BadConfig(no_times(folder))
    return {name: with_shared(text, shared) for name, text in tables.items()}
