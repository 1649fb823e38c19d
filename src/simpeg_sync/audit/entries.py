"""The entries of the trail for a table: who did what, when, about whom."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simpeg_sync.insights import rfc3339
from simpeg_sync.ledger.auditing import AuditReader, EntryFilter

COLUMNS = ("at", "kind", "actor", "action", "person", "feed", "record", "status", "reason", "detail", "what", "place")


def entries(reader: AuditReader, wanted: EntryFilter, *, limit: int) -> Sequence[Mapping[str, Any]]:
    """With persons as they are; whoever shows them masks them."""
    return [shown(row) for row in reader.entries(wanted, limit=limit)]


def shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    what = row["what"]
    if row["kind"] == "move":
        what = ", ".join(_facts(what))
    kept = {name: row[name] for name in COLUMNS if name not in ("at", "what", "place")}
    return {"at": rfc3339(row["at"]), **kept, "what": what, "place": f"{row['chain']}/{row['block']}"}


def _facts(text: str) -> Iterator[str]:
    """Of a move: what left, and what came of it."""
    facts = json.loads(text) if text else {}
    for name, value in facts.items():
        if value not in (None, "", False) and name not in ("feed", "is_end", "is_absent", "words"):
            yield f"{name} {value}"
