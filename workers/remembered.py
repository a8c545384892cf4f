"""What one command settles and all later ones must find: lines of the data dir's own file of settings."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hub.config import GENERATED


def remember(data_dir: Path, **values: str) -> None:
    """Set HUB_… lines, and keep all others: `remember(data_dir, demo_feeds_url="…")`. Whole or not at all."""
    path = data_dir / GENERATED
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    ours = {f"HUB_{name.upper()}": value for name, value in values.items()}
    kept = [line for line in lines if line.partition("=")[0] not in ours]
    if set(lines) == {*kept, *(f"{name}={value}" for name, value in ours.items())}:
        return
    handle, temporary = tempfile.mkstemp(dir=data_dir, prefix=f".{GENERATED}.")  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in [*kept, *(f"{name}={value}" for name, value in ours.items())])
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
