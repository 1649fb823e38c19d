"""What is not code must be in the wheel too: an installed program has no project folder beside it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_migrations_are_in_the_wheel(names: set[str]) -> None:
    wanted = {f"simpeg_sync/{path.relative_to(TOP)}" for path in TOP.glob("migrations/**/*.py")}
    assert wanted
    assert wanted <= names


def test_all_files_of_the_package_are_in_the_wheel(names: set[str]) -> None:
    """Also the tables of the reads and of the simulator, and the feeds of the demo."""
    files = [path for path in (TOP / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    wanted = {str(path.relative_to(TOP / "src")) for path in files}
    tables = {"simpeg_sync/bkn/reads/reads.json", "simpeg_sync/simulator/fields.json"}
    assert tables | {"simpeg_sync/demo/config/feeds/kursus.yaml"} <= wanted
    assert wanted - names == set()


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names} == {"simpeg_sync", "simpeg_sync-0.1.0.dist-info"}
    assert [name for name in names if name.endswith(".pyc")] == []


def test_the_licence_goes_with_it(names: set[str]) -> None:
    assert "simpeg_sync-0.1.0.dist-info/licenses/LICENSE" in names
