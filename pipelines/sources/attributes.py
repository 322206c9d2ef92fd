"""What ``[attributes]`` of source.toml may say: which meaning the source gives to its ``attr_*`` columns.

``"level"`` is a label that many customers share, ``"ordered: small, middle, large"`` one with an order. ``protected``
before either means that nobody should be judged by it: a model reads it only if its study names it. Without a
declaration nothing is known of such a column, and nothing reads it.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from features.columns import PROTECTED_MARK

LEVEL = "level"
ORDERED = "ordered"
PROTECTED = "protected"


def _checked(declaration: str) -> str:
    kind, order = _kind(declaration), texts_of(declaration)
    level = kind == LEVEL and ":" not in declaration
    if level or (kind == ORDERED and 1 < len(order) == len(set(order))):
        return declaration
    found = "names a text twice" if len(set(order)) < len(order) else f"is {declaration!r}"
    raise ValueError(
        f'it {found}: write "level", or "ordered: " and two or more texts from low to high, with commas; '
        f'before either, "{PROTECTED} " if nobody should be judged by it'
    )


def _unmarked(name: str) -> str:
    if name.startswith(PROTECTED_MARK):
        raise ValueError(
            f"{name!r} begins with {PROTECTED_MARK!r}, which marks what is declared protected: call it "
            f'{name.removeprefix(PROTECTED_MARK)!r}, and write "{PROTECTED} " before what it is'
        )
    return name


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_unmarked)]
Attributes = dict[Name, Annotated[str, AfterValidator(_checked)]]
"""The declaration of each attribute, by the name of its column without ``attr_``."""


def texts_of(declaration: str) -> tuple[str, ...]:
    """The texts of an ordered attribute from low to high, folded as data are; none for a level.

    >>> texts_of("ordered: Under 15K, 15-24K"), texts_of("level")
    (('under 15k', '15-24k'), ())
    """
    _, _, texts = declaration.partition(":")
    return tuple(text.strip().lower() for text in texts.split(",") if text.strip())


def is_protected(declaration: str) -> bool:
    """Whether nobody should be judged by the attribute.

    >>> is_protected("protected ordered: 19-24, 25-34"), is_protected("level")
    (True, False)
    """
    return declaration.split()[0] == PROTECTED


def column_of(name: str, declaration: str) -> str:
    """The canonical column that is made of the attribute.

    >>> column_of("age_band", "protected ordered: 19-24, 25-34"), column_of("hobby", "level")
    ('ordered_protected_age_band', 'level_hobby')
    """
    mark = PROTECTED_MARK if is_protected(declaration) else ""
    return f"{ORDERED if texts_of(declaration) else LEVEL}_{mark}{name}"


def _kind(declaration: str) -> str:
    """What stands before the texts, without the word for protected ones."""
    words = declaration.partition(":")[0].split()
    return " ".join(words[1:] if words[:1] == [PROTECTED] else words)
