"""What an editor is told: it accepts whatever the reader accepts, and refuses misspelt words as the reader does."""

import json
from pathlib import Path

import pytest
from tests.config.conftest import Region
from tests.config.schemas import refusals

from simpeg_sync import wiring
from simpeg_sync.config.document import read_yaml
from simpeg_sync.config.grammar import VERBS
from simpeg_sync.config.schema import FEED_FILE, MODELINE, SETTINGS_FILE
from simpeg_sync.config.words import WORDS

TOP = Path(__file__).parents[2]
FEED_FILES = sorted([*TOP.glob("config/feeds/*"), *TOP.glob("src/simpeg_sync/demo/config/feeds/*.yaml")])


@pytest.mark.parametrize(("name", "feed"), [(SETTINGS_FILE, False), (FEED_FILE, True)])
def test_the_shipped_schema_is_what_the_program_prints_today(name: str, feed: bool) -> None:
    shipped = (TOP / "config" / "schema" / name).read_text(encoding="utf-8")
    option = " --feed" if feed else ""
    hint = f"run: simpeg-sync config schema{option} > config/schema/{name}"
    assert shipped == wiring.editor_schema(feed=feed), hint


def test_every_verb_of_the_reader_has_its_words_in_the_schema() -> None:
    assert VERBS.keys() == WORDS.keys()


@pytest.mark.parametrize("path", FEED_FILES, ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_shipped_feeds_are_accepted(path: Path) -> None:
    assert refusals(read_yaml(path).data, feed=True) == []


def test_the_shipped_settings_are_accepted() -> None:
    assert refusals(read_yaml(TOP / "config" / "simpeg-sync.yaml").data, feed=False) == []


def test_shipped_files_name_their_schema() -> None:
    for path in [TOP / "config" / "simpeg-sync.yaml", *TOP.glob("config/feeds/*")]:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert first.startswith(MODELINE)
        named = (path.parent / first.removeprefix(MODELINE)).resolve()
        assert json.loads(named.read_text(encoding="utf-8"))["$schema"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("target: kursus", "target: kursuss"),
        ("natural_key: [nomorSertipikat]\n", ""),
        ("key: [id]\n", ""),
        ("key: [id]", "key: [id]\nidentity: [nomor]"),
        ("  jumlahJam:", "  jumlahJm:"),
        ("natural_key: [nomorSertipikat]", "natural_key: [nomorSertifikat]"),
        ("verified:", "verifed:"),
        ("{integer: jam}", "{intger: jam}"),
        ("{integer: jam}", "{integer: jam, round: up}"),
        ("{integer: jam}", "{integer: [jam]}"),
        ("{integer: jam}", "[jam]"),
        ("{integer: jam}", "{first: jam}"),
        ("{integer: jam}", "{integer: jam, year: tgl}"),
        ("{integer: jam}", "{integer: jam, as_text: ja}"),
        ("{integer: jam}", "{when: [{if: {a: 1}}]}"),
        ("{integer: jam}", "{split: jam, part: 1}"),
        ("{integer: jam}", "{code: jam}"),
        ("verified: {status: 2}", "verified: {status: {nt: 2}}"),
        ("verified: {status: 2}", "verified: {status: []}"),
        ("verified: {status: 2}", "verified: status"),
        ("verified: {status: 2}", "verified:"),
        ("    as: p", "    as: p q"),
        ("natural_key:", "delete: perhaps\nnatural_key:"),
        ("natural_key:", "document: {file: a}\nnatural_key:"),
        ("natural_key:", 'document: {file: a, directory: b, kind: "872"}\nnatural_key:'),
    ],
)
def test_what_is_wrong_in_a_feed_is_refused_by_the_reader_and_by_the_editor(region: Region, old: str, new: str) -> None:
    assert refusals(read_yaml(region.folder / "feeds/kursus.yaml").data, feed=True) == []
    region.spoil_feed(old, new)
    assert region.problems()
    assert refusals(read_yaml(region.folder / "feeds/kursus.yaml").data, feed=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("region: contoh", "regio: contoh"),
        ("region: contoh", ""),
        ("  url: sqlite:///simpeg.db", "  urll: sqlite:///simpeg.db"),
        ("bkn:", "bkn:\n  calls_in_flight: many"),
        ("bkn:", "bkn:\n  calls_in_flight: 0"),
        ("bkn:", "bkn:\n  call_limit: soon"),
        ("bkn:", "bkn:\n  dialect: sias"),
        ("bkn:", "bkn:\n  choices: {penailan: Penilayan}"),
        ("https://bkn.contoh.example/api", "ftp://bkn.contoh.example/api"),
        ("  url: sqlite:///simpeg.db", "  url: sqlite:///simpeg.db\n  capture: log"),
    ],
)
def test_what_is_wrong_in_settings_is_refused_by_the_reader_and_by_the_editor(
    region: Region, old: str, new: str
) -> None:
    region.spoil(old, new)
    assert region.problems()
    assert refusals(read_yaml(region.folder / "s.yaml").data, feed=False)


def test_a_section_that_holds_only_comments_is_accepted(region: Region) -> None:
    region.spoil("ledger:", "timing:\n  # settle: 180 s\nledger:")
    assert region.read().settings.timing.settle == 180
    assert refusals(read_yaml(region.folder / "s.yaml").data, feed=False) == []


def test_an_editor_shows_what_each_word_is_for() -> None:
    """The template's own comments, so that they are written once."""
    settings = json.loads(wiring.editor_schema(feed=False))
    assert "Calls under way" in settings["$defs"]["BknSettings"]["properties"]["calls_in_flight"]["description"]
    assert "region" in settings["properties"]
    feed = json.loads(wiring.editor_schema(feed=True))
    assert [word for word, one in feed["properties"].items() if not one.get("description")] == []
