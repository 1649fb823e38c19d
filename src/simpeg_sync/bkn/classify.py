"""What does an answer of BKN mean? One table, read from top to bottom; the first rule that fits speaks.

Total: any status, headers and bytes give an Outcome, never an exception. Sources: bkn-api sections 1b, 1c, 3; the
outcome classes of the fault matrix, section 3.1. Where only a part is certain the answer is `unclear` and a read-back
decides; nothing is believed to have failed because it looks like a failure.
"""

import datetime as dt
import email.utils
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simpeg_sync.bkn.exchange import Answer, Exchanged, NoAnswer
from simpeg_sync.domain.outcome import Outcome, TokenName
from simpeg_sync.domain.record import BknId

THROTTLED_CODES = frozenset({"900800", "900801", "900802", "900803", "900804", "900805", "900806", "900807"})
BAD_APIM_TOKEN = frozenset({"900900", "900901", "900902"})
ID = re.compile(r"[0-9A-Za-z-]{32,42}")
"""A UUID, or the 32 hex digits of an old row; 42 characters is the room other integrators leave."""
SSO_WORDS = ("invalid or expired jwt", "missing or malformed jwt", "token sso mismatch")
KEYCLOAK_ERRORS = frozenset({"invalid_client", "invalid_grant", "unauthorized_client"})


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer taken apart once: what the rules ask about."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """The parsed JSON, or None when it is none."""
    content: bytes = field(repr=False)
    code: str
    now: float

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.body if isinstance(self.body, dict) else {}

    @property
    def is_json(self) -> bool:
        return self.body is not None

    @property
    def text(self) -> str:
        """Everything the answer says in words, lower case, bounded. Put together when a rule asks, which is seldom."""
        if self.is_json:
            return " ".join(_words(self.body))[:4000].lower()
        return self.content[:2000].decode("latin-1").lower()

    @property
    def success(self) -> bool | None:
        value = self.fields.get("success")
        if isinstance(value, str):
            return {"true": True, "false": False}.get(value.lower())
        return value if isinstance(value, bool) else None


Then = Callable[[Reading], Outcome]


@dataclass(frozen=True, slots=True)
class Rule:
    meaning: str
    when: Callable[[Reading], bool]
    then: Then


def _dead(token: TokenName) -> Then:
    return lambda r: Outcome.not_executed(_name(r), http_status=r.status, dead_token=token)


def _pause(r: Reading) -> Outcome:
    wait = retry_after_s(r)
    return Outcome.not_executed(_name(r), http_status=r.status, stops_all=True, retry_after_s=wait)


def _turned_away(r: Reading) -> Outcome:
    return Outcome.not_executed(_name(r), http_status=r.status)


def _refused(r: Reading) -> Outcome:
    return Outcome.refused(_refusal_code(r), _reason(r), http_status=r.status)


def _unclear(r: Reading) -> Outcome:
    return Outcome.unclear(_name(r), http_status=r.status)


def _unclear_outage(r: Reading) -> Outcome:
    # The wish is for the gate: the record itself waits for its read-back.
    unclear = Outcome.unclear(_name(r), http_status=r.status, stops_all=True)
    return replace(unclear, retry_after_s=retry_after_s(r))


BEFORE_THE_WORK = (
    # Gateway and login turned the call away: nothing was executed.
    Rule("throttled by the gateway", lambda r: r.status == 429 or r.code in THROTTLED_CODES, _pause),
    Rule("backend suspended by the gateway", lambda r: r.status >= 500 and _is_suspended(r), _pause),
    # Classic SAPK says it in the body, and integrators look for it there whatever the status (1a).
    Rule("classic token dead", lambda r: _oauth_error(r) == "invalid_token", _dead("sapk")),
    # The statuses of these are inferred, the words were seen (1b): so the words decide.
    Rule("SSO token dead, or of somebody else", lambda r: _is_spoken(r, SSO_WORDS), _dead("sso")),
    Rule("SSO token dead, in other wrapping", lambda r: r.status in (400, 401) and _says(r, SSO_WORDS), _dead("sso")),
    Rule("APIM token dead", lambda r: r.status == 401 and r.code in BAD_APIM_TOKEN, _dead("apim")),
    Rule("APIM token dead, 500 form", lambda r: r.status == 500 and r.code in BAD_APIM_TOKEN, _dead("apim")),
    Rule("login missing, no word which", lambda r: r.status == 401, _dead("apim")),
    Rule("turned away by Keycloak", lambda r: r.status == 400 and _oauth_error(r) in KEYCLOAK_ERRORS, _turned_away),
    # One record may meet these (a firewall dislikes its body), or everybody (no subscription): who, the gate finds out.
    Rule("not subscribed or not allowed", lambda r: r.status == 403, _turned_away),
    Rule("no such path", lambda r: r.status == 404 and not _is_envelope(r), _turned_away),
)

WRITE_RULES = (
    # BKN's own "no" about one record, whatever status it comes under, is not the gateway's about all.
    Rule(
        "refused by a rule, with a gateway's status",
        lambda r: r.status in (403, 404) and (r.success is False or _capital_error(r)),
        _refused,
    ),
    *BEFORE_THE_WORK,
    Rule("accepted", lambda r: 200 <= r.status < 300 and r.success is True, lambda r: _accepted(r)),
    # "Exists already" may be our own first write, answered late.
    Rule("conflict", lambda r: r.status == 409, _unclear),
    Rule("refused by a rule", lambda r: r.status < 500 and r.success is False, _refused),
    Rule("upload or delete accepted", lambda r: 200 <= r.status < 300 and _accepted_by_code(r), lambda r: _accepted(r)),
    Rule("refused by the validator", lambda r: r.status < 500 and _is_read_refusal(r), _refused),
    Rule("refused, capitalised form", lambda r: r.status < 500 and _capital_error(r), _refused),
    Rule("body refused", lambda r: r.status in (400, 413, 415, 422) and r.is_json and bool(r.fields), _refused),
    Rule("too big for the gateway", lambda r: r.status == 413, _refused),
    Rule("gateway lost the backend", lambda r: r.status in (502, 503, 504), _unclear_outage),
    Rule("anything else may have had an effect", lambda r: True, _unclear),
)


def meaning_of_write(exchanged: Exchanged, *, id_names: tuple[str, ...] = (), now: float = 0.0) -> Outcome:
    """What came of a save, a delete or an upload. ``now``: wall clock, for dates in Retry-After."""
    match exchanged:
        case NoAnswer(was_sent=False, kind=kind):
            return Outcome.not_executed(f"net.{kind}", stops_all=True)
        case NoAnswer(kind=kind):
            return Outcome.unclear(f"net.{kind}", stops_all=kind in ("deadline", "reset"))
        case Answer():
            reading = read(exchanged, now)
            outcome = next(rule for rule in WRITE_RULES if rule.when(reading)).then(reading)
            return _with_id(outcome, reading, id_names)


def meaning_of_sync(exchanged: Exchanged, *, now: float = 0.0) -> Outcome:
    """As `meaning_of_write`, for the calls that refresh the main record: some answer in the capitalised form, in which
    ``{"Error": "false"}`` is a yes (bkn-api section 1c)."""
    outcome = meaning_of_write(exchanged, now=now)
    if not isinstance(exchanged, Answer) or not 200 <= exchanged.status < 300:
        return outcome
    said = str(read(exchanged, now).fields.get("Error")).lower()
    return Outcome.accepted(None, http_status=exchanged.status) if said == "false" else outcome


def rule_of(exchanged: Answer, now: float = 0.0) -> str:
    """The name of the rule that speaks, for people and for tests of the table."""
    reading = read(exchanged, now)
    return next(rule.meaning for rule in WRITE_RULES if rule.when(reading))


@dataclass(frozen=True, slots=True)
class Rows:
    """A read that says what BKN has."""

    rows: tuple[Mapping[str, Any], ...]
    count: int | None = None
    """Of a paged list: all rows that BKN has, where it says so."""


@dataclass(frozen=True, slots=True)
class Content:
    """A read that gave a file."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotFound:
    """BKN does not know the person (or the row) at all."""


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """The read says nothing; it may be repeated."""

    outcome: Outcome


ReadMeaning = Rows | NotFound | ReadFailed

NOT_FOUND_WORDS = ("data tidak ditemukan", "record not found", "tidak ditemukan")


def meaning_of_read(exchanged: Exchanged, *, now: float = 0.0) -> ReadMeaning:
    """BKN has four ways to say "no rows", and two of them look like failures (bkn-api section 1c)."""
    match exchanged:
        case NoAnswer(kind=kind):
            return ReadFailed(Outcome.not_executed(f"net.{kind}", stops_all=True))
        case Answer():
            return _read_meaning(read(exchanged, now))


def meaning_of_download(
    exchanged: Exchanged, *, starts: tuple[bytes, ...], now: float = 0.0
) -> Content | NotFound | ReadFailed:
    """A file is known by its first bytes: a page of HTML under 200 says nothing about it. BKN's own "no" is JSON."""
    if isinstance(exchanged, Answer) and exchanged.status == 200 and exchanged.body.startswith(starts):
        return Content(exchanged.body)
    meaning = meaning_of_read(exchanged, now=now)
    if isinstance(meaning, Rows) or (isinstance(meaning, ReadFailed) and _is_bkns_no(exchanged, meaning.outcome)):
        return NotFound()
    return meaning


def _is_bkns_no(exchanged: Exchanged, outcome: Outcome) -> bool:
    """In whatever words, as long as the backend itself speaks, and not about a token."""
    if not isinstance(exchanged, Answer) or outcome.dead_token is not None:
        return False
    reading = read(exchanged, 0.0)
    return exchanged.status in (200, 404) and _is_envelope(reading) and _plain(reading.fields.get("code")) == "0"


def _read_meaning(r: Reading) -> ReadMeaning:
    if r.status in (200, 400, 404) and _says_not_found(r):
        return NotFound()
    for rule in BEFORE_THE_WORK:
        if rule.when(r):
            return ReadFailed(rule.then(r))
    data = _decoded(r.fields.get("data"))
    if r.status != 200 or not _is_envelope(r) or _plain(r.fields.get("code")) != "1":
        return ReadFailed(Outcome.not_executed(_name(r), http_status=r.status, stops_all=r.status >= 500))
    match data:
        case None:
            return Rows((), _count(r))
        case dict():
            return Rows((data,), _count(r))
        case list() if all(isinstance(row, dict) for row in data):
            return Rows(tuple(data), _count(r))
        case _:
            return ReadFailed(Outcome.not_executed("bkn.odd_data", http_status=r.status))


def read(answer: Answer, now: float) -> Reading:
    body = _parsed(answer.body)
    return Reading(answer.status, answer.headers, body, answer.body, _code(body), now)


def retry_after_s(r: Reading) -> float | None:
    """Seconds the server asks us to wait: header in seconds or as a date, or WSO2's ``nextAccessTime``."""
    header = r.headers.get("retry-after", "")
    if re.fullmatch(r"\d{1,9}", header.strip()):
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - r.now)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        pass  # not a date, or one of the year 99999: fall through to WSO2's own field
    # e.g. 2025-Jun-26 04:00:00+0000 UTC
    found = re.match(r"(\d{4}-\w{3}-\d{2} \d{2}:\d{2}:\d{2})", _plain(_find(r.fields, "nextaccesstime")))
    if found is None:
        return None
    try:
        until = dt.datetime.strptime(found[1], "%Y-%b-%d %H:%M:%S").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return max(0.0, until.timestamp() - r.now)


def _accepted(r: Reading) -> Outcome:
    return Outcome.accepted(None, http_status=r.status)


def _with_id(outcome: Outcome, r: Reading, id_names: tuple[str, ...]) -> Outcome:
    bkn_id = _id_in(r.fields, id_names)
    return Outcome.accepted(bkn_id, http_status=r.status) if outcome.verdict == "accepted" else outcome


def _id_in(fields: Mapping[str, Any], id_names: tuple[str, ...]) -> BknId | None:
    data = fields.get("mapData")
    if isinstance(data, dict):
        data = next((data[name] for name in id_names if data.get(name)), None)
    return BknId(data) if isinstance(data, str) and ID.fullmatch(data) else None


def _is_envelope(r: Reading) -> bool:
    """The backend's read envelope. The gateway's own errors carry a code too, but one of theirs: 900906, 404."""
    return _plain(r.fields.get("code")) in ("0", "1") and ("data" in r.fields or "message" in r.fields)


def _says_not_found(r: Reading) -> bool:
    """Only where BKN speaks itself: a row may hold the same words, as a name or a note."""
    spoken = [r.fields.get("data"), r.fields.get("message")]
    if "code" not in r.fields or isinstance(_decoded(spoken[0]), dict | list):
        return False
    return any(word in text.lower() for text in spoken if isinstance(text, str) for word in NOT_FOUND_WORDS)


def _count(r: Reading) -> int | None:
    plain = _plain(r.fields.get("count"))
    return int(plain) if re.fullmatch(r"[0-9]{1,9}", plain) else None


def _decoded(data: Any) -> Any:
    """BKN's `data`, which is sometimes JSON within JSON. Another text stays a text: it does not say "no rows"."""
    if not isinstance(data, str):
        return data
    parsed = _parsed(data)
    return data if parsed is None and data.strip() not in ("", "null") else parsed


def _accepted_by_code(r: Reading) -> bool:
    """Uploads answer in the read envelope; some deletes wrap their answer in it (sources disagree, both are taken)."""
    data = r.fields.get("data")
    wrapped = data.get("success") if isinstance(data, dict) else None
    if wrapped is not None:
        return _plain(wrapped).lower() == "true"
    # Without a row of data only its own words tell an upload's answer from the empty list of another call.
    says_uploaded = "berhasil di upload" in _plain(r.fields.get("message")).lower()
    is_yes = _plain(r.fields.get("code")) == "1" and "success" not in r.fields
    return is_yes and (isinstance(data, dict) or says_uploaded)


def _is_read_refusal(r: Reading) -> bool:
    data = r.fields.get("data")
    wrapped = isinstance(data, dict) and _plain(data.get("success")).lower() == "false"
    return _is_envelope(r) and (_plain(r.fields.get("code")) == "0" or wrapped)


def _capital_error(r: Reading) -> bool:
    return _plain(r.fields.get("Error")).lower() == "true"


def _refusal_code(r: Reading) -> str:
    return "bkn.required" if "is required" in r.text else f"bkn.refused.{r.status}"


def _name(r: Reading) -> str:
    error = _oauth_error(r)
    if error in KEYCLOAK_ERRORS or error == "invalid_token":
        return f"oauth.{error}"
    return f"wso2.{r.code}" if r.code else f"http.{r.status}"


def _reason(r: Reading) -> str:
    # Half a surrogate pair is legal in JSON and NUL too, but no database takes them.
    return _words_of_refusal(r).replace("\0", "").encode("utf-8", "replace").decode()[:2000]


def _words_of_refusal(r: Reading) -> str:
    for place in (r.fields, r.fields.get("data")):
        if isinstance(place, dict):
            for name in ("message", "Message"):
                if isinstance(place.get(name), str) and place[name]:
                    return str(place[name])
    data = r.fields.get("mapData") or r.fields.get("data")
    return data if isinstance(data, str) else ""


def _code(body: Any) -> str:
    """WSO2's six-digit code: at the top, or inside ``fault`` as older gateways put it. Never one from within the data."""
    if not isinstance(body, dict):
        return ""
    fault = _find(body, "fault")
    text = _plain((fault if isinstance(fault, dict) else body).get("code"))
    return text if len(text) == 6 and text.isascii() and text.isdigit() else ""


def _plain(value: Any) -> str:
    """A single value as text. Anything with an inside says nothing here, and may be too deep to be written out."""
    return str(value) if isinstance(value, str | int | float) else ""


def _find(value: Any, name: str) -> Any:
    """The first value under that name (any case) in the first two levels."""
    if not isinstance(value, dict):
        return None
    for key, item in value.items():
        if isinstance(key, str) and key.lower() == name:
            return item
    for item in value.values():
        if isinstance(item, dict):
            for key, inner in item.items():
                if isinstance(key, str) and key.lower() == name:
                    return inner
    return None


def _is_suspended(r: Reading) -> bool:
    """303001, in JSON or in the gateway's XML. A backend that speaks of something suspended is not suspended itself."""
    in_words = "runtime error" in r.text and "suspended" in r.text
    return (r.code == "303001" or in_words) and r.success is None and not _is_envelope(r)


def _oauth_error(r: Reading) -> str:
    """OAuth's word, unless the answer tells of a success beside it: then it was executed."""
    error = r.fields.get("error")
    return error if isinstance(error, str) and r.success is not True else ""


def _is_spoken(r: Reading, words: tuple[str, ...]) -> bool:
    """Exactly these words, where the backend speaks; not as a part of what is stored about a person."""
    spoken = (r.fields.get(name) for name in ("message", "data"))
    return r.success is not True and any(isinstance(say, str) and say.strip().lower() in words for say in spoken)


def _says(r: Reading, words: tuple[str, ...]) -> bool:
    return any(word in r.text for word in words)


def _words(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value[:1000]]
    if isinstance(value, dict) and depth < 3:
        return [word for item in list(value.values())[:20] for word in _words(item, depth + 1)]
    return []


def _parsed(text: bytes | str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
