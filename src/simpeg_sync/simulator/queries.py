"""Lists that aren't one person's: proposals, procurement, reference tables; filtered, ordered and paged."""

from __future__ import annotations

from typing import Any

from . import answers, dates
from .answers import Answer, Refused
from .fields import Query, Resource
from .http import Request
from .references import UNOR, References, page
from .settings import LiveSettings, Settings
from .store import Row, Store
from .views import Views, with_key_case


class Queries:
    def __init__(self, store: Store, live: LiveSettings, views: Views, references: References) -> None:
        self._store = store
        self._live = live
        self._views = views
        self._references = references

    def rows(self, resource: Resource, query: Query, given: dict[str, str]) -> Answer:
        """`given` holds the query parameters and the one in the path."""
        settings = self._live.now
        _require(query, given, settings)
        rows = self._store.all_shown_rows(resource.name, read_lag_s=settings.read_lag_s)
        rows = [row for row in rows if _fits(query, row, given)]
        if query.is_ordered and given.get("order_by"):
            rows.sort(key=lambda row: str(row.fields.get(given["order_by"], "")))
            if given.get("order_dir", "").lower() == "desc":
                rows.reverse()
        if not rows:
            return answers.not_found(settings.not_found.get(query.path, query.not_found))
        if query.shape == "object":
            return answers.read_envelope(self._item(resource, rows[-1], settings))
        if not query.is_paged:
            return answers.read_envelope([self._item(resource, row, settings) for row in rows])
        limit, offset = _page(given, settings)
        shown = rows[offset : offset + limit if limit else None]
        items = [self._item(resource, row, settings) for row in shown]
        return answers.counted_envelope(items, count=len(rows))

    def unor(self, request: Request) -> Answer:
        settings = self._live.now
        rows = self._references.rows(UNOR)
        limit, offset = _page(request.query, settings)
        shown = page(rows, limit=limit, offset=offset)
        items = [with_key_case(row, settings.unor_key_case) for row in shown]
        return answers.counted_envelope(items, count=len(rows))

    def reference(self, table: str, request: Request, *, is_search: bool) -> Answer:
        """A search takes any column as parameter and looks for its text anywhere in the value."""
        rows = self._references.rows(table)
        if is_search:
            wanted = {name: text.lower() for name, text in request.query.items() if name not in ("limit", "offset")}
            rows = [row for row in rows if all(text in str(row.get(name)).lower() for name, text in wanted.items())]
        limit, offset = _page(request.query, self._live.now)
        return answers.counted_envelope(page(rows, limit=limit, offset=offset), count=len(rows))

    def _item(self, resource: Resource, row: Row, settings: Settings) -> dict[str, Any]:
        person = self._store.person(row.nip) if row.nip else None
        return self._views.row(resource, row, person, settings)


def _require(query: Query, given: dict[str, str], settings: Settings) -> None:
    if missing := [name for name in query.required if not given.get(name)]:
        said = answers.go_multierror([f"{name} is required" for name in missing])
        raise Refused(answers.validation_refusal(said, status=settings.validation_status))


def _fits(query: Query, row: Row, given: dict[str, str]) -> bool:
    for parameter, name in query.equal.items():
        value = {"id": row.id, "nip": row.nip}.get(name) or row.fields.get(name)
        if given.get(parameter) and dates.iso_day(str(value)) != dates.iso_day(given[parameter]):
            return False
    if query.between:
        first, last, name = query.between
        day = dates.iso_day(str(row.fields.get(name)))
        if not dates.iso_day(given[first]) <= day <= dates.iso_day(given[last]):
            return False
    text = given.get(query.search, "").lower() if query.search else ""
    return not text or any(text in str(value).lower() for value in (row.nip, *row.fields.values()))


def _page(given: dict[str, str], settings: Settings) -> tuple[int, int]:
    limit, offset = given.get("limit", ""), given.get("offset", "")
    return int(limit) if limit.isdecimal() else settings.default_limit, int(offset) if offset.isdecimal() else 0
