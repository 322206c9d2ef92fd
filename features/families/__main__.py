"""Writes docs/features.md: ``python -m features.families > docs/features.md``."""

import sys

from features.families import families, reference

if __name__ == "__main__":
    sys.stdout.write(reference(families()))
