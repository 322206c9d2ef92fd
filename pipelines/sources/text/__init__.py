"""Text files with columns: what each file is, which of its lines are rows, and why the others are not.

DuckDB reads the rows; this package decides what it is given. A file whose every line is a row goes to DuckDB as it is.
Of any other a copy is made that has the rows alone, and each line that is no row is refused with its reason
(``docs/decisions/reading-text.md``).
"""
