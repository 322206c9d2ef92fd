"""The audit as one page for people, written with the Jinja2 templates in ``templates/``."""

from pipelines.audit.page.page import Page, render

__all__ = ["Page", "render"]
