"""What ``[attributes]`` of source.toml may say: which meaning the source gives to its ``attr_*`` columns.

``"level"`` is a label that many customers share, ``"ordered: small, middle, large"`` one with an order. Without a
declaration nothing is known of such a column, and nothing reads it.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

LEVEL = "level"
ORDERED = "ordered"


def _checked(declaration: str) -> str:
    kind, order = declaration.partition(":")[0].strip(), texts_of(declaration)
    if declaration.strip() == LEVEL or (kind == ORDERED and 1 < len(order) == len(set(order))):
        return declaration
    found = "names a text twice" if len(set(order)) < len(order) else f"is {declaration!r}"
    raise ValueError(f'it {found}: write "level", or "ordered: " and two or more texts from low to high, with commas')


Attributes = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Annotated[str, AfterValidator(_checked)]]
"""The declaration of each attribute, by the name of its column without ``attr_``."""


def texts_of(declaration: str) -> tuple[str, ...]:
    """The texts of an ordered attribute from low to high, folded as data are; none for a level.

    >>> texts_of("ordered: Under 15K, 15-24K"), texts_of("level")
    (('under 15k', '15-24k'), ())
    """
    _, _, texts = declaration.partition(":")
    return tuple(text.strip().lower() for text in texts.split(",") if text.strip())


def column_of(name: str, declaration: str) -> str:
    """The canonical column that is made of the attribute.

    >>> column_of("age_band", "ordered: 19-24, 25-34"), column_of("hobby", "level")
    ('ordered_age_band', 'level_hobby')
    """
    return f"{ORDERED if texts_of(declaration) else LEVEL}_{name}"
