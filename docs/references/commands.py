"""The commands: usage, arguments and options, as the command line itself knows them."""

from typing import Any

from typer.main import get_command

from docs.references.keys import WRITTEN
from docs.references.schema import escaped, one_line
from pipelines.cli import app


def commands_page() -> str:
    """Every command with its arguments and options."""
    group: Any = get_command(app)
    lines = [f"| [`{name}`](#{name}) | {escaped(one_line(each.help))} |\n" for name, each in group.commands.items()]
    details = [section(name, each) for name, each in group.commands.items()]
    return f"""# Commands

Exit status: 0 done or nothing to do, 1 a clear error in one sentence on stderr, 2 wrong usage. Each command is an entry
point of `MLproject` too. What they print: [operations](operations.md#what-commands-print). {WRITTEN}

| command | what it does |
|---|---|
{"".join(lines)}{"".join(details)}"""


def section(name: str, command: Any) -> str:
    """One command of Typer's."""
    given = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = " ".join(["coterie", name, *(shown(each) for each in given), "[OPTIONS]"])
    return (
        f"\n## {name}\n\n`{usage}`\n\n{one_line(command.help)}\n\n"
        f"| argument or option | if left out | meaning |\n|---|---|---|\n{''.join(map(row, [*given, *options]))}"
    )


def shown(argument: Any) -> str:
    """An argument as usage lines have it.

    >>> from types import SimpleNamespace
    >>> shown(SimpleNamespace(name="table", required=False))
    '[TABLE]'
    """
    name: str = argument.name.upper()
    return name if argument.required else f"[{name}]"


def row(parameter: Any) -> str:
    """One argument or option, with what it is if left out."""
    is_option = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if is_option else shown(parameter)
    default = parameter.default
    left_out = "**required**" if parameter.required else "" if default in (None, "", False) else f"`{default}`"
    return f"| `{name}` | {left_out} | {escaped(one_line(parameter.help or ''))} |\n"
