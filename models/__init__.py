"""WHAT CAN BE FITTED: tasks (what is predicted), learners (how), clusterers, scores and the plain-data artifact."""
