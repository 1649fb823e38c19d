"""What was processed about me? Everything the ledger holds about one person, as data and as a text in two languages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simpeg_sync.audit import words
from simpeg_sync.domain.change import key_parts
from simpeg_sync.insights import rfc3339
from simpeg_sync.ledger.auditing import AuditReader, decoded
from simpeg_sync.reasons import Words

TIMES = frozenset(
    ["at", "since", "due_at", "marked_at", "dirty_since", "synced_at", "gone_since", "started_at", "ended_at",
     "absent_since", "seen_at", "first_seen_at", "equal_at"]
)  # fmt: skip
TABLES: Mapping[str, Words] = {
    "persons": Words("Nomor Anda di BKN", "Your number at BKN"),
    "records": Words("Baris SIMPEG yang diikuti", "Rows of SIMPEG that are followed"),
    "attempts": Words("Yang dikirim kepada BKN", "What was sent to BKN"),
    "reads": Words("Yang dibaca dari BKN", "What was read at BKN"),
    "audit": Words("Perintah petugas tentang Anda", "Orders of operators about you"),
    "situations": Words("Perbandingan SIMPEG dan BKN sekarang", "How SIMPEG and BKN compare now"),
    "situation_changes": Words("Perubahan perbandingan itu", "How that comparison has changed"),
    "plan_items": Words("Rencana yang menyebut Anda", "Plans that name you"),
    "events": Words("Riwayat lengkap", "The whole history"),
}
"""In the order in which people want to read them."""
INTRODUCTION = Words(
    "Dokumen ini memuat semua yang dicatat simpeg-sync tentang satu pegawai. Isi baris SIMPEG sendiri tidak disimpan; yang "
    "disimpan adalah sidik jari (hash) dari isinya, kecuali selama suatu pengiriman belum selesai dan selama kedua pihak "
    "berbeda.",
    "This document holds all that simpeg-sync has noted about one person. It keeps no content of SIMPEG's rows, only "
    "fingerprints (hashes) of it, except while a request is open and as long as the two sides differ.",
)
OPEN_BODY = Words(
    "isi yang dikirim, disimpan sampai hasilnya jelas", "the content sent, kept until its outcome is known"
)


def about(reader: AuditReader, nip: str, *, made_at: float, actor: str, region: str) -> Mapping[str, Any] | None:
    """All tables as data, times readable. None when nothing is known of the NIP."""
    nips = reader.nips(nip)
    found = reader.about(nips)
    if not any(found.values()):
        return None
    tables = {table: [_readable(table, row) for row in found[table]] for table in TABLES if table in found}
    return {"person": list(nips), "made_at": rfc3339(made_at), "made_by": actor, "region": region, **tables}


def _readable(table: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: rfc3339(value) if name in TIMES else value for name, value in decoded(table, row).items()}


# ---------------------------------------------------------------------------------------------------------------- as a text


def text(data: Mapping[str, Any]) -> Iterator[str]:
    """Lines; each thing first in Indonesian, then in English."""
    yield f"NIP {', '.join(data['person'])}"
    yield f"{data['region']}, {data['made_at']}, {data['made_by']}"
    yield ""
    yield from _both(INTRODUCTION)
    for number, (table, title) in enumerate(((name, one) for name, one in TABLES.items() if name in data), start=1):
        rows: Sequence[Mapping[str, Any]] = data[table]
        yield ""
        yield f"{number}. {title.indonesian} ({len(rows)})"
        yield f"   {title.english}"
        for row in rows:
            yield ""
            yield from (f"   {line}" for line in _LINES.get(table, _plain)(row))


def _both(sentence: Words, before: str = "") -> Iterator[str]:
    yield f"{before}{sentence.indonesian}"
    yield f"{' ' * len(before)}{sentence.english}"


def _record(row: Mapping[str, Any]) -> Iterator[str]:
    at_bkn = f", BKN {row['bkn_id']}" if row["bkn_id"] else ""
    yield f"{row['feed']} {_key(row['source_key'])}{at_bkn} (record {row['id']})"
    yield from _both(words.said(words.STATUSES, row["status"]), f"{row['since']}: ")
    yield from _why(row)


def _attempt(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['started_at']}: {row['feed']}, record {row['record_id']}, no. {row['number']}"
    yield from _both(words.said(words.ACTIONS, row["action"]))
    answer = ", ".join(str(part) for part in (row["ended_at"], row["code"], row["http_status"]) if part)
    yield from _both(words.said(words.OUTCOMES, row["outcome"]), f"{answer}: " if answer else "")
    if row["message"]:
        yield f"BKN: {row['message']}"
    if row["body"]:
        yield from _both(OPEN_BODY)
        yield json.dumps(row["body"], ensure_ascii=False)


def _read(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['at']}: {row['what']} ({row['actor']})"
    yield from _both(words.said(words.READS, row["why"]))


def _order(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['at']}: {row['actor']}: {row['action']} {row['target']}"
    if row["reason"]:
        yield f"\u201c{row['reason']}\u201d"


def _event(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['at']}: {row['feed']}, record {row['record_id']} ({row['actor']})"
    yield from _both(words.said(words.EVENTS, row["event"]))
    yield from _why(row)


def _situation(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['feed']} {_key(row['source_key']) if row['source_key'] else 'BKN ' + str(row['bkn_id'])}"
    yield from _both(words.said(words.SITUATIONS, row["situation"]), f"{row['since']}: ")
    for name, _, ours, theirs in row["said"].get("differences", ()):
        yield f"{name}: SIMPEG {ours}, BKN {theirs}"
    yield from _why(row)


def _situation_change(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['at']}: {row['feed']} {_key(row['source_key']) if row['source_key'] else 'BKN ' + str(row['bkn_id'])}"
    yield from _both(words.said(words.SITUATIONS, row["after"]))


def _why(row: Mapping[str, Any]) -> Iterator[str]:
    found = words.reason(row["reason"])
    if found is not None:
        where = f" ({row['detail']})" if row["detail"] else ""
        yield from _both(Words(f"{found.indonesian}{where}", f"{found.english}{where}"))


def _plain(row: Mapping[str, Any]) -> Iterator[str]:
    yield ", ".join(f"{name} {value}" for name, value in row.items() if value not in (None, ""))


def _key(source_key: str) -> str:
    return "/".join(key_parts(source_key))  # type: ignore[arg-type]  # as the ledger has it


_LINES = {
    "records": _record,
    "attempts": _attempt,
    "reads": _read,
    "audit": _order,
    "events": _event,
    "situations": _situation,
    "situation_changes": _situation_change,
}
