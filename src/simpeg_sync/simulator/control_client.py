"""The control API as Python methods, one a call."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

TIMEOUT_S = 10.0


class ControlRefused(RuntimeError):
    """The control API said no; the message is its reason."""


class ControlClient:
    def __init__(self, control_url: str) -> None:
        self._url = control_url
        # No proxy of the environment may come between us and loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def health(self) -> dict[str, Any]:
        return self._object("GET", "/health")

    def add_persons(self, *people: Mapping[str, Any]) -> dict[str, str]:
        """NIP -> BKN's person id."""
        return self._object("POST", "/persons", [dict(person) for person in people])

    def persons(self, *, nip: str | None = None) -> list[dict[str, Any]]:
        return self._list("GET", f"/persons?{urlencode({'nip': nip} if nip else {})}")

    def correct_nip(self, old: str, new: str) -> None:
        """BKN corrects the NIP of a person: its id and its rows stay."""
        self._call("POST", f"/persons/{quote(old)}/nip", {"nipBaru": new})

    def add_row(
        self,
        resource: str,
        nip: str | None,
        fields: Mapping[str, Any],
        *,
        row_id: str | None = None,
        documents: Mapping[str, bytes] | None = None,
    ) -> str:
        """`fields` by read names. The row has always been there: no effect, no read lag. No NIP: the instansi's."""
        return self.add_rows([row_entry(resource, nip, fields, row_id=row_id, documents=documents)])[0]

    def add_rows(self, entries: list[dict[str, Any]]) -> list[str]:
        return [str(row_id) for row_id in self._list("POST", "/rows", entries)]

    def rows(self, *, resource: str | None = None, nip: str | None = None) -> list[dict[str, Any]]:
        asked = {name: value for name, value in (("resource", resource), ("nip", nip)) if value is not None}
        return self._list("GET", f"/rows?{urlencode(asked)}")

    def patch_row(self, row_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        return self._object("PATCH", f"/rows/{quote(row_id)}", {"fields": dict(fields)})

    def delete_row(self, row_id: str) -> None:
        self._call("DELETE", f"/rows/{quote(row_id)}")

    def resources(self) -> dict[str, Any]:
        """Every resource with the names of its fields."""
        return self._object("GET", "/resources")

    def add_references(self, table: str, rows: list[dict[str, Any]]) -> int:
        """How many rows the table has afterwards."""
        return int(self._object("POST", f"/references/{table}", rows)["rows"])

    def references(self, table: str) -> list[dict[str, Any]]:
        return self._list("GET", f"/references/{table}")

    def clear_references(self, table: str) -> None:
        self._call("DELETE", f"/references/{table}")

    def effects(self, *, after: int = 0) -> list[dict[str, Any]]:
        return self._list("GET", f"/effects?after={after}")

    def calls(self, *, after: int = 0) -> list[dict[str, Any]]:
        return self._list("GET", f"/calls?after={after}")

    def counts(self) -> dict[str, Any]:
        return self._object("GET", "/counts")

    def restart_counters(self) -> None:
        self._call("POST", "/restart-counters")

    def settings(self) -> dict[str, Any]:
        return self._object("GET", "/settings")

    def patch_settings(self, **changes: Any) -> dict[str, Any]:
        return self._object("PATCH", "/settings", changes)

    def add_fault(
        self,
        do: str,
        *,
        match: Mapping[str, str] | None = None,
        skip: int = 0,
        times: int | None = 1,
        args: Mapping[str, Any] | None = None,
    ) -> int:
        """The rule's id; `times=None` means for ever."""
        rule = {"do": do, "match": dict(match or {}), "skip": skip, "times": times, "args": dict(args or {})}
        return int(self._object("POST", "/faults", rule)["id"])

    def faults(self) -> list[dict[str, Any]]:
        return self._list("GET", "/faults")

    def hits(self, fault_id: int) -> int:
        return next(int(rule["hits"]) for rule in self.faults() if rule["id"] == fault_id)

    def delete_fault(self, fault_id: int) -> None:
        self._call("DELETE", f"/faults/{fault_id}")

    def delete_faults(self) -> None:
        self._call("DELETE", "/faults")

    def expire_tokens(self, which: str) -> None:
        self._call("POST", "/tokens/expire", {"which": which})

    def add_refusal(
        self, resource: str, message: str, *, where: Mapping[str, Any] | None = None, times: int | None = None
    ) -> None:
        rule = {"resource": resource, "where": dict(where or {}), "message": message, "times": times}
        self._call("POST", "/refusals", rule)

    def delete_refusals(self) -> None:
        self._call("DELETE", "/refusals")

    def outage(self, mode: str, **args: Any) -> None:
        self._call("POST", "/outage", {"mode": mode, **args})

    def stop(self) -> None:
        self._call("POST", "/stop")

    def _object(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = self._call(method, path, body)
        return found

    def _list(self, method: str, path: str, body: Any = None) -> list[Any]:
        found: list[Any] = self._call(method, path, body)
        return found

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=content, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as problem:
            raise ControlRefused(json.loads(problem.read())["error"]) from problem


def row_entry(
    resource: str,
    nip: str | None,
    fields: Mapping[str, Any],
    *,
    row_id: str | None = None,
    documents: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    encoded = {ref: base64.b64encode(content).decode() for ref, content in (documents or {}).items()}
    return {"resource": resource, "nip": nip, "fields": dict(fields), "id": row_id, "documents": encoded}
