"""The `hub` command: every group of commands, and what happens to an error."""

from __future__ import annotations

from collections.abc import Sequence

from workers.commands.entries import HUB
from workers.commands.loading import function, group

hub = group("hub", HUB, context_settings={"help_option_names": ["-h", "--help"]})


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: 0 done, 1 refused or failed, 2 not understood."""
    try:
        hub(args=list(arguments) if arguments is not None else None)
    except Exception as error:
        function("failing:in_words")(error)
