"""A QUESTION PUT TO A DATASET: a study in TOML becomes an Optuna study, an MLflow run and a gate's verdict."""
