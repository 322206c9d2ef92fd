"""One audit rule a file; :mod:`pipelines.audit` says what a rule is."""
