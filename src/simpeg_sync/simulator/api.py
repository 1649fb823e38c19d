"""BKN behind its doors: from a request to the answer it gets on a good day, the effect stored on the way."""

from __future__ import annotations

from . import answers, bodies
from .answers import Answer, Refused
from .fields import FieldTables, Resource
from .http import Request
from .resources import Resources
from .routes import Route
from .store import Store
from .tokens import Tokens
from .uploads import Uploads


class Api:
    def __init__(
        self, store: Store, tables: FieldTables, tokens: Tokens, resources: Resources, uploads: Uploads
    ) -> None:
        self._store = store
        self._tables = tables
        self._tokens = tokens
        self._resources = resources
        self._uploads = uploads

    def execute(self, request: Request, route: Route, *, request_no: int) -> Answer:
        try:
            return self._execute(request, route, request_no)
        except Refused as refused:
            return refused.answer

    def nip_of(self, request: Request, route: Route) -> str | None:
        """Whose data are meant, read before anything is checked; None when it can't be told."""
        match route.action:
            case "person" | "list":
                return route.argument
            case "one" | "delete":
                return self._nip_of_row(route.argument)
            case "upload_row":
                return self._nip_of_row(self._uploads.row_id_of(request))
            case "save":
                return self._nip_of_body(_resource(route), request.body)
            case _:
                return None

    def foreign(self, route: Route, nip: str | None, wanted: str | None) -> Route:
        """The same read for somebody else: `wanted`, or anybody."""
        resource = route.resource.name if route.resource else None
        other = self._store.person(wanted) if wanted else self._store.another_person(nip or "", resource)
        if other is None:
            return route
        if route.action != "one":
            return Route(route.action, route.template, route.resource, other.nip)
        rows = self._store.rows(resource=resource, nip=other.nip)
        return Route(route.action, route.template, route.resource, rows[0].id) if rows else route

    def another_row_id(self, route: Route, row_id: str) -> str | None:
        rows = self._store.rows(resource=_resource(route).name)
        return next((row.id for row in rows if row.id != row_id), None)

    def _execute(self, request: Request, route: Route, request_no: int) -> Answer:
        match route.action:
            case "apim_token":
                return self._tokens.give_apim(request)
            case "sso_token":
                return self._tokens.give_sso(request)
            case "outside":
                return answers.backend_message(404, "Not Found")
        self._tokens.check_gateway(request)
        match route.action:
            case "no_route":
                return answers.backend_message(404, "Not Found")
            case "wrong_method":
                return answers.backend_message(405, "Method Not Allowed")
        self._tokens.check_backend(request)
        return self._inside(request, route, request_no)

    def _inside(self, request: Request, route: Route, request_no: int) -> Answer:
        match route.action:
            case "person":
                return self._resources.data_utama(route.argument)
            case "list":
                return self._resources.list_rows(_resource(route), route.argument)
            case "one":
                return self._resources.one_row(_resource(route), route.argument)
            case "save":
                return self._resources.save(_resource(route), request.body, request_no=request_no)
            case "delete":
                return self._resources.delete(_resource(route), route.argument, request_no=request_no)
            case "upload":
                return self._uploads.upload(request, request_no=request_no)
            case "upload_row":
                return self._uploads.upload_to_row(request, request_no=request_no)
            case _:
                return self._uploads.download(request)

    def _nip_of_row(self, row_id: str) -> str | None:
        row = self._store.row(row_id)
        return row.nip if row else None

    def _nip_of_body(self, resource: Resource, body: bytes) -> str | None:
        given = bodies.pairs(body)
        person_id = given.get(resource.person_field.lower()) if given else None
        person = self._store.person_by_id(person_id) if isinstance(person_id, str) else None
        return person.nip if person else None


def _resource(route: Route) -> Resource:
    if route.resource is None:
        raise LookupError(f"{route.template} has no resource")
    return route.resource
