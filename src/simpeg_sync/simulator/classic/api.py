"""The classic service behind its door: from a request to the answer it gets on a good day."""

from __future__ import annotations

from dataclasses import replace

from ..answers import Answer, Refused
from ..http import Request
from ..store import Store
from . import answers, bodies
from .reading import Reading
from .routes import ClassicRoute
from .saving import Saving
from .tables import Kind, Save
from .tokens import ClassicTokens


class ClassicApi:
    def __init__(self, store: Store, tokens: ClassicTokens, reading: Reading, saving: Saving) -> None:
        self._store = store
        self._tokens = tokens
        self._reading = reading
        self._saving = saving

    def execute(self, request: Request, route: ClassicRoute, *, request_no: int) -> Answer:
        try:
            return self._execute(request, route, request_no)
        except Refused as refused:
            return refused.answer

    def nip_of(self, request: Request, route: ClassicRoute) -> str | None:
        """Whose data are meant, read before anything is checked; None when it can't be told."""
        if route.action != "save":
            return route.argument or None
        given = bodies.values(request.body) or {}
        person_id = given.get(_save(route).person_field)
        person = self._store.person_by_id(person_id) if isinstance(person_id, str) else None
        return person.nip if person else None

    def foreign(self, route: ClassicRoute, nip: str | None, wanted: str | None) -> ClassicRoute:
        """The same read for somebody else: `wanted`, or anybody."""
        resource = route.kind.resource if route.kind else None
        other = self._store.person(wanted) if wanted else self._store.another_person(nip or "", resource)
        return replace(route, argument=other.nip) if other and route.argument else route

    def another_row_id(self, route: ClassicRoute, row_id: str) -> str | None:
        rows = self._store.rows(resource=_kind(route).resource)
        return next((row.id for row in rows if row.id != row_id), None)

    def _execute(self, request: Request, route: ClassicRoute, request_no: int) -> Answer:
        match route.action:
            case "classic_token":
                return self._tokens.give(request)
            case "no_route":
                return answers.spring_error(404, "Not Found", "No message available", request.path)
            case "wrong_method":
                text = f"Request method '{request.method}' not supported"
                return answers.spring_error(405, "Method Not Allowed", text, request.path)
        self._tokens.check(request)
        match route.action:
            case "person":
                return self._reading.data_utama(route.template, route.argument)
            case "list":
                return self._reading.kind(route.template, _kind(route), route.argument)
            case "duplex_list":
                return self._reading.duplex(_kind(route), route.argument)
            case _:
                return self._saving.save(_save(route), request, request_no=request_no)


def _kind(route: ClassicRoute) -> Kind:
    if route.kind is None:
        raise LookupError(f"{route.template} reads nothing")
    return route.kind


def _save(route: ClassicRoute) -> Save:
    if route.save is None:
        raise LookupError(f"{route.template} saves nothing")
    return route.save
