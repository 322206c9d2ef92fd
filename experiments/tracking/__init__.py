"""MLflow: runs, the model registry, what a test found, and where all of it is stored."""
