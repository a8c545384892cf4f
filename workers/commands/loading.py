"""
Commands by name, each loaded when it is asked for: what the others need costs it nothing.

The only place where a command's module is imported. What is shown of a command before that is its entry.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, or a group of commands, which may do something by itself too."""

    help: str
    """Of a command the first sentence of what its function says; of a group all that is said of it"""
    at: str | None = None
    """Where its function is: `module:name`, the module one of this package"""
    commands: Mapping[str, Entry] = field(default_factory=dict)


class Unloaded(TyperCommand):
    """Stands for a command in lists and suggestions."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help)
        self.entry = entry


class Group(TyperGroup):
    """Holds its commands unloaded, and loads the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(command) if isinstance(command, Unloaded) else command, rest


def group(name: str, entry: Entry, **settings: Any) -> Group:
    """With its commands; called without one, it does what it does by itself, or shows its help."""
    own = _app(
        cls=Group,
        name=name,
        help=entry.help,
        no_args_is_help=entry.at is None,
        invoke_without_command=entry.at is not None,
        **settings,
    )
    if entry.at:
        own.callback()(function(entry.at))
    made = get_group(own)
    assert isinstance(made, Group)
    for one, of_it in entry.commands.items():
        made.add_command(Unloaded(one, of_it))
    return made


def loaded(command: Unloaded) -> Any:
    """The command itself."""
    assert command.name is not None
    if command.entry.commands:
        return group(command.name, command.entry)
    assert command.entry.at is not None
    alone = _app()
    alone.command(command.name)(function(command.entry.at))
    return get_command(alone)


def function(at: str) -> Callable[..., Any]:
    """What `module:name` names."""
    module, _, name = at.partition(":")
    path = f"{__package__}.{module}"
    if path not in sys.modules:
        with _kept():
            importlib.import_module(path)
    found: Callable[..., Any] = getattr(sys.modules[path], name)
    return found


@contextmanager
def _kept() -> Iterator[None]:
    """
    What modules define stays for good, so it is not looked through for garbage: neither while they are loaded
    nor by the command itself, which would take as long as the loading.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _app(**settings: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **settings
    )
