"""THE STEPS: sources, audit, ingest, dataset, train, promote, publish, score, retrain, and the command line."""
