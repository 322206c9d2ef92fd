"""Finding plug-ins: every module in a folder is one, under its file's name; nothing has to be registered.

What a kind of plug-in has to define is written once, as a ``Protocol``. A constant with a value there, and a function
marked ``@default``, may be left out of a module, which then gets them from the protocol.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache, partial
from types import ModuleType
from typing import Any, TypeVar, cast

from features.errors import BadPlugin, NotFound

Kind = TypeVar("Kind")
Function = TypeVar("Function", bound=Callable[..., Any])


def default(function: Function) -> Function:
    """Mark a protocol's function as what a module does that does not define it."""
    function.__is_default__ = True  # type: ignore[attr-defined]
    return function


def plugins(package: str, protocol: type[Kind]) -> dict[str, Kind]:
    """Every module directly inside ``package`` by its file's name, alphabetically; a leading underscore hides one.

    Raises:
        BadPlugin: a module cannot be imported, or lacks something that ``protocol`` requires; it names the module and
            what it lacks.
    """
    asked: Any = protocol
    return cast(dict[str, Kind], _scan(package, asked))


def plugin(package: str, protocol: type[Kind], name: str) -> Kind:
    """The plug-in called ``name``; NotFound lists those there are."""
    return chosen(plugins(package, protocol), protocol.__name__.lower(), name)


def chosen(found: Mapping[str, Kind], kind: str, name: str) -> Kind:
    """``found[name]``; NotFound says which kind was asked for and lists the names there are."""
    if name not in found:
        raise NotFound(f"no {kind} is called {name!r}: choose one of {', '.join(found)}")
    return found[name]


def plugin_names(package: str) -> tuple[str, ...]:
    """Names of the modules inside ``package``, without importing them."""
    folders = importlib.import_module(package).__path__
    return tuple(sorted(found.name for found in pkgutil.iter_modules(folders) if not found.name.startswith("_")))


@cache
def _scan(package: str, protocol: type[Any]) -> dict[str, ModuleType]:
    kind = protocol.__name__.lower()
    return {name: _complete(_imported(kind, f"{package}.{name}"), protocol) for name in plugin_names(package)}


def _imported(kind: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # a new file may fail in any way; the traceback stays with the error
        raise BadPlugin(f"{kind} {name} cannot be imported, {type(error).__name__}: {error}") from error


def _complete(module: ModuleType, protocol: type[Any]) -> ModuleType:
    """The module with the protocol's defaults for what it leaves out."""
    problems = [f"constant {name}" for name in _constants(protocol) if not _given(module, protocol, name)]
    problems += [f"constant {name} as a tuple, with a comma" for name in _tuples(protocol) if _is_text(module, name)]
    for name, function in _functions(protocol).items():
        if not hasattr(module, name) and hasattr(function, "__is_default__"):
            setattr(module, name, partial(function, module))
        problems += _differences(getattr(module, name, None), name, function)
    if problems:
        kind, doc = protocol.__name__.lower(), f"{protocol.__module__}.{protocol.__name__}"
        raise BadPlugin(
            f"{kind} {module.__name__} lacks {', '.join(problems)}: define in {module.__file__} what {doc} asks for"
        )
    return module


def _constants(protocol: type[Any]) -> list[str]:
    return [name for name in inspect.get_annotations(protocol) if not name.startswith("_")]


def _tuples(protocol: type[Any]) -> list[str]:
    annotated = inspect.get_annotations(protocol)
    return [name for name in _constants(protocol) if str(annotated[name]).startswith("tuple")]


def _is_text(module: ModuleType, name: str) -> bool:
    """Whether it is ``("orders")``: without a comma Python reads a text, and a loop over it gives letters."""
    return isinstance(vars(module).get(name), str)


def _given(module: ModuleType, protocol: type[Any], name: str) -> bool:
    """Whether the module has the constant, if need be by the protocol's value; its NAME is that of its file."""
    if name == "NAME":
        module.NAME = module.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    elif not hasattr(module, name) and hasattr(protocol, name):
        setattr(module, name, getattr(protocol, name))
    return hasattr(module, name)


def _functions(protocol: type[Any]) -> dict[str, Callable[..., Any]]:
    return {name: f for name, f in vars(protocol).items() if inspect.isfunction(f) and not name.startswith("_")}


def _differences(found: Any, name: str, wanted: Callable[..., Any]) -> list[str]:
    """What is wrong with a module's function: missing, or other parameters than the protocol's (self left out)."""
    parameters = list(inspect.signature(wanted).parameters)[1:]
    asked = f"function {name}({', '.join(parameters)})"
    if not callable(found):
        return [asked]
    return [] if list(inspect.signature(found).parameters) == parameters else [asked]
