"""The sentences of errors, read from the code that raises them, without running it.

What a sentence inserts while the program runs stands as ``…``. Names of constants, and functions that return the
sentence, are followed; so a sentence is found wherever it is written.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PACKAGES = ("features", "models", "experiments", "serving", "pipelines", "coterie")
ROOT = "features.errors.CoterieError"
INSERTED = "…"


@dataclass(frozen=True)
class Module:
    """A parsed file of the product."""

    name: str
    tree: ast.Module

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Classes of the file, and what it imports, by the name used here: the full name."""
        own = {node.name: f"{self.name}.{node.name}" for node in self.tree.body if isinstance(node, ast.ClassDef)}
        imports = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        return own | {each.asname or each.name: f"{node.module}.{each.name}" for node in imports for each in node.names}

    @cached_property
    def constants(self) -> Mapping[str, ast.expr]:
        """Values that the file gives to names."""
        given = [node for node in self.tree.body if isinstance(node, ast.Assign)]
        return {node.targets[0].id: node.value for node in given if isinstance(node.targets[0], ast.Name)}

    @cached_property
    def returns(self) -> Mapping[str, list[ast.expr]]:
        """What each function of the file may return."""
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        return {
            each.name: [node.value for node in ast.walk(each) if isinstance(node, ast.Return) and node.value]
            for each in functions
        }


@cache
def modules(root: Path) -> dict[str, Module]:
    """Every module of the product, by its name."""
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    named = {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    return {name: Module(name, ast.parse(path.read_text(encoding="utf-8"))) for name, path in named.items()}


def error_classes(code: Mapping[str, Module]) -> dict[str, str]:
    """Full names of coterie's errors with their docstrings, each after the class that it derives from."""
    found: dict[str, str] = {}
    defined = [
        (f"{module.name}.{node.name}", {module.names.get(ast.unparse(base), "") for base in node.bases}, node)
        for module in code.values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
    ]
    before = -1
    while before != len(found):
        before = len(found)
        for name, bases, node in defined:
            if name not in found and (name == ROOT or bases & found.keys()):
                found[name] = ast.get_docstring(node) or ""
    return found


def sentences(code: Mapping[str, Module]) -> dict[str, list[str]]:
    """The sentences of each error, by its full name."""
    found: dict[str, list[str]] = {name: [] for name in error_classes(code)}
    for module in code.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = module.names.get(node.func.id, "")
                # The sentence is the last argument: a refusal over HTTP has its status before it.
                if name in found and node.args:
                    found[name] += texts(node.args[-1], module, code)
    return {name: sorted(with_words(own), key=str.lower) for name, own in found.items()}


def with_words(found: Iterable[str]) -> set[str]:
    """Each sentence once, without those that are inserted as a whole."""
    return {each for each in map(shortened, found) if re.search("[a-z]", each)}


def texts(node: ast.expr, module: Module, code: Mapping[str, Module]) -> list[str]:
    """What an expression may be as text; ``…`` for what is known only while the program runs."""
    match node:
        case ast.Constant(value=str(value)):
            return [value]
        case ast.JoinedStr(values=values):
            return ["".join(piece(each, module) for each in values)]
        case ast.IfExp(body=body, orelse=orelse):
            return [*texts(body, module, code), *texts(orelse, module, code)]
        case ast.Name(id=name) if name in module.constants:
            return texts(module.constants[name], module, code)
        case ast.Call(func=ast.Attribute(attr="join"), args=[ast.List(elts=parts)]):
            return [" ".join(each for part in parts for each in texts(part, module, code)[:1])]
        case ast.Call(func=ast.Name(id=name)):
            return list(returned(name, module, code))
    return [INSERTED]


def piece(part: ast.expr, module: Module) -> str:
    """A part of an f-string: its letters, those of a constant of the file, otherwise ``…``."""
    value = part.value if isinstance(part, ast.FormattedValue) else part
    if isinstance(value, ast.Name):
        value = module.constants.get(value.id, value)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else INSERTED


def returned(function: str, module: Module, code: Mapping[str, Module]) -> Iterator[str]:
    """What a function that makes a sentence may return."""
    home, _, name = module.names.get(function, f"{module.name}.{function}").rpartition(".")
    expressions = code[home].returns.get(name, []) if home in code else []
    for each in expressions:
        yield from texts(each, code[home], code)
    if not expressions:
        yield INSERTED


def shortened(text: str) -> str:
    """On one line, with one ``…`` for all that is inserted at one place.

    >>> shortened("no … …, …:\\n  give one")
    'no …: give one'
    """
    return re.sub(r"…(?:[ ,]*…)+", INSERTED, " ".join(text.split()))


def found_and_cure(sentence: str) -> tuple[str, str]:
    """A sentence in two: what was found and needed, and what to do.

    >>> found_and_cure("study …: kind is …: write one of …")
    ('study …: kind is …', 'write one of …')
    """
    found, *cure = re.split(r"(?<!Content-Type): (?!.*(?<!Content-Type): )", sentence)
    return found, "".join(cure)
