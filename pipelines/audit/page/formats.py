"""How figures are written on the page, and the environment of its templates, which escapes all data."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment() -> Environment:
    """The templates; whatever they insert is escaped, and a name they do not know is an error."""
    found = Environment(
        loader=PackageLoader("pipelines.audit.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"number": number, "percent": percent, "anchor": anchor}
    return found


def anchor(title: str) -> str:
    """The id of a section.

    >>> anchor("Rows a week")
    'rows-a-week'
    """
    return title.lower().replace(" ", "-")


def number(n: int) -> str:
    """With thousands apart.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{n:,}"


def percent(share: float) -> str:
    """A share for reading: never 0% for something, never 100% for not all.

    >>> percent(1 / 3), percent(1e-6), percent(1 - 1e-6), percent(0.0), percent(1.0)
    ('33.3%', '< 0.1%', '> 99.9%', '0%', '100%')
    """
    if 0 < share < 0.001:
        return "< 0.1%"
    if 0.999 < share < 1:
        return "> 99.9%"
    return f"{share:.1%}" if 0 < share < 1 else f"{share:.0%}"
