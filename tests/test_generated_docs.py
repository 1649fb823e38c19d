"""Pages written by scripts say what the program says today; a stale page fails here."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from simpeg_sync.reasons import REASONS

TOP = Path(__file__).parents[1]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOP / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "file"), [("state_diagram", "states.md"), ("reason_catalogue", "reasons.md")])
def test_the_page_is_what_the_script_writes_today(name: str, file: str) -> None:
    written = (TOP / "docs" / file).read_text(encoding="utf-8")
    assert written == script(name).page(), f"run: python scripts/{name}.py > docs/{file}"


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
