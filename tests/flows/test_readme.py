"""The README's five minutes, word for word: its commands in one shell, against a hub made by `hub up`."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import PROGRAM, Running, a_free_port

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]

PASSWORD = re.compile(r"^PASSWORD=.*$", re.MULTILINE)
MARK = "=====8<====="


@pytest.fixture
def tour() -> list[str]:
    """The shell's part of it, block by block."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    chapter = readme.split("\n## Five minutes\n")[1].split("\n## ")[0]
    return re.findall(r"^```bash\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


@pytest.fixture
def running(data_dir: Path) -> Iterator[Running]:
    hub = Running(data_dir, a_free_port())
    yield hub
    hub.end(signal.SIGTERM)


@pytest.fixture
def here(data_dir: Path, tmp_path: Path) -> Path:
    """A folder that looks like the checkout: `./dev hub` and `.hub/` are this environment's."""
    tmp_path.chmod(0o755)
    dev = tmp_path / "dev"
    dev.write_text(f'#!/bin/sh\nshift\nexec {sys.executable} -c "{PROGRAM}" "$@"\n')
    dev.chmod(dev.stat().st_mode | stat.S_IXUSR)
    (tmp_path / ".hub").symlink_to(data_dir)
    return tmp_path


def test_the_tour_works_word_for_word(tour: list[str], here: Path, data_dir: Path, running: Running) -> None:
    admin = running.line("First admin:")
    running.line("Channel Hub is ready:")
    password = admin.split("password: ")[1].split()[0]

    script = PASSWORD.sub(f"PASSWORD={password}", f"\necho '{MARK}'\n".join(tour))
    script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{running.port}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    done = subprocess.run(
        ["bash", "-e", "-u", "-o", "pipefail", "-c", "TOKEN=\n" + script],
        cwd=here,
        env=environment | {"HUB_DATA_DIR": str(data_dir), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stderr + done.stdout
    older, newer = (found := done.stdout.split(f"{MARK}\n"))[1:9], found[9:]
    preview, synced, refused, sold, fed, conflicted, both_ways, put_back = older
    hundred, wrong, kept, settled = newer
    assert "CLOSED - Not available" in preview
    assert re.search(r"My Booking.com, Bed 1, .*\+\d events", synced), "by the command or by a worker"
    assert re.search(r"^Bed 1: My Booking.com, \S+ to \S+$", refused.strip())
    assert sold.strip() == "confirmed"
    assert "BEGIN:VEVENT" in fed
    assert "Ann" not in fed
    assert fed.rstrip().endswith("304")
    assert "Bed 1 is claimed twice: by My Booking.com" in " ".join(conflicted.split())
    assert conflicted.rstrip().endswith("cancelled")
    title, moved = both_ways.strip().splitlines()
    assert re.fullmatch(r'"title": "Room 3: [A-Z0-9]{8}, 1 guest",', title)
    assert moved.startswith('"arrival":"')
    again, why = put_back.strip().splitlines()
    assert moved.removeprefix('"arrival":').strip('"') in again
    assert "Room 3" in why
    assert re.search(r"^103 of 103 links synced", hundred, re.MULTILINE)
    assert re.search(r"Bunk 7, .*1 conflict opened", wrong)
    assert re.search(r"Bunk 30, .*5 wait to be freed", wrong)
    assert re.search(r"Bunk 30, .*1 of 3", kept)
    assert kept.rstrip().endswith("in order")
    assert "was moved to Bunk 1\n" in settled
    assert settled.rstrip().endswith("There are no open conflicts.")
