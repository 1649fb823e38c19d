"""Which endpoint does a request mean, and does it change anything? The only place that knows BKN's paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from . import tokens
from .fields import FieldTables, Query, Resource, Sync, saves_of

Action = Literal[
    "apim_token",
    "sso_token",
    "classic_token",
    "person",
    "part_time_person",
    "list",
    "duplex_list",
    "one",
    "query",
    "save",
    "save_person",
    "sync",
    "delete",
    "upload",
    "upload_row",
    "upload_sk_kp",
    "upload_sk_nip",
    "upload_photo",
    "photo",
    "download",
    "unor",
    "reference",
    "reference_search",
    "wrong_method",
    "no_route",
    "outside",
]
WRITES: frozenset[Action] = frozenset(
    {
        "save",
        "save_person",
        "sync",
        "delete",
        "upload",
        "upload_row",
        "upload_sk_kp",
        "upload_sk_nip",
        "upload_photo",
    }
)
REFERENCES: frozenset[Action] = frozenset({"reference", "reference_search"})

_PARAMETER = re.compile(r"/\{(\w+)\}$")


@dataclass(frozen=True, slots=True)
class Route:
    action: Action
    # As in the reference, with the parameter's name; the path itself where nothing fits.
    template: str
    resource: Resource | None = None
    # The NIP, row id or table in the path.
    argument: str = ""
    # How the template of a query calls it.
    parameter: str = ""
    query: Query | None = None
    sync: Sync | None = None


class _Endpoint(NamedTuple):
    method: str
    action: Action
    template: str
    resource: Resource | None = None
    query: Query | None = None
    sync: Sync | None = None


class Router:
    def __init__(self, table: FieldTables, base_paths: Callable[[], tuple[str, ...]]) -> None:
        # BKN's templates have at most one parameter, and it comes last: two look-ups find any of them.
        self._plain: dict[str, dict[str, _Endpoint]] = {}
        self._by_parent: dict[str, dict[str, _Endpoint]] = {}
        for endpoint in _endpoints(table):
            parent = _PARAMETER.sub("", endpoint.template)
            known = self._plain if parent == endpoint.template else self._by_parent
            known.setdefault(parent, {})[endpoint.method] = endpoint
        self._references = {entry.path: name for name, entry in table.references.items() if entry.path}
        self._reference_base = table.reference_base
        self._base_paths = base_paths

    def find(self, method: str, path: str) -> Route:
        if path == tokens.APIM_PATH:
            return Route("apim_token" if method == "POST" else "wrong_method", path)
        if path == tokens.SSO_PATH:
            return Route("sso_token" if method == "POST" else "wrong_method", path)
        for base in self._base_paths():
            if path.startswith(base + "/"):
                return self._inside(method, path.removeprefix(base))
        if self._reference_base and path.startswith(self._reference_base + "/"):
            return self._reference(method, path.removeprefix(self._reference_base))
        return Route("outside", path)

    def _inside(self, method: str, path: str) -> Route:
        parent, _, argument = path.rpartition("/")
        plain, by_parent = self._plain.get(path, {}), self._by_parent.get(parent, {}) if argument else {}
        if endpoint := plain.get(method):
            return _route(endpoint, "")
        if endpoint := by_parent.get(method):
            return _route(endpoint, argument)
        return Route("wrong_method" if plain or by_parent else "no_route", path)

    def _reference(self, method: str, path: str) -> Route:
        table = self._references.get(path.removesuffix("/search"))
        if table is None:
            return Route("no_route", path)
        if method != "GET":
            return Route("wrong_method", path)
        return Route("reference_search" if path.endswith("/search") else "reference", path, argument=table)


def _route(endpoint: _Endpoint, argument: str) -> Route:
    found = _PARAMETER.search(endpoint.template) if endpoint.query else None
    return Route(
        endpoint.action,
        endpoint.template,
        endpoint.resource,
        argument,
        found[1] if found else "",
        endpoint.query,
        endpoint.sync,
    )


def _endpoints(table: FieldTables) -> Iterator[_Endpoint]:
    yield _Endpoint("GET", "person", table.person_path)
    yield _Endpoint("POST", "upload", "/upload-dok")
    yield _Endpoint("POST", "upload_row", "/upload-dok-rw")
    yield _Endpoint("POST", "upload_sk_kp", "/upload-dok-sk-kp")
    yield _Endpoint("POST", "upload_sk_nip", "/upload-dok-sk-nip")
    yield _Endpoint("POST", "upload_photo", "/upload-photo")
    yield _Endpoint("GET", "download", "/download-dok")
    yield _Endpoint("GET", "part_time_person", table.part_time_path)
    yield _Endpoint("GET", "photo", table.photo_path)
    yield _Endpoint("GET", "unor", table.unor_path)
    for sync in table.syncs:
        yield _Endpoint("GET", "sync", sync.path, sync=sync)
    for save in saves_of(table):
        action: Action = "save" if save.name in table.resources else "save_person"
        yield _Endpoint("POST", action, save.save_path, save)
    for resource in table.resources.values():
        for path in resource.list_paths:
            yield _Endpoint("GET", "list", path, resource)
        if resource.one_path:
            yield _Endpoint("GET", "one", resource.one_path, resource)
        if resource.delete_path:
            yield _Endpoint("DELETE", "delete", resource.delete_path, resource)
        for query in resource.queries:
            for method in query.methods:
                yield _Endpoint(method, "query", query.path, resource, query)
