"""Whatever comes back, even rubbish, gets a meaning and never an exception; and no rubbish is ever taken for a success.

A case is one answer under one status. Hypothesis makes the answers and finds the smallest that fails; every answer is
tried under all the statuses.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simpeg_sync.bkn.classify import (
    Content,
    NotFound,
    ReadFailed,
    Rows,
    meaning_of_download,
    meaning_of_read,
    meaning_of_write,
    rule_of,
)
from simpeg_sync.bkn.exchange import Answer
from simpeg_sync.bkn.identity import foreign
from simpeg_sync.bkn.reads.catalogue import Field, load
from simpeg_sync.bkn.reads.rows import ODDITIES_MAX, TypedRow, typed_row
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import BknError
from simpeg_sync.domain.outcome import Verdict
from simpeg_sync.domain.record import BknId

from .readers import MemoryBkn, reads_of

ID = "0b6c1d7e-1111-4222-8333-444455556666"
NOW = 1_750_910_400.0
STATUSES = (*range(100, 600, 20), 200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503, 504)
ODD_STATUSES = (-1, 0, 99, 299, 600, 999, 10**9)
ANSWERS, ROWS = 420, 60
"""420 answers under 49 statuses are 20,580 cases; each of 2 x 60 objects is read by all 59 reads."""


def fuzz(examples: int) -> settings:
    # A busy machine is no fault of ours.
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow)


assert ANSWERS * len((*STATUSES, *ODD_STATUSES)) >= 20_000

NOT_EXECUTED_RULES = {
    "throttled by the gateway",
    "backend suspended by the gateway",
    "classic token dead",
    "SSO token dead, or of somebody else",
    "SSO token dead, in other wrapping",
    "APIM token dead",
    "APIM token dead, 500 form",
    "login missing, no word which",
    "turned away by Keycloak",
    "not subscribed or not allowed",
    "no such path",
}

# ------------------------------------------------------------------------------------------------------------- answers

REAL: tuple[Any, ...] = (
    {"success": True, "message": "success", "mapData": {"rwKursusId": ID}},
    {"success": "true", "mapData": ID},
    {"success": False, "mapData": None, "message": "Jabatan tidak ditemukan"},
    {"code": 0, "data": None, "message": "5 errors occurred:\n\t* UnorID is required\n\n"},
    {"code": 1, "data": {"dok_id": "881", "dok_uri": "peremajaan/usulan/x.pdf"}, "message": "File berhasil di upload"},
    {"code": 1, "data": {"success": True, "mapData": None}},
    {"code": 1, "count": 2, "data": [{"id": ID, "nipBaru": "199001012020011001", "path": None}], "message": "success"},
    {"code": "1", "data": json.dumps({"id": ID})},
    {"code": 0, "data": "Data tidak ditemukan"},
    {"Error": "true", "Message": "gagal"},
    {"error": "invalid_token", "error_description": "x"},
    {"error": "invalid_grant", "error_description": "Invalid user credentials"},
    {"code": "900901", "message": "Invalid Credentials", "description": "x"},
    {"fault": {"code": 900800, "message": "Message throttled out", "nextAccessTime": "2025-Jun-26 04:05:00+0000 UTC"}},
    {"code": "303001", "message": "Runtime Error", "description": "Currently, address is SUSPENDED"},
    {"message": "invalid or expired jwt"},
    {"code": 0, "data": "Token SSO mismatch"},
    {"message": "Not Found"},
)
KEYS = st.sampled_from(
    ["success", "code", "data", "message", "Message", "Error", "error", "mapData", "fault", "count", "rwKursusId", "id"]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["true", "false", "1", "0", 1, 0, "900901", 900800, "303001", "SUSPENDED", "Runtime Error", ID]),
    st.sampled_from(["Data tidak ditemukan", "Token SSO mismatch", "invalid or expired jwt", "invalid_token"]),
    st.sampled_from(["\ud800", "\0", "2025-Jun-99 04:05:00", 10**400, -1e308, "9" * 400]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5),
    max_leaves=10,
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32-le", "latin-1")
NASTY = (
    b"",
    b"0",
    b"\0",
    b"[" * 100_000,
    b'{"code":' + b"[" * 980 + b"]" * 980 + b"}",
    b'{"data":{"success":' + b"[" * 980 + b"]" * 980 + b"}}",
    b'{"success":true,"success":false}',
    b'{"code":1,"code":0,"data":"Data tidak ditemukan","data":[]}',
    b'{"success":true,"a":' + b"9" * 5000 + b"}",
    b'{"code":1e999,"data":NaN,"count":-Infinity}',
    b'{"message":"\\ud800\\u0000"}',
    b"\xff\xfe\x00\xd8",
    b"\xef\xbb\xbf{}",
    b"%PDF-1.4",
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real envelope after a bad journey: bytes changed, cut, doubled."""
    body = bytearray(json.dumps(draw(st.sampled_from(REAL))).encode())
    for at, byte in draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4)):
        body[at % len(body)] = byte
    start, end = draw(st.integers(0, 20)), draw(st.integers(0, 220))
    return draw(st.sampled_from([bytes(body), bytes(body[:end]), bytes(body[start:]), bytes(body) * 2]))


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A real envelope with other values under its own keys, in any encoding."""
    envelope = {**draw(st.sampled_from(REAL)), **draw(st.dictionaries(KEYS, TREES, max_size=3))}
    return json.dumps(envelope).encode(draw(st.sampled_from(ENCODINGS)))


BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(NASTY),
    mutated(),
    changed(),
    TREES.map(lambda tree: json.dumps(tree).encode()),
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "content-type", "date"]),
    st.text(max_size=30)
    | st.sampled_from(["-1", "9" * 30, "1e9", "NaN", "Thu, 26 Jun 99999999999999999999 04:00:00 GMT"])
    | st.sampled_from(
        ["Mon, 01 Jan 0001 00:00:00 +2359", "Thu, 26 Jun 2025 04:01:30 -9999", "\u0663\u0660", "\0", "0"]
    ),
    max_size=2,
)


def may_be_a_success(body: bytes) -> bool:
    """Said a second time, as simply as possible: the forms in which BKN is known to say yes (bkn-api, section 3)."""

    def yes(value: Any) -> bool:
        return value is True or (isinstance(value, str) and value.lower() == "true")

    fields = json.loads(body)
    data = fields.get("data")
    if isinstance(data, dict) and "success" in data and data["success"] is not None:
        return yes(fields.get("success")) or yes(data["success"])
    says_so = "berhasil di upload" in str(fields.get("message")).lower()
    is_upload = (isinstance(data, dict) or says_so) and fields.get("code") in (1, "1") and "success" not in fields
    return yes(fields.get("success")) or is_upload


def check(status: int, headers: Mapping[str, str], body: bytes) -> None:
    exchanged = Answer(status, headers, body)
    outcome = meaning_of_write(exchanged, id_names=("rwKursusId",), now=NOW)
    rule = rule_of(exchanged, NOW)
    outcome.message.encode()
    outcome.code.encode("ascii")
    assert "\0" not in outcome.message and len(outcome.message) <= 2000
    assert outcome.retry_after_s is None or 0 <= outcome.retry_after_s < float("inf")
    if outcome.verdict is Verdict.ACCEPTED:
        assert 200 <= status < 300
        assert may_be_a_success(body), rule
    if status >= 500:
        assert outcome.verdict in (Verdict.UNCLEAR, Verdict.NOT_EXECUTED), rule
    assert (outcome.verdict is Verdict.NOT_EXECUTED) == (rule in NOT_EXECUTED_RULES), rule
    meaning = meaning_of_read(exchanged, now=NOW)
    assert isinstance(meaning, Rows | NotFound | ReadFailed)
    if isinstance(meaning, Rows):
        assert status == 200
    if isinstance(meaning, ReadFailed):
        assert meaning.outcome.verdict is Verdict.NOT_EXECUTED
    content = meaning_of_download(exchanged, starts=(b"%PDF-",), now=NOW)
    assert isinstance(content, Content | NotFound | ReadFailed)


@fuzz(ANSWERS)
@given(headers=HEADERS, body=BODIES)
@example(headers={}, body=b'{"code":1,"data":{}}')
@example(headers={"retry-after": "Thu, 26 Jun 99999999999999999999 04:00:00 GMT"}, body=b"")
def test_any_answer_under_any_status_has_a_meaning_and_success_needs_its_marker(
    headers: dict[str, str], body: bytes
) -> None:
    for status in (*STATUSES, *ODD_STATUSES):
        check(status, headers, body)


@pytest.mark.parametrize("body", NASTY, ids=lambda body: repr(body[:24]))
def test_what_was_found_to_be_nasty_has_a_meaning_under_every_status(body: bytes) -> None:
    for status in (*STATUSES, *ODD_STATUSES):
        check(status, {}, body)


@pytest.mark.parametrize("body", REAL, ids=lambda body: json.dumps(body)[:40])
def test_what_bkn_really_says_has_a_meaning_under_every_status(body: Any) -> None:
    for status in range(100, 600, 3):
        check(status, {}, json.dumps(body).encode())


# ---------------------------------------------------------------------------------------------------------------- rows


def names_of(fields: tuple[Field, ...]) -> set[str]:
    return {name for field in fields for name in (field.name, *names_of(field.fields))}


ALL_NAMES = sorted({name for read in load().values() for name in names_of(read.fields)})
ROW_VALUES = (
    TREES
    | st.sampled_from(["31-12-2020", "31-02-2020", "0001-01-01T00:00:00Z", "2020-12-31T00:00:00+99:99", "01-01-0001"])
    | st.sampled_from(["2020-12-31T24:00:00Z", "2020-W01-1", "13.250", "1e5", "--1", "٣", " ", "199001012020011001"])
    | st.sampled_from(
        [float("nan"), float("inf"), 1e300, 10**100, 1 << 20_000, True, {"881": None}, {"881": {"slug": []}}]
    )
)
NAME_FORMS = st.sampled_from([str, str.upper, str.lower, str.swapcase])


@dataclass(frozen=True, slots=True)
class Filled:
    """Every field of every read gets one of these values, by turns."""

    values: list[Any]

    def row(self, fields: tuple[Field, ...], shift: int, spell: Any) -> dict[str, Any]:
        return {spell(field.name): self._value(field, number + shift) for number, field in enumerate(fields)}

    def _value(self, field: Field, number: int) -> Any:
        if field.kind == "rows" and number % 2:
            return [self.row(field.fields, number, str), *self.values]
        if field.kind == "row" and number % 2:
            return self.row(field.fields, number, str)
        return self.values[number % len(self.values)]


def check_row(fields: tuple[Field, ...], raw: dict[str, Any]) -> TypedRow:
    row = typed_row(fields, raw)
    assert row.raw is raw
    assert set(row.values) == {field.name for field in fields}
    assert len(row.oddities) <= ODDITIES_MAX
    repr(row).encode()
    foreign(raw, nip=Nip("199001012020011001"), pns_id=BknId(ID))
    assert isinstance(row.id, str | None)
    assert all(isinstance(kind, str) for kind in row.documents)
    return row


@fuzz(ROWS)
@given(values=st.lists(ROW_VALUES, min_size=1, max_size=12), shift=st.integers(0, 12), spell=NAME_FORMS)
def test_any_row_is_typed_by_every_read(values: list[Any], shift: int, spell: Any) -> None:
    for read in load().values():
        check_row(read.fields, Filled(values).row(read.fields, shift, spell))


@fuzz(ROWS)
@given(raw=st.dictionaries(st.sampled_from(ALL_NAMES) | st.text(max_size=6), ROW_VALUES, max_size=8))
def test_any_object_is_typed_by_every_read(raw: dict[str, Any]) -> None:
    for read in load().values():
        check_row(read.fields, raw)


# ------------------------------------------------------------------------------------------------------------ the door


@fuzz(ROWS)
@given(status=st.sampled_from(STATUSES), headers=HEADERS, body=BODIES)
def test_whatever_bkn_answers_the_door_gives_rows_or_an_error_of_bkns(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    reads = reads_of(MemoryBkn(lambda path, query: Answer(status, headers, body)))
    asks: tuple[Callable[[], Any], ...] = (
        lambda: reads.get("data-utama", nipBaru="199001012020011001", pns_id=BknId(ID)),
        lambda: reads.get("kursus-id", idRiwayatKursus=ID),
        lambda: list(reads.pages("ref-unor", limit=10)),
        lambda: reads.photo(BknId(ID)),
    )
    for ask in asks:
        with contextlib.suppress(BknError):
            assert ask() is None or status == 200 or not ask()
