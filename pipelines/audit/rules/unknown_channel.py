"""Contacts whose channel is none of the contract's: features by channel do not see them. They are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "touches.unknown_channel"
TITLE = "Contacts through a channel that is not of the contract"
ADVICE = "Map the channel to email, sms, push, social, event or ads in touches.sql."
SEVERITY: Severity = "warning"
TABLES = ("touches",)
NEEDS: tuple[str, ...] = ()
CHANNELS = ("email", "sms", "push", "social", "event", "ads")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    listed = ", ".join(f"'{channel}'" for channel in CHANNELS)
    return rows_where(con, table, f"reason IS NULL AND channel NOT IN ({listed})", show=("channel",))
