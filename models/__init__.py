"""WHAT CAN BE FITTED: targets (kinds of answers), tasks (questions), learners, clusterers, scores and artifacts."""
