"""Keys of a study and of ``source.toml``."""

from pydantic import BaseModel

from docs.references.schema import one_line, sections
from experiments.study import PredictStudy, SegmentStudy
from models.learners import learners
from models.segments.clusterers import clusterers
from models.tasks import tasks
from pipelines.sources.source import SourceConfig

WRITTEN = "Written by `python -m docs.references`; a test keeps it current."


def studies_page() -> str:
    """Every key of each kind of study."""
    return f"""# Study keys

A study is a question put to the data, as a TOML file. Copy one of [experiments/studies](../experiments/studies) and
change it: [how to](data-scientist.md#a-study-of-your-own). An unknown key is an error that names the nearest one.
{WRITTEN}

## `kind = "predict"`

{keys(PredictStudy)}
## `kind = "segment"`

{keys(SegmentStudy)}
## Names there are

| key | names |
|---|---|
| `task` | {listed(tasks())} |
| `learners`, `baselines` of a prediction | {listed(learners())} |
| `clusterers`, `baselines` of segments | {listed(clusterers())} |

A file of your own adds its name: [CONTRIBUTING](../CONTRIBUTING.md).
"""


def source_page() -> str:
    """Every key of source.toml."""
    return f"""# Keys of `source.toml`

`source.toml` says where a shop's files are and how to read them; beside it is one SELECT for each [table](tables.md)
that it fills. `coterie init` writes both. What a SELECT may return, and why rows are rejected:
[pipelines.sources](python.md#pipelines.sources). {WRITTEN}

{keys(SourceConfig)}"""


def keys(model: type[BaseModel]) -> str:
    """The model's keys, then a section for each of its tables."""
    return "".join(
        (f"### `[{name}]`\n\n" if name else "") + f"{one_line(doc)}\n\n{rows}\n" for name, doc, rows in sections(model)
    )


def listed(names: dict[str, object]) -> str:
    """Names in alphabetical order, as code."""
    return ", ".join(f"`{name}`" for name in sorted(names))
