"""Finding a source by name or folder, and checking its ``source.toml`` before any data are read."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from features.errors import BadConfig, NotFound
from features.tables import KNOWLEDGE_TIMES, TABLES
from pipelines.sources.attributes import Attributes
from pipelines.sources.messages import no_times, settings_problems, suggestion

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CONFIG_FILE = "source.toml"

Alias = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


class CsvOptions(BaseModel):
    """How to read CSV files where DuckDB's own sniffing fails."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delimiter: str | None = None
    encoding: str | None = None


class NotProducts(BaseModel):
    """Product ids of order lines that are no goods: postage, fees, vouchers, corrections."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

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

    model_config = ConfigDict(frozen=True, extra="forbid")

    conflicts: Literal["newest", "main"] = "newest"


class SourceConfig(BaseModel):
    """What ``source.toml`` may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: str
    files: dict[Alias, str | tuple[str, ...]] = Field(min_length=1)
    timezone: str = "UTC"
    currency: str = "GBP"
    raw: str = "raw"
    pseudonymise: bool = False
    time_formats: tuple[str, ...] = ()
    zero_price: Literal["reject", "keep"] = "reject"
    csv: CsvOptions = CsvOptions()
    not_products: NotProducts = NotProducts()
    late_after_days: float = Field(default=2, ge=0, le=3650)
    profiles: Profiles = Profiles()
    corrections: dict[str, tuple[str, ...]] = {}
    attributes: Attributes = {}
    repeated_lines: Literal["once", "units"] = "once"

    def counts_lines(self, table: str) -> bool:
        """Whether equal rows of one file are several: order lines of a till that writes one a unit."""
        return table == "orders" and self.repeated_lines == "units"

    @field_validator("corrections")
    @classmethod
    def _are_columns(cls, corrections: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for table, columns in corrections.items():
            _check_corrections(table, columns)
        return corrections

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{timezone!r} is no time zone: write it like 'Europe/London'") from None
        return timezone


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


class Source(BaseModel):
    """A checked source: its settings and the SELECT of every canonical table it fills."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    config: SourceConfig
    config_text: str
    sql: dict[str, str]

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
    config, sql = _parse(config_text, folder.name), _read_sql(folder)
    if config.attributes and "customers" not in sql:
        raise BadConfig(f"{CONFIG_FILE} of {folder.name} has [attributes], which are of customers: write customers.sql")
    return Source(folder=folder, config=config, config_text=config_text, sql=sql)


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


def _read_sql(folder: Path) -> dict[str, str]:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
    for name in texts:
        if name not in TABLES:
            raise BadConfig(f"{name}.sql of {folder.name} names no canonical table{suggestion(name, TABLES)}")
    if not {"orders", "events"} & set(texts):
        raise BadConfig(no_times(folder.name))
    return texts
