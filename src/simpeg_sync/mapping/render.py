"""What does a feed want at BKN for this row, as it is now?

The answer is a value: a payload, a reason to hold, or the row's absence. A bad field holds the record with the field's
name and a reason code; the value itself never appears.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simpeg_sync.domain.change import TWICE, FeedName, Nip, Row, SeveralPartners, SourceKey
from simpeg_sync.domain.record import BknId, Digest
from simpeg_sync.mapping.expressions import Expression, RowOf, Unfit, clean, text_of
from simpeg_sync.mapping.feed import Feed, Place
from simpeg_sync.mapping.text import plain

UNIT_MAX = 200
"""Letters of a unit's code or name."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Where a person works, as SIMPEG has it."""

    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The content BKN should hold. ``body`` has BKN's field names, without the person's id and the row's id."""

    nip: Nip
    body: Mapping[str, Any]
    digest: Digest
    person_bkn_id: BknId | None
    stored_bkn_id: BknId | None
    places: Mapping[str, Place]
    """Of the certificates that the row itself names, by the kind that its feed says."""
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Unready:
    """The row must not or cannot leave as it is."""

    reason: str
    detail: str = ""
    nip: Nip | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The feed has no such row (any more)."""

    reason: str


Rendered = Wanted | Unready | Gone


LinkOf = Callable[[FeedName, SourceKey, Nip], BknId | None]
"""BKN's id of another feed's record, None while it has none. Raises Unfit when it is not that person's."""


def render(feed: Feed, row: Row | None, *, link_of: LinkOf = lambda _feed, _key, _nip: None) -> Rendered:
    if row is None:
        return Gone("row.gone")
    if row is TWICE:
        return Unready("identity.twice", ", ".join(feed.key))
    if isinstance(row, SeveralPartners) and not row.keys() >= set(_gates(feed)):
        return Unready("join.several", row.join)
    if feed.deleted is not None and feed.deleted.holds(row):
        return Gone("row.soft_deleted")
    if feed.scope is not None and not feed.scope.holds(row):
        return Gone("row.out_of_scope")
    person = row.get(feed.person)
    # A float keeps 15 digits: its 18 would name somebody else.
    nip = None if isinstance(person, float) else nip_of(plain(person))
    if nip is None:
        return Unready("person.no_nip", feed.person)
    unit = unit_of(feed, row) if feed.unit is not None else None
    if feed.verified is not None and not feed.verified.holds(row):
        return Unready("unverified", nip=nip, unit=unit)
    if feed.active_person is not None and not feed.active_person.holds(row):
        return Unready("person.inactive", nip=nip, unit=unit)
    if isinstance(row, SeveralPartners):
        return Unready("join.several", row.join, nip)
    try:
        body = _body(feed, row, nip, link_of)
        named = {rule.kind: rule.place(row) for rule in feed.documents if rule.is_in_row}
    except Unfit as unfit:
        return Unready(unfit.code, unfit.detail, nip, unit)
    if missing := [rule.kind for rule in feed.documents if rule.required and named.get(rule.kind, rule) is None]:
        return Unready("document.not_named", missing[0], nip=nip, unit=unit)
    return Wanted(
        nip=nip,
        body=body,
        digest=digest_of(body),
        person_bkn_id=_id(row, feed.person_bkn_id),
        stored_bkn_id=_id(row, feed.bkn_id),
        places={kind: place for kind, place in named.items() if place is not None},
        unit=unit,
    )


def legible(feed: Feed, row: Row, nip: Nip, *, link_of: LinkOf = lambda _feed, _key, _nip: None) -> Wanted:
    """The content of a row that may not or cannot leave, as far as it can be read: only to know which of BKN's rows it is."""
    body: dict[str, Any] = {}
    for name, expression in feed.fields.items():
        with contextlib.suppress(Unfit):
            value = expression.value(row)
            body[name] = _linked(value, nip, link_of) if isinstance(value, RowOf) else value
    return Wanted(nip, body, digest_of(body), _id(row, feed.person_bkn_id), _id(row, feed.bkn_id), {})


def unit_of(feed: Feed, row: Row) -> Unit:
    """Where the person works; without a code where the row does not say. It decides nothing about what is sent."""
    code, name = (_said(one, row) for one in (feed.unit, feed.unit_name))
    return Unit(code, name if code else "")


def _said(expression: Expression | None, row: Row) -> str:
    try:
        return text_of(expression, row)[:UNIT_MAX] if expression is not None else ""
    except Unfit:
        return ""


def _gates(feed: Feed) -> list[str]:
    """The columns that say whether the row is the feed's, whose it is and whether it may leave."""
    conditions = (feed.deleted, feed.scope, feed.verified, feed.active_person)
    return [feed.person, *(column for one in conditions if one is not None for column in one.columns)]


def nip_of(text: str) -> Nip | None:
    """18 digits; blanks, dots and a quote mark of a spreadsheet are stripped. None for anything else."""
    digits = clean(text).replace(" ", "").replace(".", "").lstrip("'")
    return Nip(digits) if len(digits) == 18 and digits.isdigit() and digits.isascii() else None


_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
"""Made once: `json.dumps` would make one for each payload."""


def digest_of(value: Any) -> Digest:
    return Digest(hashlib.blake2b(_canonical(value).encode(errors="surrogatepass"), digest_size=16).hexdigest())


def _body(feed: Feed, row: Row, nip: Nip, link_of: LinkOf) -> dict[str, Any]:
    body = {}
    for name, expression in feed.fields.items():
        try:
            value = expression.value(row)
            if isinstance(value, RowOf):
                value = _linked(value, nip, link_of)
        except Unfit as unfit:
            raise Unfit(unfit.code, f"{name}: {unfit.detail}" if unfit.detail else name) from None
        if value is None and name in feed.required:
            raise Unfit("field.required", name)
        body[name] = value
    return body


def _linked(value: RowOf, nip: Nip, link_of: LinkOf) -> str:
    """BKN's id in place of the record that the field names. Raises Unfit while BKN has no row of it."""
    bkn_id = link_of(value.feed, value.key, nip)
    if bkn_id is None:
        raise Unfit("link.missing", value.feed)
    return str(bkn_id)


def _id(row: Row, column: str | None) -> BknId | None:
    """SIMPEGs keep NULL, blanks, ``0`` or short junk where a row was never sent; BKN's ids have 32 or 36 characters."""
    if not column:
        return None
    text = plain(row.get(column))
    return BknId(text) if re.fullmatch(r"[0-9A-Za-z-]{32,42}", text) else None
