"""The template is what a stranger starts from: copied, the suffix removed, secrets created, it has to pass."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from simpeg_sync import cli
from simpeg_sync.config.settings import Settings

TEMPLATE = Path(__file__).parents[1] / "config"
SECRETS = ("source_url", "consumer_key", "consumer_secret", "sso_username", "sso_password")


@pytest.fixture
def my_region(tmp_path: Path) -> Path:
    """What README says: copy the folder, take the suffix away, create the secrets."""
    copy = tmp_path / "my-region"
    shutil.copytree(TEMPLATE, copy)
    for example in copy.rglob("*.example"):
        example.rename(example.with_suffix(""))
    for name in SECRETS:
        (copy / name).write_text("postgresql://simpeg_sync:fake-password@db.contoh.example/simpeg", encoding="utf-8")
    return copy


def check(settings: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["simpeg-sync", "--config", str(settings), "config", "check"])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_copied_template_passes_config_check(
    my_region: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(my_region / "simpeg-sync.yaml", monkeypatch) == 0
    assert capsys.readouterr().out == "the settings are fine; feeds: diklat, kursus\n"


@pytest.mark.parametrize("example", sorted((TEMPLATE / "examples").iterdir()), ids=lambda folder: folder.name)
def test_the_example_regions_pass_config_check_as_they_are(
    example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(example / "simpeg-sync.yaml", monkeypatch) == 0
    assert "jabatan, kursus, pendidikan, skp22" in capsys.readouterr().out


def test_the_template_without_feeds_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(TEMPLATE / "simpeg-sync.yaml", monkeypatch) == 78
    assert "no file matches feeds/*.yaml" in capsys.readouterr().err


def test_every_setting_stands_in_the_template() -> None:
    text = (TEMPLATE / "simpeg-sync.yaml").read_text(encoding="utf-8")
    written = set(re.findall(r"^\s*(?:#\s+)?([a-z_]+):", text, flags=re.MULTILINE))
    assert set(settings_of(Settings)) <= written


def test_every_setting_stands_in_the_reference() -> None:
    text = (TEMPLATE.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in settings_of(Settings) if f"`{name}`" not in text] == []


def settings_of(model: type[BaseModel]) -> list[str]:
    names: list[str] = []
    for name, field in model.model_fields.items():
        names.append(name)
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += settings_of(kind)
    return names


def test_the_program_carries_the_same_template_for_init() -> None:
    """A copy inside the package: what a region changes in its own folder must never get into an image."""
    carried = TEMPLATE.parent / "src" / "simpeg_sync" / "config" / "template.yaml"
    hint = f"cp config/simpeg-sync.yaml {carried.relative_to(TEMPLATE.parent)}"
    assert carried.read_text(encoding="utf-8") == (TEMPLATE / "simpeg-sync.yaml").read_text(encoding="utf-8"), hint
