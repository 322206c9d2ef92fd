"""coterie from Python: what the commands do, as frames and small objects for a notebook.

>>> import coterie as ct
>>> ws = ct.open("no-such-folder")
>>> ws
Workspace('no-such-folder')

It is the outermost layer: every method calls the function that the command of the same name calls, and there is no
second way of doing a thing.
"""

from coterie.opened import Customer, Opened, open_workspace
from coterie.pictures import Comparison

open = open_workspace  # noqa: A001 - `ct.open(...)` reads as it is meant
__all__ = ["Comparison", "Customer", "Opened", "open"]
