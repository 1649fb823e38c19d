"""The door to BKN's reads: one name, its parameters, typed rows. The calls, their pace and tokens are those of calls.py."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.identity import foreign
from simpeg_sync.bkn.reads.address import Given, address
from simpeg_sync.bkn.reads.catalogue import Read, load
from simpeg_sync.bkn.reads.rows import TypedRow, typed_row
from simpeg_sync.decide.fields import identifier
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import BknAnswersBadly
from simpeg_sync.domain.record import BknId

PAGES_MAX = 10_000
LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
PDF = (b"%PDF-",)
IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""What upload-photo takes: jpg and png."""


@dataclass(frozen=True, slots=True)
class Reads:
    """Thread-safe. Every method may raise BknDown, LoginRefused, and BknAnswersBadly when the answer cannot be used."""

    calls: Calls
    read_url: str
    """The API base, without a slash at its end."""

    def get(self, name: str, *, pns_id: BknId | None = None, **parameters: Given) -> Sequence[TypedRow]:
        """All rows of one answer; none also where BKN does not know the person or the row.

        ``pns_id``: BKN's id of the person, if the caller knows it: rows of anybody else are then not taken.
        Raises ValueError for an unknown read or parameter, and BknAnswersBadly for another person's or row's data.
        """
        read = _rows_read(name)
        found = self.calls.found(self._url(read, parameters))
        rows = tuple(typed_row(read.fields, row) for row in found.rows) if found else ()
        _check_owner(read, rows, parameters, pns_id)
        return rows

    def pages(self, name: str, *, limit: int = LIMIT_DEFAULT, **parameters: Given) -> Iterator[Sequence[TypedRow]]:
        """Page after page of a long list, ``limit`` rows at most each (1 to 1000), until BKN's count is reached.

        Without a count the list ends at an empty page, or at one shorter than the first: BKN may serve fewer than asked.
        Raises ValueError as `get`, and BknAnswersBadly for a list that does not end, or ends before its count.
        """
        read = _rows_read(name)
        if not read.is_paged or "offset" in parameters:
            raise ValueError(f"{name} is not paged" if not read.is_paged else "pages counts the offset itself")
        if not 1 <= limit <= LIMIT_MAX:
            raise ValueError(f"limit must be between 1 and {LIMIT_MAX}")
        self._url(read, parameters)
        return self._pages(read, limit, parameters)

    def photo(self, pns_id: BknId) -> bytes | None:
        """The person's photo, JPEG or PNG; None when BKN has none."""
        return self.calls.content(self._url(load()["photo"], {"idPns": pns_id}), IMAGES)

    def download(self, uri: str) -> bytes | None:
        """The PDF behind a document's `dok_uri`; None when BKN has none."""
        return self.calls.content(self._url(load()["download-dok"], {"filePath": uri}), PDF)

    def _pages(self, read: Read, limit: int, parameters: dict[str, Given]) -> Iterator[Sequence[TypedRow]]:
        offset, first, before = 0, 0, None
        for _ in range(PAGES_MAX):
            found = self.calls.found(self._url(read, {**parameters, "limit": limit, "offset": offset}))
            raw, count = (found.rows, found.count) if found else ((), None)
            if raw and raw == before:
                raise BknAnswersBadly(f"{read.name}: the same page came twice")
            if not raw and count is not None and offset < count:
                raise BknAnswersBadly(f"{read.name}: the list ended before its count")
            if raw:
                yield tuple(typed_row(read.fields, row) for row in raw)
            offset, first, before = offset + len(raw), first or len(raw), raw
            if not raw or (len(raw) < first if count is None else offset >= count):
                return
        raise BknAnswersBadly(f"{read.name}: the list does not end")

    def _url(self, read: Read, parameters: dict[str, Given]) -> str:
        return f"{self.read_url}/{address(read, parameters)}"


def _rows_read(name: str) -> Read:
    read = load().get(name)
    if read is None:
        raise ValueError(f"BKN has no read {name!r}")
    if read.shape == "write-like":
        raise ValueError(f"{name} changes something at BKN: it is a write, though BKN has made it a GET")
    if read.shape == "binary":
        raise ValueError(f"{name} has no rows: use photo or download")
    return read


def _check_owner(read: Read, rows: Sequence[TypedRow], parameters: dict[str, Given], pns_id: BknId | None) -> None:
    """What was asked for by NIP or by a row's id must come back with the same."""
    asked = {item.format: str(parameters[item.name]) for item in read.parameters if item.name in parameters}
    nip = Nip(asked["nip18"]) if "nip18" in asked else None
    also_pns = {field.name.lower() for field in read.fields if field.identity == "pns"}
    if any(foreign(row.raw, nip=nip, pns_id=pns_id, also_pns=also_pns) for row in rows):
        raise BknAnswersBadly(f"{read.name} answered with another person's rows")
    if "id" in asked and any(row.id is not None and identifier(row.id) != identifier(asked["id"]) for row in rows):
        raise BknAnswersBadly(f"{read.name} answered with another row")
