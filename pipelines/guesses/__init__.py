"""Guesses: which file of a shop fills which canonical table, and which of its columns means what.

``init`` looks at raw files and writes a source for a person to correct. Columns are recognised by name (English and
French) and by content, never by content alone where a name fits; every guess is written down beside its reason.
"""
