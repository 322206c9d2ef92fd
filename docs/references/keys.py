"""Keys of a study and of ``source.toml``."""

from collections.abc import Iterable, Mapping

from docs.references.schema import sections
from experiments.study import PredictStudy, RankStudy, SegmentStudy
from models.learners import learners
from models.ranking.learners import rankers
from models.segments.clusterers import clusterers
from models.tasks import tasks
from pipelines.sources.source import SourceConfig

WRITTEN = "Written by `python -m docs.references`; a test keeps it current."


def studies_page() -> str:
    """Every key of each kind of study; tables that all have come once."""
    predict, segment, rank = sections(PredictStudy), sections(SegmentStudy), sections(RankStudy)
    common = {name: part for name, part in predict.items() if name and segment.get(name) == part == rank.get(name)}
    predict, segment, rank = (
        {name: kind[name] for name in kind if name not in common} for kind in (predict, segment, rank)
    )
    return f"""# Study keys

A study is a question put to the data, as a TOML file. Copy one of [experiments/studies](../experiments/studies) and
change it: [how to](data-scientist.md#a-study-of-your-own). An unknown key is an error that names the nearest one.
{WRITTEN}

## `kind = "predict"`

{titled(predict)}
## `kind = "segment"`

{titled(segment)}
## `kind = "rank"`

{titled(rank)}
## Tables of all kinds

{titled(common)}
## Names there are

| key | names |
|---|---|
| `task` | {listed(tasks())} |
| `learners`, `baselines` of a prediction | {listed(learners())} |
| `clusterers`, `baselines` of segments | {listed(clusterers())} |
| `learners`, `baselines` of a ranking | {listed(rankers())} |

A file of your own adds its name: [CONTRIBUTING](../CONTRIBUTING.md).
"""


def source_page() -> str:
    """Every key of source.toml."""
    return f"""# Keys of `source.toml`

`source.toml` says where a shop's files are and how to read them; beside it is one SELECT for each [table](tables.md)
that it fills. `coterie init` writes both. What a SELECT may return, and why rows are rejected:
[pipelines.sources](python.md#pipelines.sources). {WRITTEN}

{titled(sections(SourceConfig))}"""


def titled(parts: Mapping[str, str]) -> str:
    """The tables of a TOML file, each under its name."""
    return "\n".join((f"### `[{name}]`\n\n" if name else "") + part for name, part in parts.items())


def listed(names: Iterable[str]) -> str:
    """Names in alphabetical order, as code."""
    return ", ".join(f"`{name}`" for name in sorted(names))
