"""LOOKING BACK: canonical tables in, one row a customer out. Pure: no tracker, no tuner, no learner."""
