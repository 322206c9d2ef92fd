"""INGEST: raw files become canonical tables, with every repair counted and every reject given its reason."""
