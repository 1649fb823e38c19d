"""What an answer of BKN means, case by case. Where a rule comes from stands beside it when it is not obvious:
1b, 1c and 3 are sections of bkn-api, rows and 3.1 are the fault matrix.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
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
from simpeg_sync.bkn.exchange import Answer, NoAnswer
from simpeg_sync.domain.outcome import Outcome, TokenName, Verdict

ID = "0b6c1d7e-1111-4222-8333-444455556666"
NOW = 1_750_910_400.0
"""2025-06-26 04:00:00 UTC"""
SUSPENDED = {"code": "303001", "message": "Runtime Error", "description": "Currently, address is SUSPENDED"}


def answer(status: int, body: Any = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def write(status: int, body: Any = b"", **headers: str) -> Outcome:
    return meaning_of_write(answer(status, body, **headers), id_names=("rwKursusId",), now=NOW)


@dataclass(frozen=True)
class Case:
    what: str
    status: int
    body: Any
    verdict: Verdict
    code: str = ""
    dead_token: TokenName | None = None
    stops_all: bool = False
    bkn_id: str | None = None


A, R, N, U = Verdict.ACCEPTED, Verdict.REFUSED, Verdict.NOT_EXECUTED, Verdict.UNCLEAR

BAD_TOKENS = [  # 1b, the table "What bad tokens answer", top to bottom
    Case("APIM token dead", 401, {"code": "900901", "message": "Invalid Credentials"}, N, "wso2.900901", "apim"),
    Case("same, older gateways", 401, {"fault": {"code": 900901, "message": "x"}}, N, "wso2.900901", "apim"),
    Case("no Authorization", 401, {"code": "900902", "message": "Missing Credentials"}, N, "wso2.900902", "apim"),
    Case("not subscribed", 403, {"code": "900908", "message": "Resource forbidden"}, N, "wso2.900908", None, False),
    Case(
        "no such API", 404, {"code": "404", "type": "Status report", "message": "Not Found"}, N, "http.404", None, False
    ),
    Case("no such resource", 404, {"code": "900906", "message": "No matching"}, N, "wso2.900906", None, False),
    Case("quota spent", 429, {"code": "900800", "message": "Message throttled out"}, N, "wso2.900800", None, True),
    Case("quota spent, 900802", 429, {"fault": {"code": 900802}}, N, "wso2.900802", None, True),
    Case("throttled in a 503", 503, {"code": "900803"}, N, "wso2.900803", None, True),  # row 69: 900800 to 900807
    Case("other fault", 401, {"code": "900900"}, N, "wso2.900900", "apim"),
    Case("other fault, 500", 500, {"code": "900900"}, N, "wso2.900900", "apim"),
    # S4: a suspended backend must not trigger a token renewal.
    Case("suspended", 503, SUSPENDED, N, "wso2.303001", None, True),
    Case("suspended, 500", 500, {"fault": SUSPENDED}, N, "wso2.303001", None, True),
    Case("Runtime Error alone", 500, {"message": "Runtime Error"}, U, "http.500"),  # single source: not trusted
    Case("SSO token dead", 401, {"message": "invalid or expired jwt"}, N, "http.401", "sso"),
    Case("SSO of somebody else", 401, {"code": 0, "data": "Token SSO mismatch"}, N, "http.401", "sso"),
    Case("same under 200", 200, {"code": 0, "data": "Token SSO mismatch"}, N, "http.200", "sso"),  # status unknown
    Case("SSO header missing", 400, {"message": "missing or malformed jwt"}, N, "http.400", "sso"),
    # The two are single-source and their status is inferred: the words decide, under any status.
    Case("SSO token dead, 403", 403, {"message": "invalid or expired jwt"}, N, "http.403", "sso"),
    Case("SSO token dead, 200", 200, {"message": "Invalid or expired JWT"}, N, "http.200", "sso"),
    Case("SSO of somebody else, message", 500, {"message": "Token SSO mismatch"}, N, "http.500", "sso"),
    # 1a: integrators of classic SAPK look for `error` in the body, not at the status.
    Case(
        "classic token dead",
        401,
        {"error": "invalid_token", "error_description": "x"},
        N,
        "oauth.invalid_token",
        "sapk",
    ),
    Case("classic token dead, 200", 200, {"error": "invalid_token"}, N, "oauth.invalid_token", "sapk"),
    Case("classic token dead, 400", 400, {"error": "invalid_token"}, N, "oauth.invalid_token", "sapk"),
    Case("classic token dead, 403", 403, {"error": "invalid_token"}, N, "oauth.invalid_token", "sapk"),
    Case("classic token dead, 500", 500, {"error": "invalid_token"}, N, "oauth.invalid_token", "sapk"),
    Case("classic, no token", 401, {"error": "unauthorized", "error_description": "x"}, N, "http.401", "apim"),
    Case(
        "wrong SSO password",
        401,
        {"error": "invalid_grant", "error_description": "x"},
        N,
        "oauth.invalid_grant",
        "apim",
    ),
    Case("Keycloak, 400", 400, {"error": "invalid_grant", "error_description": "x"}, N, "oauth.invalid_grant"),
    Case("Keycloak, client", 400, {"error": "unauthorized_client"}, N, "oauth.unauthorized_client"),
    Case(
        "suspended, XML",
        500,
        b"<am:code>303001</am:code><am:message>Runtime Error</am:message> SUSPENDED",
        N,
        "http.500",
        None,
        True,
    ),
    Case("suspended by its code", 503, {"code": 303001, "message": "Runtime Error"}, N, "wso2.303001", None, True),
    Case("no such route", 404, {"message": "Not Found"}, N, "http.404", None, False),  # Echo's default
    Case("body 0", 200, b"0", U, "http.200"),
    Case("empty body", 200, b"", U, "http.200"),
    Case("empty object", 200, {}, U, "http.200"),
    Case("empty list", 200, [], U, "http.200"),
    Case("binary error body", 200, b"\xff\x00\x17", U, "http.200"),
    Case("401 without a word which", 401, b"", N, "http.401", "apim"),
    Case("403 without a word", 403, b"<html>", N, "http.403", None, False),
]

WRITES = [  # 1c
    Case("created", 200, {"success": True, "message": "success", "mapData": {"rwKursusId": ID}}, A, bkn_id=ID),
    Case("created, 201", 201, {"success": True, "mapData": {"rwKursusId": ID}}, A, bkn_id=ID),
    Case("success as text (keluarga/*)", 200, {"success": "true", "mapData": {"rwKursusId": ID}}, A, bkn_id=ID),
    Case("mapData is the id (SKP)", 200, {"success": True, "mapData": ID}, A, bkn_id=ID),
    Case("old id, 32 hex", 200, {"success": True, "mapData": {"rwKursusId": "8AE4" * 8}}, A, bkn_id="8AE4" * 8),
    Case("no id", 200, {"success": True, "mapData": None}, A),  # row 51: the pipeline reads back
    Case("no mapData", 200, {"success": True}, A),
    Case("mapData is a text", 200, {"success": True, "mapData": "gagal memperbarui riwayat pegawai ini"}, A),
    Case("id of another kind", 200, {"success": True, "mapData": {"rwJabatanId": ID}}, A),
    Case("id that is none", 200, {"success": True, "mapData": {"rwKursusId": "../" * 11}}, A),
    Case("BOM before it", 200, b"\xef\xbb\xbf" + b'{"success": true}', A),
    Case("NaN beside it", 200, b'{"success": true, "mapData": NaN}', A),
    Case(
        "business refusal", 200, {"success": False, "mapData": None, "message": "Jabatan salah"}, R, "bkn.refused.200"
    ),
    Case("refusal as text", 200, {"success": "false", "message": "x"}, R, "bkn.refused.200"),
    Case("refusal, 400", 400, {"success": False, "message": "x"}, R, "bkn.refused.400"),
    Case("validator, 200", 200, {"code": 0, "data": None, "message": "* UnorID is required"}, R, "bkn.required"),
    Case("validator, 400", 400, {"code": "0", "data": None, "message": "* NomorSk is required"}, R, "bkn.required"),
    Case("unknown id, 404", 404, {"code": 0, "data": "Data tidak ditemukan"}, R, "bkn.refused.404"),
    Case("capital form (S2, S4)", 200, {"Error": "true", "Message": "gagal"}, R, "bkn.refused.200"),
    Case("capital form, boolean", 400, {"Error": True, "Message": "gagal"}, R, "bkn.refused.400"),
    Case("capital form, unknown person", 404, {"Error": "true", "Message": "gagal"}, R, "bkn.refused.404"),
    Case(
        "capital form, all well", 200, {"Error": "false", "Message": "berhasil"}, U, "http.200"
    ),  # no success: read back
    Case("failure text in mapData", 200, {"success": False, "mapData": "gagal"}, R, "bkn.refused.200"),
    Case("an error without a success", 200, {"error": "x", "error_description": "y"}, U, "http.200"),  # S6: a failure
    Case("Go type error", 400, {"message": "Unmarshal type error: expected=int, got=string"}, R, "bkn.refused.400"),
    Case("422", 422, {"message": "x"}, R, "bkn.refused.422"),
    Case("413 of a proxy", 413, b"<html>Request Entity Too Large</html>", R, "bkn.refused.413"),
    Case("415", 415, {"message": "Unsupported Media Type"}, R, "bkn.refused.415"),
    Case("delete, top form (S5)", 200, {"success": True, "mapData": None, "message": "success"}, A),
    Case("delete, wrapped (Swagger)", 200, {"code": 1, "data": {"success": True, "mapData": None}}, A),
    Case("delete, wrapped no", 200, {"code": 1, "data": {"success": False, "message": "x"}}, R, "bkn.refused.200"),
    Case("delete, wrapped no, 0", 200, {"code": 0, "data": {"success": "false"}}, R, "bkn.refused.200"),
    Case("upload", 200, {"code": 1, "data": {"dok_id": "881"}, "message": "File berhasil di upload"}, A),
    Case("upload, code as text", 200, {"code": "1", "data": {"dok_id": "881"}}, A),  # 3, Uploads: both seen
    Case("upload without data", 200, {"code": 1, "data": None}, U, "http.200"),
    Case("success true under 400", 400, {"success": True}, R, "bkn.refused.400"),
    Case("success true under 500", 500, {"success": True}, U, "http.500"),
    Case("success false under 500", 500, {"success": False, "message": "x"}, U, "http.500"),  # 3.1: other 5xx
    Case("success is 1", 200, {"success": 1}, U, "http.200"),
    Case("success is null", 200, {"success": None}, U, "http.200"),
    Case("success in a list", 200, [{"success": True}], U, "http.200"),
    Case("success deep down", 200, {"a": {"b": {"success": True}}}, U, "http.200"),
    # 3.1 and row 53: "exists already" may be our own first write.
    Case("409 bare", 409, b"", U, "http.409"),
    Case("409 with a reason", 409, {"success": False, "message": "data sudah ada"}, U, "http.409"),
    Case("409 read form", 409, {"code": 0, "data": None, "message": "data sudah ada"}, U, "http.409"),
    Case("408", 408, b"", U, "http.408"),
    Case("500", 500, b"", U, "http.500"),
    Case("500 with a reason", 500, {"code": 0, "data": None, "message": "pq: deadlock"}, U, "http.500"),
    Case("502", 502, b"<html>", U, "http.502", None, True),
    Case("503", 503, b"<html>", U, "http.503", None, True),
    Case("504", 504, b"", U, "http.504", None, True),
    Case("HTML under 200", 200, b"<html>Sistem sedang dalam pemeliharaan</html>", U, "http.200"),  # row 48
    Case("302", 302, b"", U, "http.302"),
    Case("empty 204", 204, b"", U, "http.204"),
    Case("half a JSON", 200, b'{"success": true, "mapData": {"rwKur', U, "http.200"),  # row 44
    Case("null", 200, b"null", U, "http.200"),
    Case("a text", 200, b'"success"', U, "http.200"),
    Case("nested too deep", 200, b"[" * 200_000, U, "http.200"),
    Case("number too long", 200, b'{"success": true, "a": ' + b"9" * 5000 + b"}", U, "http.200"),
    Case("UTF-16", 200, '{"success": true}'.encode("utf-16"), A),  # json.loads reads it: then it is an answer
    # Executed, whatever else it says: a dead token would let the same write leave again.
    Case("success beside a dead token", 200, {"success": True, "error": "invalid_token"}, A),
    Case("success beside SSO words", 200, {"success": True, "message": "Token SSO mismatch"}, A),
    # The backend's own trouble is not the gateway's, whatever words it uses.
    Case(
        "500 about a suspended person",
        500,
        {"success": False, "message": "Runtime Error: PNS suspended"},
        U,
        "http.500",
    ),
    Case("500 envelope, suspended", 500, {"code": 0, "message": "runtime error: suspended"}, U, "http.500"),
    Case("500, only the word", 500, {"message": "PNS suspended"}, U, "http.500"),
    Case("validator, 500 (Swagger)", 500, {"code": 0, "data": None, "message": "* NomorSk is required"}, U, "http.500"),
    Case(
        "validator, 404 (Swagger)",
        404,
        {"code": 0, "data": None, "message": "* NomorSk is required"},
        R,
        "bkn.required",
    ),
    # A code within the data is not the gateway's.
    Case("a row's own code", 200, {"success": True, "mapData": {"rwKursusId": ID, "code": "900901"}}, A, bkn_id=ID),
    Case("a refusal that says suspended", 400, {"success": False, "message": "suspended"}, R, "bkn.refused.400"),
]


@pytest.mark.parametrize("case", BAD_TOKENS + WRITES, ids=lambda case: f"{case.status} {case.what}")
def test_a_write_means(case: Case) -> None:
    outcome = write(case.status, case.body)
    said = rule_of(answer(case.status, case.body))
    assert (outcome.verdict, outcome.dead_token, outcome.stops_all) == (
        case.verdict,
        case.dead_token,
        case.stops_all,
    ), said
    assert (outcome.code, outcome.bkn_id) == (case.code, case.bkn_id), said
    assert outcome.http_status == case.status


@pytest.mark.parametrize("case", BAD_TOKENS, ids=lambda case: f"{case.status} {case.what}")
def test_a_read_that_is_turned_away_says_nothing_about_rows_and_names_the_same_token(case: Case) -> None:
    meaning = meaning_of_read(answer(case.status, case.body), now=NOW)
    assert isinstance(meaning, ReadFailed)
    assert meaning.outcome.dead_token == case.dead_token
    assert meaning.outcome.verdict is Verdict.NOT_EXECUTED


def test_an_id_is_taken_from_the_best_supported_name() -> None:
    body = {"success": True, "mapData": {"rwKursusId": ID[::-1], "rwDiklatId": ID}}
    assert meaning_of_write(answer(200, body), id_names=("rwDiklatId", "rwKursusId")).bkn_id == ID
    del body["mapData"]["rwDiklatId"]  # type: ignore[attr-defined]
    assert meaning_of_write(answer(200, body), id_names=("rwDiklatId", "rwKursusId")).bkn_id == ID[::-1]


def test_a_refusal_keeps_bkns_words_in_a_form_that_every_database_takes() -> None:
    said = write(200, b'{"success": false, "message": "tidak \\u0000 dapat \\ud800"}').message
    assert said == "tidak  dapat ?"
    assert len(write(200, {"success": False, "message": "x" * 10_000}).message) == 2000
    assert write(200, {"success": False, "mapData": "gagal", "message": ""}).message == "gagal"
    assert write(200, {"code": 1, "data": {"success": False, "message": "alasan"}}).message == "alasan"


@pytest.mark.parametrize("kind", ["unsendable", "refused", "dns", "tls", "connect_timeout"])
def test_what_was_proved_unsent_was_not_executed_and_is_nobodys_fault_but_the_roads(kind: str) -> None:
    outcome = meaning_of_write(NoAnswer(False, kind))
    assert (outcome.verdict, outcome.code, outcome.stops_all) == (N, f"net.{kind}", True)


@pytest.mark.parametrize("kind", ["deadline", "reset", "cut", "too_big", "garbled"])
def test_what_may_have_been_sent_is_unclear(kind: str) -> None:
    outcome = meaning_of_write(NoAnswer(True, kind))
    assert (outcome.verdict, outcome.code) == (U, f"net.{kind}")


# -------------------------------------------------------------------------------------------------------- Retry-After


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("31536000", 31_536_000.0),  # a year: bounded where it is obeyed, decide/retry.py and decide/breaker.py
        ("Thu, 26 Jun 2025 04:01:30 GMT", 90.0),
        ("Thu, 26 Jun 2025 03:00:00 GMT", 0.0),
        ("-5", None),
        ("99999999999999", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (" ", None),
        ("Thu, 26 Jun 99999999999999999999 04:00:00 GMT", None),
        ("Thu, 99 Jun 2025 04:00:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", None),
        ("\u0663\u0660", 30.0),  # digits all the same
    ],
)
def test_a_retry_after_is_read_in_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    outcome = write(429, b"", retry_after=header)
    assert outcome.retry_after_s == seconds or (header.startswith("Mon, 01 Jan 0001") and outcome.retry_after_s == 0.0)
    assert (outcome.verdict, outcome.stops_all) == (N, True)


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"code": "900800", "nextAccessTime": "2025-Jun-26 04:05:00+0000 UTC"}, 300.0),  # row 69
        ({"fault": {"code": 900804, "nextAccessTime": "2025-Jun-26 04:05:00+0000 UTC"}}, 300.0),
        ({"code": "900800", "nextAccessTime": "2025-Jun-25 00:00:00+0000 UTC"}, 0.0),
        ({"code": "900800", "nextAccessTime": "2025-Xyz-26 04:05:00"}, None),
        ({"code": "900800", "nextAccessTime": "2025-Jun-99 04:05:00"}, None),
        ({"code": "900800", "nextAccessTime": 17}, None),
        ({"code": "900800"}, None),
        ([], None),
    ],
)
def test_the_gateways_next_access_time_is_read_where_no_header_is(body: Any, seconds: float | None) -> None:
    assert write(429, body).retry_after_s == seconds


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_lost_its_backend_may_say_when_too(status: int) -> None:
    outcome = write(status, b"", retry_after="120")
    assert (outcome.verdict, outcome.stops_all, outcome.retry_after_s) == (U, True, 120.0)


def test_the_header_wins_over_the_body() -> None:
    body = {"code": "900800", "nextAccessTime": "2025-Jun-26 04:05:00+0000 UTC"}
    assert write(429, body, retry_after="3").retry_after_s == 3.0


# -------------------------------------------------------------------------------------------------------------- reads


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"code": 0, "data": "Data tidak ditemukan", "message": "x"}),
        (200, {"code": 0, "data": "Data tidak ditemukan"}),
        (200, {"code": 1, "data": "Data tidak ditemukan", "message": "success"}),  # "code 0 and/or data the string"
        (200, {"code": 0, "data": None, "message": "Data tidak ditemukan"}),
        (400, {"code": 0, "data": "record not found"}),  # rw-tubel, non-2xx (S4)
    ],
)
def test_bkn_says_that_it_does_not_know(status: int, body: Any) -> None:
    assert meaning_of_read(answer(status, body)) == NotFound()


def test_an_existing_person_without_rows_has_none() -> None:
    assert meaning_of_read(answer(200, {"code": 1, "data": None})) == Rows(())
    assert meaning_of_read(answer(200, {"code": "1", "data": []})) == Rows(())


@pytest.mark.parametrize(
    ("count", "read"), [(7, 7), ("7", 7), (0, 0), (None, None), (True, None), (-1, None), ("viel", None), (1e300, None)]
)
def test_a_list_may_say_how_long_it_is(count: Any, read: int | None) -> None:
    assert meaning_of_read(answer(200, {"code": 1, "count": count, "data": []})) == Rows((), read)


def test_a_value_that_is_nested_too_deep_to_be_written_out_says_nothing() -> None:
    deep = b"[" * 900 + b"]" * 900
    for name in (b"code", b"success", b"Error", b"nextAccessTime", b"count"):
        body = b'{"' + name + b'": ' + deep + b', "data": {"success": ' + deep + b"}}"
        assert write(200, body).verdict is U
        assert write(429, body).verdict is N
        assert isinstance(meaning_of_read(answer(200, body)), ReadFailed)


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b"%PDF-1.4 rekaan", Content(b"%PDF-1.4 rekaan")),
        (404, {"code": 0, "data": "Data tidak ditemukan"}, NotFound()),
        (200, {"code": 0, "data": None, "message": "file tidak ada"}, NotFound()),
        (200, {"code": 1, "data": None}, NotFound()),
    ],
)
def test_a_download_is_a_file_or_bkns_no(status: int, body: Any, meaning: Any) -> None:
    assert meaning_of_download(answer(status, body), starts=(b"%PDF-",)) == meaning


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Sistem sedang dalam pemeliharaan</html>"),
        (200, b""),
        (200, {"code": 0, "data": "Token SSO mismatch"}),
        (206, b"%PDF-1.4"),
        (401, {"code": "900901"}),
        (404, {"code": "900906", "message": "No matching resource"}),
        (404, b"<html>"),
        (500, {"code": 0, "message": "x"}),
    ],
)
def test_a_download_that_is_not_understood_does_not_say_that_there_is_no_file(status: int, body: Any) -> None:
    assert isinstance(meaning_of_download(answer(status, body), starts=(b"%PDF-",)), ReadFailed)


@pytest.mark.parametrize(
    "data",
    [[{"id": ID}], {"id": ID}, json.dumps([{"id": ID}])],
    ids=["list", "one object", "JSON within JSON"],
)
def test_rows_come_as_a_list_an_object_or_as_json_within_json(data: Any) -> None:
    assert meaning_of_read(answer(200, {"code": 1, "data": data})) == Rows(({"id": ID},))


@pytest.mark.parametrize("code", [0, 1])
def test_a_row_that_holds_the_words_not_found_is_a_row(code: int) -> None:
    """Else a note in one person's data would make BKN seem not to know the person."""
    row = {"id": ID, "alamat": "Data tidak ditemukan"}
    assert meaning_of_read(answer(200, {"code": 1, "data": row})) == Rows((row,))
    assert meaning_of_read(answer(200, {"code": code, "data": [row]})) != NotFound()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"0"),
        (200, b"<html>Sistem sedang dalam pemeliharaan</html>"),
        (200, b'{"code": 1, "data": [{"id"'),
        (200, {"data": []}),
        (200, {"code": 0, "data": []}),
        (200, {"code": 1, "data": ["a"]}),
        (200, {"code": 1, "data": "success"}),
        (200, {"code": 1, "data": 7}),
        (200, {"success": True, "mapData": {}}),
        (302, b""),
        (400, {"code": 0, "message": "x"}),
        (404, b"<html>"),
        (500, {"code": 1, "data": []}),
        (503, b""),
    ],
)
def test_a_read_that_is_not_understood_says_nothing_least_of_all_that_there_is_nothing(status: int, body: Any) -> None:
    assert isinstance(meaning_of_read(answer(status, body)), ReadFailed)


@pytest.mark.parametrize("no_answer", [NoAnswer(False, "refused"), NoAnswer(True, "deadline")])
def test_a_read_without_an_answer_may_be_repeated(no_answer: NoAnswer) -> None:
    meaning = meaning_of_read(no_answer)
    assert isinstance(meaning, ReadFailed)
    assert meaning.outcome.verdict is Verdict.NOT_EXECUTED


# --------------------------------------------------------------------------------------------------------------- fuzz

WORDS = st.sampled_from(
    ["success", "code", "data", "message", "Message", "Error", "mapData", "fault", "rwKursusId", "nextAccessTime"]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["true", "false", "1", "0", 1, 0, "900901", 900800, "303001", "SUSPENDED", "Token SSO mismatch", ID]
    ),
    st.sampled_from(["Data tidak ditemukan", "invalid or expired jwt", "is required", "\ud800", "\0"]),
)
BODIES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=12
)
STATUSES = st.integers(100, 599) | st.sampled_from([200, 201, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503])
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "content-type", "date"]), st.text(max_size=30) | st.sampled_from(["-1", "9" * 30])
)


def has_marker(body: bytes) -> bool:
    """Said a second time, as simply as possible: what has to stand in an answer that may be called a success."""

    def yes(value: Any) -> bool:
        return value is True or (isinstance(value, str) and value.lower() == "true")

    fields = json.loads(body)
    data = fields.get("data")
    wrapped = isinstance(data, dict) and (yes(data.get("success")) or str(fields.get("code")) == "1")
    return yes(fields.get("success")) or wrapped


@settings(deadline=None)  # a busy machine is no fault of ours
@given(
    status=STATUSES, headers=HEADERS, body=st.binary(max_size=60) | BODIES.map(lambda body: json.dumps(body).encode())
)
@example(status=200, headers={}, body=b'{"code":1,"data":{}}')
@example(status=429, headers={"retry-after": "Thu, 26 Jun 99999999999999999999 04:00:00 GMT"}, body=b"")
def test_any_answer_has_a_meaning_and_success_needs_its_marker(status: int, headers: Any, body: bytes) -> None:
    exchanged = Answer(status, headers, body)
    outcome = meaning_of_write(exchanged, id_names=("rwKursusId",), now=NOW)
    outcome.message.encode()
    assert outcome.retry_after_s is None or outcome.retry_after_s >= 0
    if outcome.verdict is Verdict.ACCEPTED:
        assert 200 <= status < 300
        assert has_marker(body)
    if status >= 500:
        assert outcome.verdict in (Verdict.UNCLEAR, Verdict.NOT_EXECUTED)
    meaning = meaning_of_read(exchanged, now=NOW)
    assert isinstance(meaning, Rows | NotFound | ReadFailed)
    if isinstance(meaning, Rows):
        assert status == 200
