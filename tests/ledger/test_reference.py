"""Pulling BKN's code tables into a real ledger: killed anywhere, the next pull goes on there, without loss or double.

Sources: bkn-api section 4 for the addresses, the envelope and its oddities.
"""

import signal
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text

from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.codes import ReferenceTable
from simpeg_sync.bkn.exchange import Exchange, Exchanged, NoAnswer
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.reference import RESTARTS_MAX, UNOR, ReferencePuller
from simpeg_sync.bkn.refusals import Keys
from simpeg_sync.bkn.siasn import SCHEME
from simpeg_sync.bkn.tokens import Tokens
from simpeg_sync.clock import Clock
from simpeg_sync.domain.errors import BknAnswersBadly, BknDown, LedgerBusy, LoginRefused
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.reference import Pull, ReferenceCodes
from simpeg_sync.secret import Secret
from tests.adapters.reference_api import BASE, REFERENCE, ReferenceApi, as_json, rows, served

from .desk import ManualClock, child

GOLONGAN = ReferenceTable("golongan", "nama")
PAGE = 3


@pytest.fixture
def engine(url: str) -> Engine:
    return open_engine(url)


@pytest.fixture
def store(engine: Engine) -> ReferenceCodes:
    return ReferenceCodes(engine, ManualClock())


def puller_of(
    exchange: Exchange,
    store: ReferenceCodes,
    *,
    on_page: Callable[[str, int, int | None], None] = lambda table, rows, expected: None,
    only_apim: bool = False,
) -> ReferencePuller[Pull]:
    clock = Clock()
    keys: Keys = {"apim": Secret("fake-apim"), "sso": Secret("fake-sso")}
    tokens = Tokens(exchange, clock, keys, scheme=SCHEME, deadline_s=1.0, on_event=lambda token, what: None)
    calls = Calls(exchange, tokens, Gate(clock, per_second=1000.0, in_flight=1), clock, 5.0)
    of_reference = Calls(exchange, tokens, calls.gate, clock, 5.0, ("apim",)) if only_apim else calls
    return ReferencePuller(store, calls, BASE, of_reference, REFERENCE, on_page, PAGE)


def stored(engine: Engine, table: str = "golongan", *, gone: bool = False) -> dict[str, str]:
    query = f"SELECT code, label FROM reference_codes WHERE table_name = :t AND gone_at IS {'NOT' if gone else ''} NULL"
    with engine.connect() as connection:
        return {row.code: row.label for row in connection.execute(text(query), {"t": table})}


def as_stored(listed: list[dict[str, Any]]) -> dict[str, str]:
    return {row["id"]: row["nama"] for row in listed}


# ----------------------------------------------------------------------------------------------------- a whole pull


@pytest.mark.parametrize("has_count", [True, False], ids=["count", "no count"])
@pytest.mark.parametrize("rows_max", [1, 2, 3, 1000], ids=lambda most: f"{most} a page")
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7])
def test_every_row_arrives_once_whatever_the_server_makes_of_the_limit(
    sqlite_url: str, count: int, rows_max: int, has_count: bool
) -> None:
    engine = open_engine(sqlite_url)
    store = ReferenceCodes(engine, ManualClock())
    api = ReferenceApi({"golongan": rows(count)}, has_count=has_count, rows_max=rows_max)
    assert puller_of(api, store).pull(GOLONGAN) == count
    assert stored(engine) == as_stored(rows(count))
    offsets = [offset for _, _, offset in api.asked]
    assert offsets == sorted(set(offsets))
    assert len(offsets) <= count // min(rows_max, PAGE) + 2
    pull = store.pull("golongan")
    assert pull is not None and (pull.complete_count, store.is_complete("golongan")) == (count, True)
    engine.dispose()


def test_the_unit_tree_comes_from_the_base_address_in_capitals_and_without_its_leaders(
    engine: Engine, store: ReferenceCodes
) -> None:
    unit = {"Id": "u-1", "NamaUnor": "Dinas Rekaan", "DiatasanId": None, "EselonId": "22", "PemimpinPnsId": "x" * 32}
    camel = {"id": "u-2", "namaUnor": "Bidang Rekaan", "diatasanId": "u-1", "eselonId": ""}
    api = ReferenceApi({"ref-unor": [unit, camel]})
    puller_of(api, store).pull(UNOR)
    assert stored(engine, "ref-unor") == {"u-1": "Dinas Rekaan", "u-2": "Bidang Rekaan"}
    with engine.connect() as connection:
        more = connection.execute(text("SELECT more FROM reference_codes ORDER BY code")).scalars().all()
    assert more == ['{"eselonId":"22"}', '{"diatasanId":"u-1"}']


def test_a_label_may_have_a_name_of_its_own_and_a_number_is_a_code_too(engine: Engine, store: ReferenceCodes) -> None:
    api = ReferenceApi(
        {"jenis-diklat": [{"id": 7, "jenis_diklat": " Sosialisasi "}, {"ID": "8", "jenis_diklat": None}]}
    )
    puller_of(api, store).pull(ReferenceTable("jenis-diklat", "jenis_diklat"))
    assert stored(engine, "jenis-diklat") == {"7": "Sosialisasi", "8": ""}


def test_no_text_is_too_odd_for_the_ledger(engine: Engine, store: ReferenceCodes) -> None:
    odd = {"id": "a\0b", "nama": "\ud800x" * 1000, "list": [1], "more": "y" * 10_000}
    puller_of(ReferenceApi({"golongan": [odd]}), store).pull(GOLONGAN)
    assert [(code, len(label)) for code, label in stored(engine).items()] == [("ab", 500)]


@pytest.mark.parametrize(("only_apim", "headers"), [(False, {"authorization", "auth"}), (True, {"authorization"})])
def test_the_reference_api_gets_both_tokens_or_the_gateways_alone(
    store: ReferenceCodes, only_apim: bool, headers: set[str]
) -> None:
    api = ReferenceApi({"golongan": rows(1), "ref-unor": [{"id": "u"}]}, needs=("authorization",))
    puller_of(api, store, only_apim=only_apim).pull(GOLONGAN)
    assert {"authorization", "auth"} & set(api.headers[-1]) == headers
    puller_of(api, store, only_apim=only_apim).pull(UNOR)
    assert {"authorization", "auth"} <= set(api.headers[-1])


def test_a_reference_api_that_misses_the_token_we_do_not_send_is_no_refused_login(store: ReferenceCodes) -> None:
    with pytest.raises(BknDown):
        puller_of(ReferenceApi({"golongan": rows(1)}), store, only_apim=True).pull(GOLONGAN)


# ------------------------------------------------------------------------------------------------------- new pulls


def test_a_row_that_a_whole_new_pull_did_not_see_is_marked_gone_and_may_come_back(
    engine: Engine, store: ReferenceCodes
) -> None:
    for listed, gone in ((rows(4), {}), (rows(3, start=2), as_stored(rows(1))), (rows(4), {})):
        puller_of(ReferenceApi({"golongan": listed}), store).pull(GOLONGAN)
        assert (stored(engine), stored(engine, gone=True)) == (as_stored(listed), gone)
        assert store.has("golongan", "0001") is not bool(gone)


def test_while_a_new_pull_runs_the_old_one_still_makes_the_table_complete(store: ReferenceCodes) -> None:
    puller_of(ReferenceApi({"golongan": rows(4)}), store).pull(GOLONGAN)
    dying = ReferenceApi({"golongan": rows(4)}, instead=lambda _, n: NoAnswer(True, "reset") if n > 1 else None)
    with pytest.raises(BknDown):
        puller_of(dying, store).pull(GOLONGAN)
    assert store.is_complete("golongan")
    assert all(store.has("golongan", row["id"]) for row in rows(4))


def test_a_restart_forgets_how_far_the_broken_pull_had_come(engine: Engine, store: ReferenceCodes) -> None:
    with pytest.raises(BknDown):
        puller_of(broken_after(1), store).pull(GOLONGAN)
    api = ReferenceApi({"golongan": rows(4, start=2)})
    assert puller_of(api, store).pull(GOLONGAN, restart=True) == 4
    assert api.asked[0][2] == 0
    assert (stored(engine), stored(engine, gone=True)) == (as_stored(rows(4, start=2)), as_stored(rows(1)))


# ------------------------------------------------------------------------------------------------------- broken off


def broken_after(pages: int) -> ReferenceApi:
    def instead(_: str, number: int) -> Exchanged | None:
        return NoAnswer(True, "reset") if number > pages else None

    return ReferenceApi({"golongan": rows(10)}, instead=instead)


@pytest.mark.parametrize("pages", range(4))
def test_a_pull_that_loses_bkn_at_any_page_goes_on_there(engine: Engine, store: ReferenceCodes, pages: int) -> None:
    with pytest.raises(BknDown):
        puller_of(broken_after(pages), store).pull(GOLONGAN)
    assert len(stored(engine)) == pages * PAGE
    assert not store.is_complete("golongan")
    api = ReferenceApi({"golongan": rows(10)})
    assert puller_of(api, store).pull(GOLONGAN) == 10
    assert [offset for _, _, offset in api.asked] == list(range(pages * PAGE, 10, PAGE))
    assert stored(engine) == as_stored(rows(10))


class Killed(BaseException):
    """As a process ends: nothing of ours catches it."""


@pytest.mark.parametrize("pages", range(1, 5))
def test_a_pull_that_dies_after_any_page_goes_on_there(engine: Engine, store: ReferenceCodes, pages: int) -> None:
    left = [pages]

    def die(table: str, so_far: int, expected: int | None) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    with pytest.raises(Killed):
        puller_of(ReferenceApi({"golongan": rows(10)}), store, on_page=die).pull(GOLONGAN)
    assert not store.is_complete("golongan")
    api = ReferenceApi({"golongan": rows(10)})
    assert puller_of(api, store).pull(GOLONGAN) == 10
    assert api.asked[0][2] == min(pages * PAGE, 10)
    assert stored(engine) == as_stored(rows(10))
    pull = store.pull("golongan")
    assert pull is not None and (pull.number, pull.complete_count) == (1, 10)


PULL = """
import os, sys
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.codes import ReferenceTable
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.reference import ReferencePuller
from simpeg_sync.bkn.siasn import SCHEME
from simpeg_sync.bkn.tokens import Tokens
from simpeg_sync.clock import Clock
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.reference import ReferenceCodes
from simpeg_sync.secret import Secret
url, base, pages = sys.argv[1], sys.argv[2], int(sys.argv[3])
exchange, clock, seen = HttpxExchange(), Clock(), []
keys = {"apim": Secret("fake-apim"), "sso": Secret("fake-sso")}
tokens = Tokens(exchange, clock, keys, scheme=SCHEME, deadline_s=5.0, on_event=lambda *_: None)
calls = Calls(exchange, tokens, Gate(clock, per_second=1000.0, in_flight=1), clock, 5.0)
def die(*page):
    seen.append(page)
    if len(seen) == pages:
        os.kill(os.getpid(), 9)
ReferencePuller(ReferenceCodes(open_engine(url), clock), calls, base, calls, base, die, 3).pull(
    ReferenceTable("golongan", "nama"))
"""


def test_a_process_that_is_killed_at_every_page_comes_to_the_end_all_the_same(
    url: str, engine: Engine, store: ReferenceCodes
) -> None:
    api = ReferenceApi({"golongan": rows(10)})
    with served(api) as base:
        codes = []
        for _ in range(6):
            with child(PULL, url, base, "1") as process:
                process.communicate(timeout=30)
            codes.append(process.returncode)
            if process.returncode == 0:
                break
    # Four pages, each the last deed of its process; the fifth finds the list at its end.
    assert codes == [-signal.SIGKILL] * 4 + [0]
    assert [offset for _, _, offset in api.asked] == [0, 3, 6, 9, 10]
    assert stored(engine) == as_stored(rows(10))
    assert store.is_complete("golongan")


def test_of_two_pulls_of_one_table_only_one_goes_on(engine: Engine, store: ReferenceCodes) -> None:
    first = store.begin("golongan")
    second = store.begin("golongan")
    assert store.take_page(first, [("11", "I/a", {})], rows=1, expected=2) is not None
    with pytest.raises(LedgerBusy, match="golongan"):
        store.take_page(second, [("12", "I/b", {})], rows=1, expected=2)
    with pytest.raises(LedgerBusy):
        store.finish(second)
    assert stored(engine) == {"11": "I/a"}


# ----------------------------------------------------------------------------------------------------- odd answers


@pytest.mark.parametrize(
    ("api", "complaint"),
    [
        (ReferenceApi({"golongan": rows(10)}, takes_offset=False), "same page again at offset 3"),
        (ReferenceApi({"golongan": rows(10)}, takes_offset=False, has_count=False), "same page again at offset 3"),
        (ReferenceApi({"golongan": rows(2)}, takes_offset=False, has_count=False), "same page again at offset 2"),
        (ReferenceApi({"golongan": []}), "no rows"),
        (ReferenceApi({"golongan": [{"nama": "x"}, {"id": "", "nama": "y"}]}), "have no id"),
        (ReferenceApi({"golongan": rows(5)}, count_is=lambda count: count + 1), "counts 6 rows and gave 5"),
        (ReferenceApi({}), "http.404"),
        (ReferenceApi({}, instead=lambda *_: as_json(200, {"code": 1, "data": ["x"], "message": ""})), "odd_data"),
        (ReferenceApi({}, instead=lambda *_: as_json(200, {"code": 0, "data": "Data tidak ditemukan"})), "no rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_list_that_does_not_add_up_is_an_error_and_never_complete(
    sqlite_url: str, api: ReferenceApi, complaint: str
) -> None:
    store = ReferenceCodes(open_engine(sqlite_url), ManualClock())
    for _ in range(2):
        with pytest.raises(BknAnswersBadly, match=complaint):
            puller_of(api, store).pull(GOLONGAN)
    assert not store.is_complete("golongan")
    assert len(api.asked) <= 8


@pytest.mark.parametrize("count", [2, 3, 9])
def test_a_server_without_limit_and_offset_gives_everything_at_once(sqlite_url: str, count: int) -> None:
    page = as_json(200, {"code": 1, "count": count, "data": rows(count), "message": "success"})
    api = ReferenceApi({}, instead=lambda *_: page)
    store = ReferenceCodes(open_engine(sqlite_url), ManualClock())
    assert puller_of(api, store).pull(GOLONGAN) == count
    assert store.is_complete("golongan")
    assert len(api.asked) <= 2


@pytest.mark.parametrize("word", ["12 rows", -1, True, None, [], "٣"])
def test_a_count_that_is_none_is_as_good_as_missing(sqlite_url: str, word: Any) -> None:
    api = ReferenceApi({"golongan": rows(5)}, count_is=lambda _: word)
    assert puller_of(api, ReferenceCodes(open_engine(sqlite_url), ManualClock())).pull(GOLONGAN) == 5


def test_a_count_may_be_written_as_text(sqlite_url: str) -> None:
    api = ReferenceApi({"golongan": rows(4)}, count_is=str)
    assert puller_of(api, ReferenceCodes(open_engine(sqlite_url), ManualClock())).pull(GOLONGAN) == 4
    assert len(api.asked) == 2


def test_a_row_that_stands_on_two_pages_is_one_code(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    listed = [*rows(3), *rows(3, start=3)]
    api = ReferenceApi({"golongan": listed}, has_count=False)
    assert puller_of(api, ReferenceCodes(engine, ManualClock())).pull(GOLONGAN) == 6
    assert stored(engine) == as_stored(rows(5))


def test_a_list_that_changes_under_the_pull_is_read_from_the_beginning(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    api = ReferenceApi({"golongan": rows(8)})

    def shorten(_: str, number: int) -> Exchanged | None:
        if number == 2:
            del api.tables["golongan"][0]
        return None

    api.instead = shorten
    store = ReferenceCodes(engine, ManualClock())
    assert puller_of(api, store).pull(GOLONGAN) == 7
    assert stored(engine) == as_stored(rows(7, start=2))
    assert stored(engine, gone=True) == as_stored(rows(1))


def test_a_list_that_changes_all_the_time_is_given_up(sqlite_url: str) -> None:
    api = ReferenceApi({"golongan": rows(8)})
    grown = iter(range(100, 1000))
    api.count_is = lambda _: next(grown)
    with pytest.raises(BknAnswersBadly, match="changes while it is read"):
        puller_of(api, ReferenceCodes(open_engine(sqlite_url), ManualClock())).pull(GOLONGAN)
    assert len(api.asked) == 2 * (RESTARTS_MAX + 1)


def test_a_list_without_end_is_given_up(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simpeg_sync.bkn.reference.PAGES_MAX", 20)
    api = ReferenceApi({})
    api.instead = lambda _, number: as_json(200, {"code": 1, "data": rows(3, start=number * 3), "message": ""})
    with pytest.raises(BknAnswersBadly, match="does not end after 20 pages"):
        puller_of(api, ReferenceCodes(open_engine(sqlite_url), ManualClock())).pull(GOLONGAN)
    assert len(api.asked) == 20


def test_a_dead_static_token_ends_the_pull_and_keeps_what_is_stored(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    store = ReferenceCodes(engine, ManualClock())
    api = ReferenceApi({"golongan": rows(8)})
    api.instead = lambda _, n: as_json(401, {"message": "invalid or expired jwt"}) if n == 2 else None
    with pytest.raises(LoginRefused):
        puller_of(api, store).pull(GOLONGAN)
    assert len(stored(engine)) == PAGE


def test_a_whole_table_may_come_in_one_page(url: str) -> None:
    many = rows(40_000)
    page = as_json(200, {"code": 1, "count": len(many), "data": many, "message": "success"})
    store = ReferenceCodes(open_engine(url), ManualClock())
    assert puller_of(ReferenceApi({}, instead=lambda *_: page), store).pull(GOLONGAN) == len(many)
    assert store.is_complete("golongan")
