"""Damage: clean files of a small shop, damaged in every way there is a name for, and what must become of them.

:mod:`tests.damage.shop` has the clean lines and what an input is; ``text_lines``, ``text_files``, ``values``,
``formats`` and ``deliveries`` have the kinds; :mod:`tests.damage.judge` ingests an input and compares.
``python -m benchmarks.damage`` prints a table of all of them.
"""

from tests.damage import deliveries, formats, text_files, text_lines, values
from tests.damage.judge import Verdict, in_folder, judged, made, may_be_together, together
from tests.damage.shop import KINDS, Input

__all__ = [
    "KINDS", "Input", "Verdict", "deliveries", "formats", "in_folder", "judged", "made", "may_be_together",
    "text_files", "text_lines", "together", "values",
]  # fmt: skip
