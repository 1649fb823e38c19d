"""How much of SIMPEGs that nobody described is recognised? Measured on invented ones; the floors may only rise."""

import re
import sqlite3
import sys
from pathlib import Path

import pytest

from simpeg_sync import wiring
from simpeg_sync.config.document import read_yaml
from simpeg_sync.discover.drafts import Discovery, FeedDraft
from simpeg_sync.wiring.discovery import first_configuration, write_folder
from tests.config.schemas import refusals
from tests.discover.simpegs import ALL, HELD_OUT, Invented, statements

TABLES_FLOOR, COLUMNS_FLOOR, HELD_OUT_FLOOR = 1.0, 0.95, 0.8


def make(invented: Invented, path: Path) -> str:
    ddl, inserts = statements(invented)
    with sqlite3.connect(path) as connection:
        for one in ddl:
            connection.execute(one)
        for insert, rows in inserts:
            connection.executemany(insert.replace("%s", "?"), rows)
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture(scope="module", params=ALL, ids=lambda one: one.name)
def looked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Invented, Discovery, Path]:
    invented: Invented = request.param
    folder = tmp_path_factory.mktemp(invented.name)
    url = make(invented, folder / "simpeg.db")
    found, files = first_configuration(url, url_file=None, schemas=())
    write_folder(folder / "region", files, force=False)
    return invented, found, folder / "region"


def test_tables_and_columns_are_recognised(looked: tuple[Invented, Discovery, Path]) -> None:
    invented, found, _ = looked
    feeds = {f"{feed.table} {feed.target}": feed for feed in found.feeds}
    tables = [name for name in invented.truth if name in feeds]
    wanted = [(name, field, column) for name, fields in invented.truth.items() for field, column in fields.items()]
    right = [
        (name, field, column) for name, field, column in wanted if name in feeds and _is(feeds[name], field, column)
    ]
    missed = [one for one in wanted if one not in right]
    besides = sorted(set(feeds) - set(invented.truth))
    sys.stdout.write(
        f"\n{invented.name}: tables {len(tables)}/{len(invented.truth)}, columns {len(right)}/{len(wanted)}"
        f"\n  missed: {missed}\n  besides: {besides}\n"
    )
    assert len(tables) / len(invented.truth) >= TABLES_FLOOR
    assert len(right) / len(wanted) >= (HELD_OUT_FLOOR if invented.name in HELD_OUT else COLUMNS_FLOOR)
    assert besides == []
    assert [feed.table for feed in found.feeds if feed.table in invented.quiet] == []


def _is(feed: FeedDraft, field: str, columns: str) -> bool:
    draft = next(one for one in feed.fields if one.name == field)
    if not draft.is_sure:
        return False
    named = set(re.findall(r"[\w.]+", str(draft.expression)))
    on = {
        str(ours)
        for join in feed.joins
        for theirs, ours in join["on"].items()
        if f"{join['as']}." in str(draft.expression)
    }
    return bool((named | on) & set(columns.split("|")))


def test_what_is_written_passes_config_check_and_the_editors_schema(looked: tuple[Invented, Discovery, Path]) -> None:
    _, found, folder = looked
    config = wiring.read_config(folder / "simpeg-sync.yaml")
    assert len(config.feeds) == sum(not feed.why_not for feed in found.feeds) > 0
    assert refusals(read_yaml(folder / "simpeg-sync.yaml").data, feed=False) == []
    for path in folder.glob("feeds/*.yaml"):
        assert refusals(read_yaml(path).data, feed=True) == []


def test_nothing_of_a_person_is_written(looked: tuple[Invented, Discovery, Path]) -> None:
    invented, _, folder = looked
    _, inserts = statements(invented)
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())
    nips = {re.sub(r"\D", "", str(value)) for _, rows in inserts for row in rows for value in row}
    assert [nip for nip in nips if len(nip) == 18 and nip in text] == []
    written = set(re.findall(r"\w+", text))
    assert written & {"Ani", "Budi", "Citra", "Dewi", "Eko"} == set()


def test_the_same_database_gives_the_same_files(looked: tuple[Invented, Discovery, Path]) -> None:
    _, _, folder = looked
    _, files = first_configuration(f"sqlite:///{folder.parent}/simpeg.db", url_file=None, schemas=())
    assert {name: (folder / name).read_text(encoding="utf-8") for name in files} == dict(files)
