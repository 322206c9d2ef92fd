"""RANKINGS: which products come next. Histories in, a list of products a customer out, with a reason for each."""
