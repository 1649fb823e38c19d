"""The control API: how a test prepares the world, makes it fail, and reads the books. JSON in and out."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from . import answers, outage, settings
from .answers import Answer
from .bkn import Bkn
from .books import Books
from .classic.tokens import ClassicTokens
from .faults import BadRule, Faults
from .fields import FieldTables, ReadField, Resource, saves_of
from .http import BadRequest, Connection, Listener, Request, Signal, response_head
from .people import PART_TIME
from .references import BadReference, References
from .refusals import Refusal, Refusals
from .settings import LiveSettings
from .store import Person, Row, Store
from .tokens import Tokens
from .uploads import FOLDER, Uploads, kept


class Mistake(ValueError):
    """The caller of the control API asked for something that doesn't exist or makes no sense."""


class Parts(NamedTuple):
    """What the control API may touch."""

    store: Store
    tables: FieldTables
    live: LiveSettings
    tokens: Tokens
    uploads: Uploads
    references: References
    books: Books
    faults: Faults
    refusals: Refusals
    bkn: Bkn
    main_port: Listener
    stop_asked: Signal
    classic_tokens: ClassicTokens


class Control:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._handlers: list[tuple[str, re.Pattern[str], Callable[[Request, str], Any]]] = [
            (method, re.compile(pattern), handler)
            for method, pattern, handler in (
                ("GET", "/health", self._health),
                ("POST", "/persons", self._post_persons),
                ("GET", "/persons", self._get_persons),
                ("POST", "/persons/(.+)/nip", self._correct_nip),
                ("POST", "/rows", self._post_rows),
                ("GET", "/rows", self._get_rows),
                ("PATCH", "/rows/(.+)", self._patch_row),
                ("DELETE", "/rows/(.+)", self._delete_row),
                ("GET", "/resources", self._get_resources),
                ("POST", "/references/(.+)", self._post_references),
                ("GET", "/references/(.+)", self._get_references),
                ("DELETE", "/references/(.+)", self._delete_references),
                ("GET", "/effects", self._get_effects),
                ("GET", "/calls", self._get_calls),
                ("GET", "/counts", self._get_counts),
                ("POST", "/restart-counters", self._restart_counters),
                ("GET", "/settings", self._get_settings),
                ("PATCH", "/settings", self._patch_settings),
                ("POST", "/faults", self._post_fault),
                ("GET", "/faults", self._get_faults),
                ("DELETE", "/faults(?:/(.+))?", self._delete_faults),
                ("POST", "/tokens/expire", self._expire_tokens),
                ("POST", "/refusals", self._post_refusal),
                ("DELETE", "/refusals", self._delete_refusals),
                ("POST", "/outage", self._post_outage),
                ("POST", "/stop", self._stop),
            )
        ]

    def serve(self, connection: Connection) -> None:
        try:
            while (request := connection.read_request()) is not None:
                answer = self._answer(request)
                head = response_head(answer, length=len(answer.body), keep_alive=request.keep_alive)
                connection.send(head + answer.body)
                if request.path == "/stop":
                    self._parts.stop_asked.set()
                if not request.keep_alive:
                    return
        except BadRequest:
            return

    def _answer(self, request: Request) -> Answer:
        try:
            for method, pattern, handler in self._handlers:
                found = pattern.fullmatch(request.path)
                if found and method == request.method:
                    return answers.of_json(200, handler(request, found[1] or "" if found.groups() else ""))
        except (Mistake, BadRule, BadReference, settings.UnknownSetting, outage.UnknownMode) as problem:
            return answers.of_json(400, {"error": str(problem)})
        except (KeyError, TypeError, AttributeError, ValueError, sqlite3.IntegrityError) as problem:
            return answers.of_json(400, {"error": f"{type(problem).__name__}: {problem}"})
        return answers.of_json(404, {"error": f"no such control call: {request.method} {request.path}"})

    # the world

    def _health(self, _request: Request, _argument: str) -> Any:
        return {"ok": True, "outage": self._parts.bkn.outage.mode}

    def _post_persons(self, request: Request, _argument: str) -> Any:
        given = _json(request)
        people = [self._person(entry) for entry in (given if isinstance(given, list) else [given])]
        with self._parts.store.one_step():
            for person in people:
                self._parts.store.put_person(person)
        return {person.nip: person.id for person in people}

    def _get_persons(self, request: Request, _argument: str) -> Any:
        people = self._parts.store.persons(nip=request.query.get("nip") or None)
        return [{"nip": person.nip, "id": person.id, "fields": person.fields} for person in people]

    def _correct_nip(self, request: Request, old: str) -> Any:
        new = str(_json(request)["nipBaru"])
        with self._parts.store.one_step():
            if self._parts.store.person(old) is None:
                raise Mistake(f"no person {old}")
            self._parts.store.correct_nip(old, new)
        return {}

    def _person(self, entry: dict[str, Any]) -> Person:
        known = {field.name for field in self._parts.tables.person_fields} | {PART_TIME}
        if unknown := set(entry) - known:
            raise Mistake(f"data-utama has no {sorted(unknown)}")
        defaults = {"kedudukanPnsId": "01", "statusPegawai": "PNS"}
        nip = str(entry["nipBaru"])
        old = self._parts.store.person(nip)
        fields = {**defaults, **(old.fields if old else {}), **entry}
        person_id = entry.get("id") or (old.id if old else uuid.uuid4().hex.upper())
        return Person(nip, person_id, {key: fields[key] for key in fields if key not in ("id", "nipBaru")})

    def _post_rows(self, request: Request, _argument: str) -> Any:
        given = _json(request)
        with self._parts.store.one_step():
            return [self._preload(entry) for entry in (given if isinstance(given, list) else [given])]

    def _preload(self, entry: dict[str, Any]) -> str:
        store = self._parts.store
        resource = self._resource(entry["resource"])
        nip = entry.get("nip") or ""
        person = store.person(nip)
        if person is None and resource.list_path:
            raise Mistake(f"no person {nip}")
        row_id = entry.get("id") or str(uuid.uuid4())
        if store.row(row_id):
            raise Mistake(f"there is a row {row_id}")
        fields = _stored(resource, entry.get("fields", {}))
        if resource.person_field and person:
            fields = {resource.person_field: person.id, **fields}
        documents = {ref: self._preload_file(row_id, ref, text) for ref, text in entry.get("documents", {}).items()}
        store.insert_row(row_id, resource.name, nip, fields=fields, documents=documents, is_old=True)
        return row_id

    def _preload_file(self, row_id: str, ref: str, text: str) -> dict[str, str]:
        try:
            content = base64.b64decode(text, validate=True)
        except binascii.Error as problem:
            raise Mistake(f"document {ref} isn't base64") from problem
        file = self._parts.uploads.stored_file(f"{FOLDER}/{ref}_{row_id}.pdf", ref, content)
        self._parts.store.put_file(file)
        return kept(file)

    def _get_rows(self, request: Request, _argument: str) -> Any:
        rows = self._parts.store.rows(
            resource=request.query.get("resource") or None, nip=request.query.get("nip") or None
        )
        return [_row_json(row) for row in rows]

    def _patch_row(self, request: Request, argument: str) -> Any:
        """Another hand at BKN: no effect of ours, so nothing in the book of effects."""
        with self._parts.store.one_step():
            row = self._row(argument)
            fields = {**row.fields, **_stored(self._resource(row.resource), _json(request)["fields"])}
            self._parts.store.change_row(row, fields=fields, documents=row.documents, read_lag_s=self._lag_s())
            return _row_json(self._row(argument))

    def _delete_row(self, _request: Request, argument: str) -> Any:
        with self._parts.store.one_step():
            self._parts.store.delete_row(self._row(argument), read_lag_s=self._lag_s())
        return {"deleted": argument}

    def _get_resources(self, _request: Request, _argument: str) -> Any:
        """What `POST /rows` takes: every resource with the names of its fields."""
        return {name: _names(resource.read_fields) for name, resource in self._parts.tables.resources.items()}

    def _post_references(self, request: Request, argument: str) -> Any:
        given = _json(request)
        rows = given if isinstance(given, list) else [given]
        return {"rows": self._parts.references.put(argument, rows)}

    def _get_references(self, _request: Request, argument: str) -> Any:
        return self._parts.references.rows(argument)

    def _delete_references(self, _request: Request, argument: str) -> Any:
        self._parts.references.clear(argument)
        return {"rows": len(self._parts.references.rows(argument))}

    # the books

    def _get_effects(self, request: Request, _argument: str) -> Any:
        return self._parts.store.effects(after=int(request.query.get("after", "0")))

    def _get_calls(self, request: Request, _argument: str) -> Any:
        return self._parts.store.calls(after=int(request.query.get("after", "0")))

    def _get_counts(self, _request: Request, _argument: str) -> Any:
        return self._parts.books.counts()

    def _restart_counters(self, _request: Request, _argument: str) -> Any:
        self._parts.books.restart()
        return {}

    # how BKN behaves

    def _get_settings(self, _request: Request, _argument: str) -> Any:
        return settings.as_json(self._parts.live.now)

    def _patch_settings(self, request: Request, _argument: str) -> Any:
        return settings.as_json(self._parts.live.patch(_json(request)))

    def _post_fault(self, request: Request, _argument: str) -> Any:
        return asdict(self._parts.faults.add(_json(request)))

    def _get_faults(self, _request: Request, _argument: str) -> Any:
        return [asdict(rule) for rule in self._parts.faults.rules()]

    def _delete_faults(self, _request: Request, argument: str) -> Any:
        self._parts.faults.remove(int(argument) if argument else None)
        return {}

    def _expire_tokens(self, request: Request, _argument: str) -> Any:
        which = _json(request)["which"]
        if which not in ("apim", "sso", "classic", "all"):
            raise Mistake("which must be apim, sso, classic or all")
        if which in ("classic", "all"):
            self._parts.classic_tokens.expire()
        if which != "classic":
            self._parts.tokens.expire(which)
        return {}

    def _post_refusal(self, request: Request, _argument: str) -> Any:
        rule = Refusal(**_json(request))
        saves = [save for save in saves_of(self._parts.tables) if save.name == rule.resource]
        stored = {field.name: field.stored for save in saves for field in save.write_fields}
        if not saves:
            raise Mistake(f"nothing is saved as {rule.resource}")
        if unknown := sorted(set(rule.where) - set(stored)):
            raise Mistake(f"{rule.resource} has no write field {unknown}")
        rule.where = {stored[name]: value for name, value in rule.where.items()}
        self._parts.refusals.add(rule)
        return {}

    def _delete_refusals(self, _request: Request, _argument: str) -> Any:
        self._parts.refusals.clear()
        return {}

    def _post_outage(self, request: Request, _argument: str) -> Any:
        self._parts.bkn.outage = outage.of_json(_json(request))
        if self._parts.bkn.outage.mode == "closed":
            self._parts.main_port.close()
        else:
            self._parts.main_port.open()
        return {"mode": self._parts.bkn.outage.mode}

    def _stop(self, _request: Request, _argument: str) -> Any:
        return {}

    def _resource(self, name: str) -> Resource:
        if name not in self._parts.tables.resources:
            raise Mistake(f"no resource {name}; there are {sorted(self._parts.tables.resources)}")
        return self._parts.tables.resources[name]

    def _lag_s(self) -> float:
        return self._parts.live.now.read_lag_s

    def _row(self, row_id: str) -> Row:
        row = self._parts.store.row(row_id)
        if row is None:
            raise Mistake(f"no row {row_id}")
        return row


def _json(request: Request) -> Any:
    try:
        return json.loads(request.body or b"{}")
    except ValueError as problem:
        raise Mistake(f"not JSON: {problem}") from problem


def _stored(resource: Resource, given: dict[str, Any]) -> dict[str, Any]:
    """From read (or write) names to the stored form; number text becomes a number where it should."""
    stored: dict[str, Any] = {}
    for name, value in given.items():
        inner = resource.nested(name)
        if inner and isinstance(value, dict):
            stored |= _stored_inside(inner, name, value)
            continue
        if resource.is_derived(name):
            continue
        known = resource.stored_name(name)
        if known is None:
            raise Mistake(f"{resource.name} has no field {name}")
        field = resource.write_field(known)
        is_number_text = isinstance(value, str) and value.isdecimal() and field is not None
        stored[known] = int(value) if field and field.type == "integer" and is_number_text else value
    return stored


def _stored_inside(fields: tuple[ReadField, ...], outer: str, given: dict[str, Any]) -> dict[str, Any]:
    """The same for an object inside the item."""
    sources = {field.name: field.source for field in fields}
    if unknown := set(given) - set(sources):
        raise Mistake(f"{outer} has no field {sorted(unknown)}")
    return {sources[name]: value for name, value in given.items() if sources[name]}


def _names(fields: tuple[ReadField, ...]) -> list[Any]:
    return [{field.name: _names(field.fields)} if field.fields else field.name for field in fields]


def _row_json(row: Row) -> dict[str, Any]:
    digests = {ref: document["sha256"] for ref, document in row.documents.items()}
    return {
        "id": row.id,
        "resource": row.resource,
        "nip": row.nip,
        "fields": row.fields,
        "documents": digests,
        "version": row.version,
        "created_seq": row.created_seq,
    }
