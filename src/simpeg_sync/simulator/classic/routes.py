"""Which classic endpoint does a request mean? The only place that knows the dialect's paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..routes import Action, Route
from ..settings import Settings
from .tables import ClassicTables, Kind, Save


@dataclass(frozen=True, slots=True)
class ClassicRoute(Route):
    kind: Kind | None = None
    save: Save | None = None


@dataclass(frozen=True, slots=True)
class _Endpoint:
    method: str
    action: Action
    path: str
    kind: Kind | None = None
    save: Save | None = None

    def fits(self, path: str) -> re.Match[str] | None:
        return re.fullmatch(self.path.replace("{nip}", "([^/]+)"), path)


class ClassicRouter:
    def __init__(self, tables: ClassicTables, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._reads = [
            _Endpoint("GET", "person", "/pns/data-utama/{nip}"),
            *(_Endpoint("GET", "list", f"/pns/{kind.name}/{{nip}}", kind) for kind in tables.kinds.values()),
        ]
        self._duplex = [
            *(_Endpoint("GET", "duplex_list", path, kind) for path, kind in tables.duplex_reads.items()),
            *(_Endpoint("POST", "save", save.path, save.kind, save) for save in tables.saves.values()),
        ]

    def find(self, method: str, path: str) -> ClassicRoute | None:
        """None when the path lies outside the dialect."""
        settings = self._settings()
        if path == settings.classic_token_path:
            return ClassicRoute("classic_token" if method == "POST" else "wrong_method", path)
        places = [(base, self._reads) for base in settings.classic_read_paths]
        places += [(base, self._duplex) for base in settings.classic_duplex_paths]
        found: ClassicRoute | None = None
        for base, endpoints in places:
            if path.startswith(base + "/"):
                found = _inside(method, base, path, endpoints)
                # Reads and duplex may share a base path: the next place may know what this one doesn't.
                if found.action != "no_route":
                    return found
        return found


def _inside(method: str, base: str, path: str, endpoints: list[_Endpoint]) -> ClassicRoute:
    action: Action = "no_route"
    for endpoint in endpoints:
        found = endpoint.fits(path.removeprefix(base))
        if found and endpoint.method == method:
            argument = found[1] if found.groups() else ""
            return ClassicRoute(
                endpoint.action, base + endpoint.path, None, argument, kind=endpoint.kind, save=endpoint.save
            )
        if found:
            action = "wrong_method"
    return ClassicRoute(action, path)
