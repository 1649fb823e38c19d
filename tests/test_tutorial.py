"""Whoever follows docs/tutorial.md sees what it says: its commands are typed, what they print is compared."""

from pathlib import Path

import pytest

from tests.tutorial import Reader, Told, free_ports, tools

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.timeout(300)
def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(DOCS)
    tools(tmp_path)
    reader = Reader(tmp_path, free_ports("8090", "8091"))
    try:
        told = list(reader.follow((DOCS / "tutorial.md").read_text(encoding="utf-8")))
    finally:
        reader.close()
    assert len(told) > 10
    wrong = [f"line {one.line}: {one.missing()} is not among\n{one.printed}" for one in told if one.missing()]
    assert not wrong, "\n\n".join(wrong)


def test_a_page_that_says_something_else_is_found() -> None:
    printed = "plan 1 approved\n3 synced, 0 held\nlast success: 2026-01-31"
    assert Told(1, "plan 1 approved\n...\nlast success: ...\n", printed).missing() == []
    assert Told(1, "plan 2 approved\n3 synced, ...\n", printed).missing() == ["plan 2 approved", "3 synced, ..."]
    assert Told(1, "3 synced, ...\nplan 1 approved\n", printed).missing() == ["plan 1 approved"]
