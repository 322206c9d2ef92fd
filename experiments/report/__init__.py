"""What a person reads about a study in the MLflow UI."""
