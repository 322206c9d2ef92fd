"""Segmentation: preprocessing, clusterers, scores, names and the segment catalogue."""
