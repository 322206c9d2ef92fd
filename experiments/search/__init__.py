"""Searching for parameters: Optuna proposes, worker processes evaluate, every finished trial is stored."""
