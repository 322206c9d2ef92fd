"""Searching for parameters: Optuna proposes, processes evaluate, every finished trial is stored."""
