"""The person itself: reading data-utama, the saves that change it, and the calls that bring it up to date."""

from __future__ import annotations

from typing import Any

from . import answers, bodies, dates, forms
from .answers import Answer, Refused
from .fields import FieldTables, Resource, Sync
from .http import Request
from .refusals import Refusals
from .settings import LiveSettings, Settings
from .store import Person, Row, Store, canonical, sha256_of
from .uploads import Uploads
from .views import Views

# Put in through the control API: such a person is found under data-utama/paruhwaktu alone.
PART_TIME = "paruhwaktu"
_NO_DATE = "0001-01-01"


class People:
    def __init__(
        self, store: Store, tables: FieldTables, live: LiveSettings, views: Views, refusals: Refusals, uploads: Uploads
    ) -> None:
        self._store = store
        self._tables = tables
        self._live = live
        self._views = views
        self._refusals = refusals
        self._uploads = uploads

    def data_utama(self, nip: str, *, part_time: bool = False) -> Answer:
        settings = self._live.now
        person = self._store.person(nip)
        if person is None or bool(person.fields.get(PART_TIME)) != part_time:
            path = self._tables.part_time_path if part_time else self._tables.person_path
            return answers.not_found(settings.not_found.get(path, self._tables.person_not_found))
        return answers.read_envelope(self._views.person(person, settings))

    def save(self, save: Resource, request: Request, *, request_no: int) -> Answer:
        """Only what was sent changes."""
        settings = self._live.now
        parts = forms.parts_of(request) if save.is_form else {}
        bound = forms.bind(save, parts) if save.is_form else bodies.bind(save, request.body, settings)
        bodies.check(save, bound, self._tables, settings)
        given = {name: value for name, value in bound.items() if name not in ("id", "path", save.person_field)}
        files = self._uploads.pdfs(save, parts)
        with self._store.one_step():
            person = self._store.person_by_id(bound[save.person_field])
            if person is None:
                raise Refused(answers.business_refusal("PNS Orang tidak ditemukan", settings.refusal_form))
            if said := self._refusals.take(save.name, bound):
                raise Refused(answers.business_refusal(said, settings.refusal_form))
            documents = self._uploads.named(bound.get("path") or [])
            documents |= {ref: self._uploads.keep(person.id, ref, file) for ref, file in files.items()}
            self._change(save.name, "update", person, self._with(given, person, documents), given, request_no)
        map_data = {save.answer_id_key: person.id} if save.answer_form == "object" else None
        return answers.write_envelope(map_data).after_effect()

    def sync(self, sync: Sync, person_id: str, *, request_no: int) -> Answer:
        """Copies what the newest row shows into data-utama."""
        with self._store.one_step():
            person = self._store.person_by_id(person_id)
            row = self._newest(sync, person) if person else None
            if person is None or row is None:
                return self._said(answers.NOT_FOUND_TEXT, is_error=True)
            # As BKN knows it: no padding, no odd key case of the moment.
            shown = self._views.row(self._tables.resources[sync.resource], row, person, Settings())
            copied = {name: _copied(shown, source) for name, source in sync.copies.items()}
            self._change("data-utama", "sync", person, self._with(copied, person, {}), copied, request_no)
        return self._said("success", is_error=False).after_effect()

    def _newest(self, sync: Sync, person: Person) -> Row | None:
        rows = self._store.rows(resource=sync.resource, nip=person.nip)
        return max(rows, key=lambda row: (_day_of(row, sync.newest_by), row.created_seq), default=None)

    def _with(self, given: dict[str, Any], person: Person, documents: dict[str, dict[str, str]]) -> dict[str, Any]:
        """The person's fields after the change; a label whose code has changed is looked up anew."""
        changed = {name for name, value in given.items() if person.fields.get(name) != value}
        stale = {
            field.name
            for field in self._tables.person_fields
            if field.label_of and field.label_of[1] in changed and field.name not in given
        }
        fields = {name: value for name, value in person.fields.items() if name not in stale} | given
        if documents:
            fields["path"] = {**(person.fields.get("path") or {}), **documents}
        return fields

    def _change(
        self, resource: str, kind: str, person: Person, fields: dict[str, Any], given: dict[str, Any], request_no: int
    ) -> None:
        self._store.put_person(Person(person.nip, person.id, fields))
        self._store.write_effect(
            kind,
            resource,
            row_id=person.id,
            nip=person.nip,
            body_sha256=sha256_of(canonical(given).encode()),
            changed=canonical(fields) != canonical(person.fields),
            request_no=request_no,
        )

    def _said(self, message: str, *, is_error: bool) -> Answer:
        if self._live.now.sync_answer == "error_message":
            return answers.error_message(message, is_error=is_error)
        return answers.write_envelope(None, success=not is_error, message=message)


def _day_of(row: Row, names: tuple[str, ...]) -> str:
    days = (dates.iso_day(str(row.fields.get(name) or "")) for name in names)
    return next((day for day in days if day and day != _NO_DATE), "")


def _copied(shown: dict[str, Any], source: tuple[str, ...]) -> Any:
    name, *condition = source
    if condition and shown.get(condition[0]) != condition[1]:
        return ""
    return shown.get(name)
