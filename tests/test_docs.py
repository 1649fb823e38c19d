"""The pages say what the program says today; a stale page fails here."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from simpeg_sync.cli import commands
from simpeg_sync.reasons import REASONS

TOP = Path(__file__).parents[1]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOP / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "file"),
    [("state_diagram", "states.md"), ("reason_catalogue", "reasons.md"), ("bkn_coverage", "bkn-coverage.md")],
)
def test_the_page_is_what_the_script_writes_today(name: str, file: str) -> None:
    written = (TOP / "docs" / file).read_text(encoding="utf-8")
    assert written == script(name).page(), f"run: python scripts/{name}.py > docs/{file}"


def test_every_test_that_is_named_as_a_proof_is_there() -> None:
    page = (TOP / "docs" / "invariants.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[a-z_/]+(?:\.py)?)(?:::(\w+))?`", page)
    assert len(named) > 40
    for path, test in named:
        assert (TOP / path).exists(), path
        assert not test or f"def {test}(" in (TOP / path).read_text(encoding="utf-8"), f"{path}::{test}"


def test_the_operators_guide_says_what_to_do_for_every_reason() -> None:
    guide = (TOP / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [code for code in REASONS if f"`{code}`" not in guide] == []


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = [*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("config/**/*.md")]
    broken = [
        f"{page.relative_to(TOP)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_reference_of_commands_knows_every_command_and_option() -> None:
    text = (TOP / "docs" / "cli.md").read_text(encoding="utf-8")
    wanted = [word for command in every_command(commands, "") for word in command]
    assert [word for word in wanted if word not in text] == []


def test_the_reference_of_commands_names_no_option_that_is_not_there() -> None:
    text = (TOP / "docs" / "cli.md").read_text(encoding="utf-8")
    known = {word for command in every_command(commands, "") for word in command} | {"--version", "--help"}
    assert set(re.findall(r"--[a-z][a-z-]*", text)) - known == set()


def every_command(command: click.Command, path: str) -> Iterator[list[str]]:
    """The words of each command: its path, and its visible options."""
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    yield [path.strip(), *(p.opts[-1] for p in options)]
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every_command(inner, f"{path} {name}")


def test_every_recipe_has_its_test() -> None:
    recipes = re.findall(r"^\| (\d+) \|", (TOP / "docs" / "recipes.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    tests = (TOP / "tests" / "mapping" / "test_27_features.py").read_text(encoding="utf-8")
    assert recipes == [str(number) for number in range(1, 28)]
    assert [number for number in recipes if f"def test_{int(number):02}_" not in tests] == []
