"""BKN behind its doors: from a request to the answer it gets on a good day, the effect stored on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import answers, bodies, forms
from .answers import Answer, Refused
from .decrees import Decrees
from .fields import Query, Resource, Sync
from .http import Request
from .people import People
from .queries import Queries
from .resources import Resources
from .routes import REFERENCES, Route
from .settings import LiveSettings
from .store import Store
from .tokens import Tokens
from .uploads import Uploads


@dataclass(frozen=True, slots=True)
class Api:
    store: Store
    live: LiveSettings
    tokens: Tokens
    people: People
    resources: Resources
    queries: Queries
    uploads: Uploads
    decrees: Decrees

    def execute(self, request: Request, route: Route, *, request_no: int) -> Answer:
        try:
            return self._execute(request, route, request_no)
        except Refused as refused:
            return refused.answer

    def nip_of(self, request: Request, route: Route) -> str | None:
        """Whose data are meant, read before anything is checked; None when it can't be told."""
        match route.action:
            case "person" | "part_time_person" | "list":
                return route.argument
            case "query":
                return request.query.get("nip")
            case "one" | "delete":
                return self._nip_of_row(route.argument)
            case "upload_row":
                row_id = forms.text_of(request, "id_riwayat")
                return self._nip_of_row(row_id) or self._nip_of_person(row_id)
            case "upload_sk_kp":
                return self._nip_of_row(forms.text_of(request, "id_usulan"))
            case "upload_photo":
                return self._nip_of_person(forms.text_of(request, "pns_id"))
            case "photo":
                return self._nip_of_person(route.argument)
            case "sync":
                return self._nip_of_person(request.query.get("pns_orang_id"))
            case "save" | "save_person":
                return self._nip_of_person(_person_id(_resource(route), request))
            case _:
                return None

    def foreign(self, route: Route, nip: str | None, wanted: str | None) -> Route:
        """The same read for somebody else: `wanted`, or anybody."""
        resource = route.resource.name if route.resource else None
        other = self.store.person(wanted) if wanted else self.store.another_person(nip or "", resource)
        if other is None:
            return route
        if route.action != "one":
            return replace(route, argument=other.nip)
        rows = self.store.rows(resource=resource, nip=other.nip)
        return replace(route, argument=rows[0].id) if rows else route

    def another_row_id(self, route: Route, row_id: str) -> str | None:
        rows = self.store.rows(resource=_resource(route).name)
        return next((row.id for row in rows if row.id != row_id), None)

    def _execute(self, request: Request, route: Route, request_no: int) -> Answer:
        match route.action:
            case "apim_token":
                return self.tokens.give_apim(request)
            case "sso_token":
                return self.tokens.give_sso(request)
            case "outside":
                return answers.backend_message(404, "Not Found")
        self.tokens.check_gateway(request)
        match route.action:
            case "no_route":
                return answers.backend_message(404, "Not Found")
            case "wrong_method":
                return answers.backend_message(405, "Method Not Allowed")
        if route.action not in REFERENCES or self.live.now.reference_tokens == "both":
            self.tokens.check_backend(request)
        return self._inside(request, route, request_no)

    def _inside(self, request: Request, route: Route, request_no: int) -> Answer:
        match route.action:
            case "person" | "part_time_person":
                return self.people.data_utama(route.argument, part_time=route.action != "person")
            case "list":
                return self.resources.list_rows(_resource(route), route.argument, path=route.template)
            case "one":
                return self.resources.one_row(_resource(route), route.argument)
            case "query":
                given = {**request.query, route.parameter: route.argument}
                return self.queries.rows(_resource(route), _query(route), given)
            case "save":
                return self.resources.save(_resource(route), request, request_no=request_no)
            case "save_person":
                return self.people.save(_resource(route), request, request_no=request_no)
            case "sync":
                person_id = request.query.get("pns_orang_id", "")
                return self.people.sync(_sync(route), person_id, request_no=request_no)
            case "delete":
                return self.resources.delete(_resource(route), route.argument, request_no=request_no)
            case "unor":
                return self.queries.unor(request)
            case "reference" | "reference_search":
                is_search = route.action == "reference_search"
                return self.queries.reference(route.argument, request, is_search=is_search)
            case _:
                return self._files(request, route, request_no)

    def _files(self, request: Request, route: Route, request_no: int) -> Answer:
        match route.action:
            case "upload":
                return self.uploads.upload(request, request_no=request_no)
            case "upload_row":
                return self.uploads.upload_to_row(request, request_no=request_no)
            case "upload_sk_kp":
                return self.decrees.promotion(request, request_no=request_no)
            case "upload_sk_nip":
                return self.decrees.appointment(request, request_no=request_no)
            case "upload_photo":
                return self.decrees.take_photo(request, request_no=request_no)
            case "photo":
                return self.decrees.photo(route.argument, route.template)
            case _:
                return self.uploads.download(request)

    def _nip_of_row(self, row_id: str) -> str | None:
        row = self.store.row(row_id)
        return row.nip or None if row else None

    def _nip_of_person(self, person_id: str | None) -> str | None:
        person = self.store.person_by_id(person_id) if person_id else None
        return person.nip if person else None


def _person_id(resource: Resource, request: Request) -> str | None:
    if resource.is_form:
        return forms.text_of(request, resource.person_key)
    given = bodies.pairs(request.body)
    person_id = given.get(resource.person_key) if given else None
    return person_id if isinstance(person_id, str) else None


def _resource(route: Route) -> Resource:
    if route.resource is None:
        raise LookupError(f"{route.template} has no resource")
    return route.resource


def _query(route: Route) -> Query:
    if route.query is None:
        raise LookupError(f"{route.template} has no query")
    return route.query


def _sync(route: Route) -> Sync:
    if route.sync is None:
        raise LookupError(f"{route.template} is no sync")
    return route.sync
