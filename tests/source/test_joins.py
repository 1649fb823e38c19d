"""Joins that say all they must: values of their own, a choice among several partners, and nothing left to chance."""

from dataclasses import replace

import pytest
from tests.small_simpeg import ANI, BUDI, KURSUS, Follower, Simpeg, add_kursus, kursus

from simpeg_sync.domain.change import Nip, SeveralPartners, source_key
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.conditions import ColumnTest, Condition
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import Feed, Join, Pick
from simpeg_sync.mapping.render import Gone, Unready, render
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import watched

ONE = source_key(["1"])
FILES = (
    "CREATE TABLE files (nip VARCHAR(18), jenis CHAR(5), subjenis VARCHAR(20), filename VARCHAR(50), verified INTEGER)",
    f"INSERT INTO files VALUES ('{ANI}', 'SK', '1', 'sk.pdf', 1), ('{ANI}', 'FOTO', '1', 'foto.jpg', 1)",
    f"INSERT INTO files VALUES ('{ANI}', 'SK', '2', 'lain.pdf', 1), ('{BUDI}', 'SK', '1', 'budi.pdf', 1)",
)
WITH_FILE = replace(
    KURSUS,
    fields={"f": Column("f.filename")},
    joins=(Join("files", "f", (("nip", "nip"), ("subjenis", "id")), (("jenis", "SK"),)),),
)
NEWEST = replace(KURSUS, fields={"f": Column("s.nama")}, joins=(Join("sk", "s", (("nip", "nip"),), (), Pick("tmt")),))


@pytest.fixture
def office(simpeg: Simpeg) -> Simpeg:
    simpeg.run(*FILES, add_kursus(1), add_kursus(2), add_kursus(3, nip=BUDI))
    return simpeg


def read(simpeg: Simpeg, feed: Feed, column: str, *ids: int) -> list[object]:
    keys = [source_key([str(id_)]) for id_ in ids]
    found = simpeg.source().read(feed, keys)
    return [found[key][column] for key in keys]


def test_a_shared_table_is_joined_by_a_value_and_by_columns_of_another_type(office: Simpeg) -> None:
    office.source().check(WITH_FILE, deep=True)
    assert read(office, WITH_FILE, "f.filename", 1, 2, 3) == ["sk.pdf", "lain.pdf", None]


def test_one_table_joined_twice_by_two_values(office: Simpeg) -> None:
    both = (*WITH_FILE.joins, Join("files", "g", (("nip", "nip"), ("subjenis", "id")), (("jenis", "FOTO"),)))
    feed = replace(WITH_FILE, fields={"f": Column("f.filename"), "g": Column("g.filename")}, joins=both)
    assert read(office, feed, "f.filename", 1) + read(office, feed, "g.filename", 1) == ["sk.pdf", "foto.jpg"]


@pytest.mark.parametrize(("column", "value", "found"), [("verified", "1", True), ("verified", "0", False)])
def test_a_value_may_be_a_number(office: Simpeg, column: str, value: str, found: bool) -> None:
    join = replace(WITH_FILE.joins[0], where=(("jenis", "SK"), (column, value)))
    assert read(office, replace(WITH_FILE, joins=(join,)), "f.filename", 1) == ["sk.pdf" if found else None]


@pytest.mark.parametrize("value", ["SK", "1.5", "", "9" * 40])
def test_a_value_that_a_column_cannot_have_is_named(office: Simpeg, value: str) -> None:
    feed = replace(WITH_FILE, joins=(replace(WITH_FILE.joins[0], where=(("verified", value),)),))
    for work in (lambda: office.source().check(feed), lambda: office.source().read(feed, [ONE])):
        with pytest.raises(SourceUnfit, match="join f asks verified for a value that a column of its type cannot have"):
            work()


def test_a_yes_or_no_is_asked_for_by_number(pg: Simpeg) -> None:
    pg.run(
        "CREATE TABLE files (nip VARCHAR(18), sah BOOLEAN, filename VARCHAR(50))",
        f"INSERT INTO files VALUES ('{ANI}', true, 'ya'), ('{ANI}', false, 'tidak')", add_kursus(1),
    )  # fmt: skip
    feed = replace(WITH_FILE, joins=(Join("files", "f", (("nip", "nip"),), (("sah", "0"),)),))
    pg.source().check(feed)
    assert read(pg, feed, "f.filename", 1) == ["tidak"]
    wrong = replace(feed, joins=(replace(feed.joins[0], where=(("sah", "Y"),)),))
    with pytest.raises(SourceUnfit, match="join f asks sah for a value"):
        pg.source().check(wrong)


def test_a_changed_partner_marks_its_row_and_a_row_of_another_kind_does_not(office: Simpeg) -> None:
    office.feeds = (WITH_FILE,)
    office.install()
    follower = Follower(office)
    office.run("UPDATE files SET filename = 'baru.pdf' WHERE jenis = 'SK' AND subjenis = '2'")
    assert follower.look() == kursus(2)
    office.run("UPDATE files SET filename = 'baru.jpg' WHERE jenis = 'FOTO'")
    assert follower.look() == set()
    office.run(f"UPDATE files SET jenis = 'SK' WHERE jenis = 'FOTO' AND nip = '{ANI}'")
    assert follower.look() == kursus(1)
    office.run(f"DELETE FROM files WHERE nip = '{ANI}' AND subjenis = '2'")
    assert follower.look() == kursus(2)


@pytest.mark.parametrize(
    ("told", "asked", "may"),
    [
        ("SK", "SK", True), ("sk", "SK", True), ("SK  ", "SK", True), ("FOTO", "SK", False), ("1.00", "1", True),
        ("2", "1", False), ("true", "1", True), ("f", "1", False), ("Sḱ", "SK", True), (None, "SK", False),
    ],
)  # fmt: skip
def test_only_what_surely_differs_is_passed_over(told: str | None, asked: str, may: bool) -> None:
    feed = replace(WITH_FILE, joins=(replace(WITH_FILE.joins[0], where=(("jenis", asked),)),))
    watch = watched([feed])["files"]
    assert watch.columns == ("jenis", "nip", "subjenis")
    assert watch.roads[0].may_concern({"jenis": told}) is may
    assert watch.roads[0].may_concern({}), "what a log does not tell restricts nothing"


def test_numbers_and_texts_are_joined_exactly(simpeg: Simpeg) -> None:
    """The 18 digits of a NIP are more than a float holds: a neighbour's must not be found."""
    simpeg.run(
        "CREATE TABLE orang (nip BIGINT, nama VARCHAR(20))",
        f"INSERT INTO orang VALUES ({ANI}, 'Ani'), ({int(ANI) + 1}, 'Siti')", add_kursus(1),
        add_kursus(2, nip="?"),
    )  # fmt: skip
    feed = replace(KURSUS, fields={"n": Column("o.nama")}, joins=(Join("orang", "o", (("nip", "nip"),)),))
    simpeg.source().check(feed, deep=True)
    assert read(simpeg, feed, "o.nama", 1, 2) == ["Ani", None]
    simpeg.feeds = (feed,)
    simpeg.install()
    follower = Follower(simpeg)
    simpeg.run(f"UPDATE orang SET nama = 'Ani Rahma' WHERE nip = {ANI}")
    assert ("kursus", ONE) in follower.look()


def with_several(simpeg: Simpeg) -> None:
    simpeg.run(
        "CREATE TABLE sk (nip VARCHAR(18), tmt DATE, nama VARCHAR(20))",
        f"INSERT INTO sk VALUES ('{ANI}', '2020-01-01', 'lama'), ('{ANI}', '2024-01-01', 'baru'), ('{ANI}', NULL, 'x')",
        f"INSERT INTO sk VALUES ('{BUDI}', NULL, 'budi')", add_kursus(1), add_kursus(2, nip=BUDI),
    )  # fmt: skip


def test_several_partners_hold_the_record_and_name_the_join(simpeg: Simpeg) -> None:
    with_several(simpeg)
    feed = replace(NEWEST, joins=(*KURSUS.joins, replace(NEWEST.joins[0], pick=None)))
    simpeg.source().check(feed, deep=True)
    found = simpeg.source().read(feed, [ONE, source_key(["2"])])
    assert render(feed, found[ONE]) == Unready("join.several", "s", Nip(ANI))
    assert found[source_key(["2"])]["s.nama"] == "budi", "others go on"
    assert simpeg.source().persons(feed, [ONE]) == {ONE: ANI}


def test_what_does_not_belong_to_the_feed_is_not_held_for_its_partners(simpeg: Simpeg) -> None:
    with_several(simpeg)
    several = replace(NEWEST, joins=(replace(NEWEST.joins[0], pick=None),))
    feed = replace(several, scope=Condition(((ColumnTest("jenis", one_of=("F",)),),)))
    assert render(feed, simpeg.source().read(feed, [ONE])[ONE]) == Gone("row.out_of_scope")
    by_partner = replace(several, scope=Condition(((ColumnTest("s.nama", one_of=("lama",)),),)))
    row = simpeg.source().read(by_partner, [ONE])[ONE]
    assert isinstance(row, SeveralPartners) and "s.nama" not in row
    assert render(by_partner, row) == Unready("join.several", "s")


@pytest.mark.parametrize(("newest", "name"), [(True, "baru"), (False, "lama")])
def test_the_feed_may_say_which_partner_counts(simpeg: Simpeg, newest: bool, name: str) -> None:
    with_several(simpeg)
    feed = replace(NEWEST, joins=(replace(NEWEST.joins[0], pick=Pick("tmt", newest)),))
    simpeg.source().check(feed, deep=True)
    assert read(simpeg, feed, "s.nama", 1, 2) == [name, "budi"]
    page = simpeg.source().page(feed, after=None, until=None, size=10)
    assert [key for key, _ in page] == [ONE, source_key(["2"])]


def test_two_that_are_equally_new_hold_the_record(simpeg: Simpeg) -> None:
    with_several(simpeg)
    simpeg.run(f"INSERT INTO sk VALUES ('{ANI}', '2024-01-01', 'baru juga')")
    assert render(NEWEST, simpeg.source().read(NEWEST, [ONE])[ONE]) == Unready("join.several", "s", Nip(ANI))


def test_a_chosen_partner_that_changes_marks_the_row(simpeg: Simpeg) -> None:
    with_several(simpeg)
    simpeg.feeds = (NEWEST,)
    simpeg.install(LogSettings())
    follower = Follower(simpeg)
    simpeg.run(f"INSERT INTO sk VALUES ('{ANI}', '2025-01-01', 'terbaru')")
    assert follower.look() == kursus(1)
