"""The developer's script, in a checkout of its own whose programs only say what they were asked."""

from __future__ import annotations

import fcntl
import importlib.machinery
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

DEV = Path(__file__).parents[1] / "dev"

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

BACKEND = '''
import zipfile

TOOLS = "hub ruff mypy lint-imports pytest".split()
PROGRAM = """
import os, pathlib, signal, sys

def main():
    name = pathlib.Path(sys.argv[0]).name
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # it waits until it is waited for
    print("ran", name, *sys.argv[1:], flush=True)
    if name == "hub" and sys.argv[1:] == ["up"]:
        signal.sigwait({signal.SIGINT})
        print("stopped cleanly", flush=True)
    return 3 if os.environ.get("FAILING") == name else 0
"""

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "fake-1.0-py3-none-any.whl"
    info = "fake-1.0.dist-info/"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("program.py", PROGRAM)
        scripts = "".join(tool + " = program:main\\n" for tool in TOOLS)
        wheel.writestr(info + "entry_points.txt", "[console_scripts]\\n" + scripts)
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: fake\\nVersion: 1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
'''


COPYING = """
import shutil, sys

shutil.copytree({made!r}, sys.argv[1], symlinks=True)
"""
"""A module `venv` that copies an environment, which takes a twentieth of the time that making one takes"""


@pytest.fixture(scope="module", autouse=True)
def _environments_are_copied(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """The script makes one environment in earnest, for all workers; its later ones are copies of that."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "environment of dev"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "venv.py").exists():
            as_module().make_venv(shared / "made")
            (shared / "venv.py").write_text(COPYING.format(made=str(shared / "made")))
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(shared), prepend=os.pathsep)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dev") / "a checkout with spaces"
    folder.mkdir()
    shutil.copy(DEV, folder)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "requirements.lock").write_text("# nothing\n")
    (folder / "benchmarks").mkdir()
    for name, text in (("_shared", ""), ("good", "print('fast')"), ("slow", "raise SystemExit(1)")):
        (folder / "benchmarks" / f"{name}.py").write_text(text)
    return folder


def dev(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(checkout / "dev"), *arguments],
        cwd="/",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def ran(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.removeprefix("ran ") for line in done.stdout.splitlines() if line.startswith("ran ")]


def as_module() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("dev_script", str(DEV))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_alone_it_lists_its_commands(checkout: Path) -> None:
    done = dev(checkout)
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed == {"up", "test", "check", "bench", "soak", "hub", "lock"}
    assert not (checkout / ".venv").exists() or "making .venv" not in done.stdout


def test_an_unknown_command_is_named(checkout: Path) -> None:
    done = dev(checkout, "tset")
    assert done.returncode == 1
    assert "no command tset" in done.stderr


def test_it_installs_once_and_again_when_the_lock_changes(checkout: Path) -> None:
    assert ran(dev(checkout, "hub", "doctor", "a b")) == ["hub doctor a b"]
    again = dev(checkout, "hub")
    assert again.stdout == "ran hub\n"

    (checkout / "requirements.lock").write_text("# something else\n")
    changed = dev(checkout, "hub")
    assert "installing requirements.lock" in changed.stdout
    assert "making .venv" not in changed.stdout
    assert dev(checkout, "hub").stdout == "ran hub\n"


def test_an_installation_that_was_cut_short_is_begun_anew(checkout: Path) -> None:
    dev(checkout, "hub")
    (checkout / ".venv" / "installed.json").unlink()
    (checkout / ".venv" / "bin" / "hub").write_text("half a fi")
    assert ran(dev(checkout, "hub")) == ["hub"]


def test_a_checkout_that_was_moved_gets_a_new_environment(checkout: Path) -> None:
    dev(checkout, "hub")
    moved = shutil.copytree(checkout, checkout.with_name("moved"), symlinks=True)
    done = dev(moved, "hub")
    assert "making .venv" in done.stdout
    assert json.loads((moved / ".venv" / "installed.json").read_text())["folder"] == str(moved / ".venv")


def test_two_at_once_install_once(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv", ignore_errors=True)
    command = [sys.executable, str(checkout / "dev"), "hub"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("making .venv" in output for output in outputs) == 1
    assert all("ran hub" in output for output in outputs)


def test_test_runs_every_step_and_says_how_long_each_took(checkout: Path) -> None:
    done = dev(checkout, "test")
    assert done.returncode == 0
    assert [line.split()[0] for line in ran(done)] == ["ruff", "ruff", "mypy", "lint-imports", "pytest"]
    assert ran(done)[-1].startswith("pytest -n ")
    summary = done.stdout.splitlines()[-5:]
    assert [line.split()[0] for line in summary] == ["lint", "format", "types", "layers", "tests"]
    assert all(line.endswith("s  ok") for line in summary)


def test_test_stops_at_the_first_step_that_fails(checkout: Path) -> None:
    done = dev(checkout, "test", FAILING="mypy")
    assert done.returncode == 1
    assert [line.split()[0] for line in ran(done)] == ["ruff", "ruff", "mypy"]
    assert done.stdout.splitlines()[-1].endswith("FAILED (3)")


def test_test_with_arguments_is_pytest_alone(checkout: Path) -> None:
    assert ran(dev(checkout, "test", "-k", "two words")) == ["pytest -k two words"]
    assert dev(checkout, "test", "tests", FAILING="pytest").returncode == 3


def test_check_is_everything_but_the_tests(checkout: Path) -> None:
    assert [line.split()[0] for line in ran(dev(checkout, "check"))] == [
        "ruff",
        "ruff",
        "mypy",
        "lint-imports",
    ]


def test_soak_picks_the_long_runs(checkout: Path) -> None:
    assert ran(dev(checkout, "soak", "-x")) == ["pytest -m soak --timeout 3600 -x"]


def test_bench_runs_all_of_them_or_those_that_are_named(checkout: Path) -> None:
    everything = dev(checkout, "bench")
    assert everything.returncode == 1
    assert "fast" in everything.stdout
    assert [line.split()[0] for line in everything.stdout.splitlines()[-2:]] == ["good", "slow"]
    assert dev(checkout, "bench", "good").returncode == 0
    assert "there are: good, slow" in dev(checkout, "bench", "_shared").stderr


def test_ctrl_c_goes_straight_to_the_hub(checkout: Path) -> None:
    dev(checkout, "hub")
    with subprocess.Popen(
        [sys.executable, str(checkout / "dev"), "up"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ran hub up\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "stopped cleanly\n"
    assert process.returncode == 0


def test_an_old_python_is_told_which_one_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; .* is 3\.10"):
        as_module().main()


def test_a_python_without_ensurepip_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = as_module()
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"apt-get install python3\.\d+-venv"):
        module.make_venv(tmp_path / "venv")
    assert not (tmp_path / "venv").exists()
