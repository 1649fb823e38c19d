"""Saving in the classic dialect: the operator in the body, and no documents, duplicates or deletions of its own."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import replace
from typing import Any

from ..answers import Answer, Refused
from ..http import Request
from ..refusals import Refusals
from ..settings import LiveSettings, Settings
from ..store import Person, Row, Store, canonical
from . import answers, bodies
from .tables import Save


class Saving:
    def __init__(self, store: Store, live: LiveSettings, refusals: Refusals) -> None:
        self._store = store
        self._live = live
        self._refusals = refusals
        self._ids = itertools.count(1)

    def save(self, save: Save, request: Request, *, request_no: int) -> Answer:
        settings = self._live.now
        bound = bodies.read(save, request)
        bodies.check(save, bound, status=settings.validation_status)
        if bound["pnsUserId"] not in settings.classic_operators:
            raise Refused(answers.refusal("pnsUserId tidak terdaftar"))
        fields = {field.stored_as: bound[field.name] for field in save.fields if field.name in bound}
        with self._store.one_step():
            person = self._store.person_by_id(bound[save.person_field])
            if person is None:
                raise Refused(answers.refusal("PNS tidak ditemukan"))
            if reason := self._refusals.take(save.kind.resource, fields):
                raise Refused(answers.refusal(reason))
            row_id = bound.get("id", "")
            old = self._existing(save, row_id, person, settings)
            if old is None:
                row_id = self._create(save, row_id, person, fields, request_no)
            else:
                self._update(save, old, fields, request_no)
        return answers.duplex({save.id_key: row_id}).after_effect()

    def _existing(self, save: Save, row_id: str, person: Person, settings: Settings) -> Row | None:
        row = self._store.row(row_id) if row_id else None
        if row is None and row_id and not settings.unknown_id_creates:
            raise Refused(answers.refusal(f"Riwayat {row_id} tidak ditemukan"))
        if row is not None and (row.resource != save.kind.resource or row.nip != person.nip):
            raise Refused(answers.refusal("Riwayat bukan milik PNS"))
        return row

    def _create(self, save: Save, row_id: str, person: Person, fields: dict[str, Any], request_no: int) -> str:
        resource = save.kind.resource
        if self._live.now.refuse_duplicates:
            same = [row for row in self._store.rows(resource=resource, nip=person.nip) if row.fields == fields]
            if same:
                raise Refused(answers.refusal("Data sudah ada"))
        row_id = row_id or self._new_id()
        self._store.insert_row(row_id, resource, person.nip, fields=fields, documents={})
        row = Row(row_id, resource, person.nip, fields, {}, 1, 0)
        self._store.effect_on("create", row, changed=True, request_no=request_no)
        return row_id

    def _update(self, save: Save, old: Row, given: dict[str, Any], request_no: int) -> None:
        """What this dialect has no name for stays as SIASN left it, even when the update replaces the row."""
        named = {field.stored_as for field in save.fields}
        is_merge = self._live.now.update_mode == "merge"
        kept = {name: value for name, value in old.fields.items() if is_merge or name not in named}
        fields = {**kept, **given}
        self._store.change_row(old, fields=fields, documents=old.documents, read_lag_s=self._live.now.read_lag_s)
        changed = canonical(fields) != canonical(old.fields)
        self._store.effect_on("update", replace(old, fields=fields), changed=changed, request_no=request_no)

    def _new_id(self) -> str:
        """32 hex digits; old ids at BKN are wholly in capitals or wholly not."""
        new = uuid.uuid4().hex
        match self._live.now.classic_id_case:
            case "upper":
                return new.upper()
            case "mixed":
                return new.upper() if next(self._ids) % 2 else new
            case _:
                return new
