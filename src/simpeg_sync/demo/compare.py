"""What is wrong with what BKN holds, seen from the truth."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from simpeg_sync.demo.mapping import DOCUMENT_REF, canonical
from simpeg_sync.demo.truth import BknRow, Expected, Key, Truth, key_of


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Literal["missing", "twice", "differs", "stale", "extra"]
    key: Key
    fields: tuple[str, ...] = ()
    """The names of the fields that differ, as the saves spell them, and "document"."""
    bkn_ids: tuple[str, ...] = ()


def compare(truth: Truth, bkn_rows: Iterable[BknRow]) -> list[Finding]:
    """Empty is good. Blanks and case don't count as differences."""
    at_bkn: dict[Key, list[BknRow]] = defaultdict(list)
    for row in bkn_rows:
        at_bkn[key_of(row)].append(row)
    findings: list[Finding] = []
    for item in truth.expected:
        rows = at_bkn.pop(item.key, [])
        findings += _not_once(item.key, rows) or _differing(item.key, rows[0], differences(item, rows[0]))
    for own in truth.untouched:
        rows = at_bkn.pop(key_of(own), [])
        findings += _not_once(key_of(own), rows) or _differing(key_of(own), rows[0], _touched(own, rows[0]))
    for key in sorted(truth.kept):
        findings += _not_once(key, at_bkn.pop(key, []))
    for key, rows in sorted(at_bkn.items()):
        findings.append(Finding("stale" if key in truth.gone else "extra", key, bkn_ids=_ids(rows)))
    return findings


def differences(item: Expected, row: BknRow) -> tuple[str, ...]:
    """Names of the fields in which BKN's row is not as expected; what BKN doesn't show can't differ."""
    shown = row["fields"]
    wrong = tuple(
        name
        for name, value in {**(item.carried if row["id"] == item.carried_by else {}), **item.fields}.items()
        if name in shown and canonical(shown[name]) != canonical(value)
    )
    return (*wrong, "document") if lacks_document(item, row) else wrong


def lacks_document(item: Expected, row: BknRow) -> bool:
    wanted = item.document_sha256
    return wanted is not None and row["documents"].get(DOCUMENT_REF[item.key.resource]) != wanted


def _touched(own: BknRow, row: BknRow) -> tuple[str, ...]:
    """Another id counts too: it was deleted and made again. BKN keeps some numbers that it shows as text."""
    shown = row["fields"]
    wrong = tuple(name for name, value in own["fields"].items() if name in shown and str(shown[name]) != str(value))
    return ("id", *wrong) if row["id"] != own["id"] else wrong


def _not_once(key: Key, rows: Sequence[BknRow]) -> list[Finding]:
    match len(rows):
        case 0:
            return [Finding("missing", key)]
        case 1:
            return []
        case _:
            return [Finding("twice", key, bkn_ids=_ids(rows))]


def _differing(key: Key, row: BknRow, fields: tuple[str, ...]) -> list[Finding]:
    return [Finding("differs", key, fields, _ids([row]))] if fields else []


def _ids(rows: Sequence[BknRow]) -> tuple[str, ...]:
    return tuple(row["id"] for row in rows)
