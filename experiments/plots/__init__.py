"""Plots of models as PNG files: charts of any target, feature importance, segments, and the search."""
