"""Which endpoint does a request mean, and does it change anything? The only place that knows BKN's paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from . import tokens
from .fields import FieldTables, Resource

Action = Literal[
    "apim_token",
    "sso_token",
    "classic_token",
    "person",
    "list",
    "duplex_list",
    "one",
    "save",
    "delete",
    "upload",
    "upload_row",
    "download",
    "wrong_method",
    "no_route",
    "outside",
]
WRITES: frozenset[Action] = frozenset({"save", "delete", "upload", "upload_row"})


@dataclass(frozen=True, slots=True)
class Route:
    action: Action
    # As in the reference, with the parameter's name; the path itself where nothing fits.
    template: str
    resource: Resource | None = None
    # The NIP or row id in the path.
    argument: str = ""


class _Endpoint(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    action: Action
    template: str
    resource: Resource | None


class Router:
    def __init__(self, table: FieldTables, base_paths: Callable[[], tuple[str, ...]]) -> None:
        self._endpoints = _endpoints(table)
        self._exact = {
            (endpoint.method, endpoint.template): endpoint
            for endpoint in self._endpoints
            if "{" not in endpoint.template
        }
        self._base_paths = base_paths

    def find(self, method: str, path: str) -> Route:
        if path == tokens.APIM_PATH:
            return Route("apim_token" if method == "POST" else "wrong_method", path)
        if path == tokens.SSO_PATH:
            return Route("sso_token" if method == "POST" else "wrong_method", path)
        for base in self._base_paths():
            if path.startswith(base + "/"):
                return self._inside(method, path.removeprefix(base))
        return Route("outside", path)

    def _inside(self, method: str, path: str) -> Route:
        exact = self._exact.get((method, path))
        if exact:
            return Route(exact.action, exact.template, exact.resource)
        action: Action = "no_route"
        for endpoint in self._endpoints:
            found = endpoint.pattern.fullmatch(path)
            if found and endpoint.method == method:
                return Route(endpoint.action, endpoint.template, endpoint.resource, found[1])
            if found:
                action = "wrong_method"
        return Route(action, path)


def _endpoints(table: FieldTables) -> list[_Endpoint]:
    found = [
        _endpoint("GET", "person", table.person_path),
        _endpoint("POST", "upload", "/upload-dok"),
        _endpoint("POST", "upload_row", "/upload-dok-rw"),
        _endpoint("GET", "download", "/download-dok"),
    ]
    for resource in table.resources.values():
        found += [
            _endpoint("GET", "list", resource.list_path, resource),
            _endpoint("GET", "one", resource.one_path, resource),
            _endpoint("POST", "save", resource.save_path, resource),
            _endpoint("DELETE", "delete", resource.delete_path, resource),
        ]
    return found


def _endpoint(method: str, action: Action, template: str, resource: Resource | None = None) -> _Endpoint:
    return _Endpoint(method, re.compile(re.sub(r"\{\w+\}", "([^/]+)", template)), action, template, resource)
