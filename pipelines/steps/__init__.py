"""One file a command: each takes a workspace and returns a plain result, with ``message`` for a person to read."""
