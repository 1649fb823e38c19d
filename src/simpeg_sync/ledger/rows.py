"""From the ledger's rows to values, in one place."""

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping

from simpeg_sync.domain.change import FeedName, SourceKey
from simpeg_sync.domain.permission import Permission, Stage, Wish
from simpeg_sync.domain.record import Action, Attempt, AttemptId, BknId, Digest, Record, RecordId
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger import codec


def record(row: RowMapping) -> Record:
    return Record(
        id=RecordId(row["id"]),
        feed=FeedName(row["feed"]),
        key=SourceKey(row["source_key"]),
        lane=row["lane"],
        status=Status(row["status"]),
        mark=row["mark"],
        bkn_id=BknId(row["bkn_id"]) if row["bkn_id"] else None,
        synced_digest=_digest(row["synced_digest"]),
        synced_at=row["synced_at"],
        done=json.loads(row["done"]),
        refused_digest=_digest(row["refused_digest"]),
        confirmed=json.loads(row["confirmed"]),
        gone_since=row["gone_since"],
        reason=row["reason"],
        detail=row["detail"],
        delete_released=bool(row["delete_released"]),
        wanted_digest=_digest(row["wanted_digest"]),
        person_left=bool(row["person_left"]),
        version=row["version"],
        failures=row["failures"],
        deaths=row["deaths"],
        permission=permission(row["permission"]) if row["permission"] else None,
    )


def attempt(row: RowMapping) -> Attempt:
    return Attempt(
        id=AttemptId(row["id"]),
        record_id=RecordId(row["record_id"]),
        number=row["number"],
        version=row["version"],
        action=Action(row["action"]),
        digest=Digest(row["digest"]),
        body=codec.decode(row["body"]),
        bkn_id=BknId(row["bkn_id"]) if row["bkn_id"] else None,
        known_ids=frozenset(json.loads(row["known_ids"] or "[]")),
        started_at=row["started_at"],
        absent_since=row["absent_since"],
    )


_compact = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


def column_value(name: str, value: Any) -> Any:
    """A changed field of Record as its column keeps it."""
    if name == "permission":
        return permission_text(value)
    if name in ("confirmed", "done"):
        return _compact(value) if value else "{}"
    return int(value) if isinstance(value, bool) else value


def permission(text: str) -> Permission:
    kept = json.loads(text)
    return Permission(
        **{**kept, "wishes": frozenset(Wish(one) for one in kept["wishes"]), "stage": Stage(kept["stage"])}
    )


def permission_text(permission: Permission | None) -> str | None:
    if permission is None:
        return None
    kept = {**asdict(permission), "wishes": sorted(permission.wishes)}
    return json.dumps(kept, separators=(",", ":"), sort_keys=True)


def storable(text: str) -> str:
    """Words of others without what no database takes: PostgreSQL no NUL, both no half surrogates."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _digest(text: str | None) -> Digest | None:
    return Digest(text) if text else None
