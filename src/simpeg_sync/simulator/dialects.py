"""The two dialects behind one port: SIASN's paths first, then the classic ones."""

from __future__ import annotations

from .answers import Answer
from .api import Api
from .classic.api import ClassicApi
from .classic.routes import ClassicRoute, ClassicRouter
from .http import Request
from .routes import Route, Router


class Dialects:
    def __init__(self, siasn: Api, router: Router, classic: ClassicApi, classic_router: ClassicRouter) -> None:
        self._siasn = siasn
        self._router = router
        self._classic = classic
        self._classic_router = classic_router

    def find(self, method: str, path: str) -> Route:
        route = self._router.find(method, path)
        return (self._classic_router.find(method, path) or route) if route.action == "outside" else route

    def execute(self, request: Request, route: Route, *, request_no: int) -> Answer:
        if isinstance(route, ClassicRoute):
            return self._classic.execute(request, route, request_no=request_no)
        return self._siasn.execute(request, route, request_no=request_no)

    def nip_of(self, request: Request, route: Route) -> str | None:
        if isinstance(route, ClassicRoute):
            return self._classic.nip_of(request, route)
        return self._siasn.nip_of(request, route)

    def foreign(self, route: Route, nip: str | None, wanted: str | None) -> Route:
        if isinstance(route, ClassicRoute):
            return self._classic.foreign(route, nip, wanted)
        return self._siasn.foreign(route, nip, wanted)

    def another_row_id(self, route: Route, row_id: str) -> str | None:
        if isinstance(route, ClassicRoute):
            return self._classic.another_row_id(route, row_id)
        return self._siasn.another_row_id(route, row_id)
