"""May a planned action still be done? A permission holds as long as both sides show what they showed when the plan was made.

The guard stands behind `plan.py`: the ordinary rules decide about the record as its operator wishes it to be seen, and
what they answer is done if the facts are the same. Plain values in, plain values out.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from simpeg_sync.decide import plan
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import BknRow, Look
from simpeg_sync.domain.permission import NOT_LOOKED_AT, Permission, Stage, Wish
from simpeg_sync.domain.record import BknId, Digest, Record
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted

NAMES: Mapping[type[plan.Decision], str] = {
    plan.Link: "link",
    plan.Upload: "upload",
    plan.FollowUp: "follow_up",
    plan.Delete: "delete",
    plan.Unchanged: "unchanged",
    plan.StillRefused: "still_refused",
    plan.Removed: "removed",
    plan.Ignore: "ignore",
    plan.Hold: "hold",
    plan.Report: "hold",
    plan.Later: "later",
    plan.LookFirst: NOT_LOOKED_AT,
}
ACTS = (plan.Link, plan.Save, plan.Upload, plan.FollowUp, plan.Delete)
"""What changes something, at BKN or about the link to it."""
CHANGEABLE = ("bkn_id", "confirmed", "done", "gone_since", "delete_released")
"""Fields of a record that a wish shows otherwise than the ledger has them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What both sides show, as digests: the plan keeps no value."""

    wanted: Digest
    files: str = ""
    """Empty where the certificates were not read."""
    bkn: str = ""
    """Empty where nobody looked."""
    own_row_is_there: bool = False
    """Whether BKN shows the row that the record is linked to."""


@dataclass(frozen=True, slots=True)
class Fits:
    """The planned action is done."""


@dataclass(frozen=True, slots=True)
class Rests:
    """Nothing is done now, and nothing has changed: the record waits or is held."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The permission is void; the ordinary rules decide."""

    reason: str
    detail: str = ""


Judgement = Fits | Rests | Changed


def judged(permission: Permission, facts: Facts, decision: plan.Decision) -> Judgement:
    """``decision``: by the ordinary rules, about the record as it was wished."""
    if isinstance(decision, plan.Later):
        return Rests()
    if facts.wanted != permission.wanted:
        return Changed("plan.simpeg_changed")
    if permission.files and facts.files and facts.files != permission.files:
        return Changed("plan.simpeg_changed", "document")
    if permission.bkn and facts.bkn and facts.bkn != permission.bkn:
        return Changed("plan.bkn_changed")
    if Wish.RECREATE in permission.wishes and facts.own_row_is_there:
        return Changed("plan.bkn_changed")
    if not isinstance(decision, ACTS):
        return Rests()
    if permission.action not in (NOT_LOOKED_AT, name_of(decision)):
        return Changed("plan.other_action", f"{permission.action}, {name_of(decision)}")
    return Fits()


def name_of(decision: plan.Decision) -> str:
    return str(decision.action) if isinstance(decision, plan.Save) else NAMES[type(decision)]


def facts(
    resource: Resource,
    record: Record,
    rendered: Rendered,
    decision: plan.Decision,
    *,
    files: plan.Files | None,
    look: Look | None,
) -> Facts:
    """``record``: as the ledger has it, without any wish. ``look``: None where nobody looked at BKN for the decision."""
    if look is None:
        return Facts(wanted_digest(rendered), _files_digest(files))
    rows = [look.row(bkn_id) if bkn_id else None for bkn_id in (named_row(decision), record.bkn_id)]
    return Facts(
        wanted_digest(rendered),
        _files_digest(files),
        _digest([_shown(resource, row) for row in rows]),
        rows[1] is not None,
    )


def wanted_digest(rendered: Rendered) -> Digest:
    match rendered:
        case Wanted():
            return rendered.digest
        case Unready(reason, detail):
            return _digest(["unready", reason, detail])
        case Gone(reason):
            return _digest(["gone", reason])


def named_row(decision: plan.Decision) -> BknId | None:
    """BKN's row that the decision is about."""
    match decision:
        case plan.Link(bkn_id) | plan.Upload(bkn_id) | plan.Delete(bkn_id):
            return bkn_id
        case plan.Save(_, bkn_id):
            return bkn_id
        case _:
            return None


def restored(record: Record) -> Record:
    """As it was before a write left by its permission."""
    permission = record.permission
    before = permission.before if permission is not None else {}
    return replace(record, **before, overrides=False)


def wished(record: Record, resource: Resource, wishes: frozenset[Wish]) -> Record:
    """The record as its operator wants the rules to see it."""
    changes: dict[str, Any] = {}
    if Wish.OVERWRITE in wishes:
        # What BKN never shows again is still what we last sent.
        hidden = {field.write for field in resource.fields if field.read is None}
        changes["confirmed"] = {name: digest for name, digest in record.confirmed.items() if name in hidden}
    if Wish.DOCUMENTS in wishes:
        changes["done"] = {}
    if Wish.RECREATE in wishes:
        changes |= {"bkn_id": None, "confirmed": {}, "done": {}, "gone_since": None}
    if wishes & {Wish.OVERWRITE, Wish.RECREATE}:
        changes["overrides"] = True
    if Wish.DELETE in wishes:
        changes["delete_released"] = True
    return replace(record, **changes)


def afresh(record: Record, *, not_shown: bool = False) -> Record:
    """As a resync leaves it: what was known to be equal or refused is looked at again. ``not_shown``: it is held since
    nobody could ever see whether BKN has it."""
    synced_at = None if not_shown else record.synced_at
    return replace(record, synced_digest=None, refused_digest=None, failures=0, deaths=0, synced_at=synced_at)


def taken(permission: Permission, before: Record, after: Record, seen: Mapping[str, str]) -> Mapping[str, Any]:
    """What the ledger writes down together with the intent: the wish comes true with the write that it allows, and what
    was before comes back if the write has no effect.

    ``seen``: hashes of what BKN's row holds now. With an overwrite they are what we know of it, so that a read-back, and
    whoever comes after, can tell another hand's change from ours.
    """
    confirmed = {**after.confirmed, **seen} if Wish.OVERWRITE in permission.wishes else after.confirmed
    after = replace(after, confirmed=confirmed)
    changed = [name for name in CHANGEABLE if getattr(after, name) != getattr(before, name)]
    begun = replace(permission, stage=Stage.BEGUN, before={name: getattr(before, name) for name in changed})
    return {"permission": begun, **{name: getattr(after, name) for name in changed}}


def _shown(resource: Resource, row: BknRow | None) -> Any:
    """BKN's row as far as it counts, in one form whatever the spelling."""
    if row is None:
        return None
    return {
        field.write: field.normal(row.get(field.read))
        for field in resource.fields
        if field.read is not None and (not field.is_guess or field.read in row)
    }


def _files_digest(files: plan.Files | None) -> str:
    if files is None:
        return ""
    return _digest({kind: file.digest or file.problem for kind, file in files.items()})


def _digest(value: Any) -> Digest:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Digest(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest())
