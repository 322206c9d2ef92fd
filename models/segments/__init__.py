"""Segmentation: preprocessing, clusterers, scores, names and the catalogue of segments."""
