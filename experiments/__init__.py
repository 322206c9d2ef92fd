"""A QUESTION PUT TO A DATASET: a study in TOML is searched by Optuna, recorded in MLflow and judged by the gate."""
