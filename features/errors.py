"""The errors coterie raises on purpose: each says what was found, what was needed and what to do."""

# ruff: noqa: N818 - the names read as what happened; "Error" would add nothing.


class CoterieError(Exception):
    """Any error meant for a person to read; the command line prints its one sentence and exits 1."""


class HistoryTooShort(CoterieError):
    """The data span less time than the question needs."""


class BadInput(CoterieError):
    """A request or an argument that cannot be answered as it stands."""


class BadTable(CoterieError):
    """A source or a table that does not keep the data contract."""


class BadConfig(CoterieError):
    """A study or a source file with a wrong key or value."""


class BadPlugin(CoterieError):
    """A plug-in's file that does not define all that its kind asks for."""


class BadArtifact(CoterieError):
    """An artifact or a bundle that is not what its manifest says."""


class BadDatabase(CoterieError):
    """A database of runs or searches that cannot be created, opened or migrated."""


class NotFound(CoterieError):
    """Something asked for by name that is not there."""


class Busy(CoterieError):
    """Another run holds the lock."""
