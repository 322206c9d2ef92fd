"""MLflow: runs, the model registry, test losses, and the databases of MLflow and Optuna."""
