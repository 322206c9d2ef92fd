"""The proof of reading: clean files, damaged in every way there is a name for, each taken through a whole ingest.

``python -m benchmarks.damage [--seeds 4] [--kind "JSON"] [--home /tmp/damage]``

Each row is one kind of damage (:mod:`tests.damage`) with so many inputs, drawn by seed: delimiter, quotes, line ends,
packing and places of the damage differ. ``records`` were written; the columns after it say what became of them, and
add up to it. Of an input that must be refused as a whole, the row shows the sentence. An input has a fault if

- its records are not all counted in, or not all accounted for,
- a value of a kept row differs from the clean line's, a clean line is missing, or a row is there that nobody wrote,
- a refused line has another reason, file or line number than it must have,
- it ends in a traceback, or in more than one sentence, or the refusal changes the workspace.

Exit status 1 if there is any.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.damage import KINDS, Verdict, in_folder, made

SHOWN = 100
NUMBERS = ("inputs", "records", "kept", "repaired", "duplicates", "rejected", "refused")


def figures(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many inputs, and what became of their records; those of inputs refused as a whole are not counted."""
    read = [verdict.given for verdict in verdicts if not verdict.given.refused]
    return {
        "inputs": len(verdicts),
        "records": sum(given.records for given in read),
        "kept": sum(len(given.kept) - given.repaired for given in read),
        "repaired": sum(given.repaired for given in read),
        "duplicates": sum(given.duplicates for given in read),
        "rejected": sum(len(given.rejected) for given in read),
        "refused": sum(bool(verdict.given.refused) for verdict in verdicts),
    }


def happened(verdicts: Sequence[Verdict]) -> str:
    """The first fault, else the reasons of rejects, else the first sentence of a refusal."""
    faults = [fault for verdict in verdicts for fault in verdict.faults]
    reasons = {each.reason or "any reason" for verdict in verdicts for each in verdict.given.rejected}
    sentence = next((verdict.sentence for verdict in verdicts if verdict.sentence), "as written")
    if faults:
        return f"FAULT: {faults[0]}"
    return (", ".join(sorted(reasons)) or sentence)[:SHOWN]


def row(name: str, found: dict[str, int], text: str) -> str:
    """One line of the table."""
    return f"{name:70}" + "".join(f"{found[number]:>11,}" for number in NUMBERS) + f"  {text}"


def main() -> None:
    """Print a row a kind, and their sum."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--kind", default="", help="only kinds with this text in their name")
    parser.add_argument("--home", type=Path, default=Path("/tmp/damage-benchmark"))
    arguments = parser.parse_args()
    shutil.rmtree(arguments.home, ignore_errors=True)
    every: list[Verdict] = []
    print(f"{'':70}" + "".join(f"{name:>11}" for name in NUMBERS) + "  what happened")
    for name in (name for name in KINDS if arguments.kind in name):
        verdicts = [in_folder(made(name, seed), arguments.home) for seed in range(arguments.seeds)]
        print(row(name, figures(verdicts), happened(verdicts)), flush=True)
        every += verdicts
    faults = sum(bool(verdict.faults) for verdict in every)
    print(row("all", figures(every), f"{faults} inputs with faults"))
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
