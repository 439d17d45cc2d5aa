"""The wheel: built, installed into an empty environment, and used there without make."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
# Also what is only imported when it is needed.
FIND_EVERYTHING = """
import ast, importlib.util, pathlib, sys
for room in ("knowledge", "storage", "handlers", "bot"):
    for file in pathlib.Path(importlib.util.find_spec(room).origin).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names:
                assert importlib.util.find_spec(name), f"{file.name}: {name}"
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "UNGXU_", "COV_"))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_four_rooms_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "knowledge",
        "storage",
        "handlers",
        "bot",
    }
    for data in ("knowledge/documents/qd-874-2021.yaml", "knowledge/lexicon.yaml", "handlers/texts.vi.toml"):
        assert data in names
    assert not any("tests" in name or "benchmarks" in name for name in names)


def asked_for(wheel: Path) -> Iterator[Distribution]:
    """What a wheel asks for and what that asks for, as it is installed here: never more than it says."""
    (metadata,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA"))
    told = email.message_from_bytes(zipfile.ZipFile(wheel).read(metadata))
    waiting = [(Requirement(line), "") for line in told.get_all("Requires-Dist", [])]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted, extra = waiting.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        for own in ("", *wanted.extras):
            if (wanted.name, own) not in seen:
                seen.add((wanted.name, own))
                found = distribution(wanted.name)
                waiting += [(Requirement(line), own) for line in found.requires or []]
                yield found


def lend(found: Distribution, packages: Path) -> None:
    """Let an environment have what is installed in this one."""
    for name in {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}:
        if not (packages / name).exists():
            (packages / name).symlink_to(Path(str(found.locate_file(name))).resolve())


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_it_works_in_an_environment_with_only_what_it_asks_for(wheel: Path, tmp_path: Path) -> None:
    """Nothing is fetched from anywhere for it."""
    assert run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path).returncode == 0
    scripts = tmp_path / "venv" / "bin"
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    for found in asked_for(wheel):
        lend(found, packages)
    assert not (packages / "pytest").exists()
    pip = (scripts / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    installed = run(*pip, "install", "--no-index", "--no-deps", wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    checked = run(*pip, "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    looked = run(scripts / "python", "-c", FIND_EVERYTHING, cwd=tmp_path)
    assert looked.returncode == 0, looked.stderr
    asked = run(scripts / "ungxu", "ask", "--json", "share bai chua kiem chung co sao k", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["citations"][0]["id"] == "qd-874-2021/dieu-4/khoan-4"
    assert run(scripts / "ungxu", "doctor", cwd=tmp_path).returncode == 0
