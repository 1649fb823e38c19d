"""Pulls BKN's code tables page by page into a store that remembers how far it has come.

A table is believed complete only when its list came to an end that fits BKN's own count. A server that gives the same
page again, ends early, or whose list changes all the time stops the pull with an error, never with an endless loop.
Sources: bkn-api section 4 (unor tree, reference API), Annex A ref-unor.
"""

import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.codes import ReferenceTable
from simpeg_sync.decide.look import BknRow
from simpeg_sync.domain.errors import BknAnswersBadly

PAGE = 500
"""Rows asked for at once. A server may give fewer; the pull goes on by what came."""
PAGES_MAX = 5_000
"""Of one table. The largest known has 71,000 rows, and nobody knows how few a server gives at once."""
RESTARTS_MAX = 2
"""How often a list may change under a pull before the pull gives up."""
TEXT_MAX = 500
UNOR = ReferenceTable("ref-unor", "namaUnor")
"""The agency's own unit tree. It lies under the base address, not at the reference API."""
PERSONAL = frozenset({"pemimpinPnsId"})
"""Columns that name a person; nobody needs them to check a code."""


class Position(Protocol):
    """How far the pull of one table has come."""

    @property
    def next_offset(self) -> int: ...

    @property
    def expected(self) -> int | None: ...


P = TypeVar("P", bound=Position)


class CodeStore(Protocol[P]):
    """What a pull needs of the ledger; see ledger.reference.ReferenceCodes."""

    def begin(self, table: str, *, restart: bool = False) -> P: ...

    def take_page(
        self, pull: P, codes: Sequence[tuple[str, str, Mapping[str, Any]]], *, rows: int, expected: int | None
    ) -> P | None:
        """None when the pull has brought all of these codes before; nothing is stored then."""
        ...

    def finish(self, pull: P) -> None: ...


@dataclass(frozen=True, slots=True)
class ReferencePuller(Generic[P]):
    """One puller for all tables; not for several threads at once."""

    store: CodeStore[P]
    unor_calls: Calls
    base_url: str
    reference_calls: Calls
    reference_url: str | None = None
    on_page: Callable[[str, int, int | None], None] = field(default=lambda table, rows, expected: None)
    """Told of every stored page: table, rows so far, rows expected."""
    page_size: int = PAGE

    def pull(self, table: ReferenceTable, *, restart: bool = False) -> int:
        """Goes on with the table's broken pull, or makes a new one; gives the rows of BKN's list.

        Raises BknDown and LoginRefused (what is stored stays, the next pull goes on there), BknAnswersBadly.
        """
        for _ in range(RESTARTS_MAX + 1):
            rows = self._one_pull(table, self.store.begin(table.name, restart=restart))
            if rows is not None:
                return rows
            restart = True
        raise BknAnswersBadly(f"{table.name}: BKN's list changes while it is read; try again later")

    def _one_pull(self, table: ReferenceTable, pull: P) -> int | None:
        """None when BKN's count changed on the way, so that the pages no longer fit together."""
        for _ in range(PAGES_MAX):
            rows, count = self._page(table, pull.next_offset)
            if count is not None and pull.expected is not None and count != pull.expected:
                return None
            if not rows:
                return self._end(table, pull, count)
            codes = _codes(table, rows)
            if not codes:
                raise BknAnswersBadly(f"{table.name}: the rows at offset {pull.next_offset} have no id")
            after = self.store.take_page(pull, codes, rows=len(rows), expected=count)
            if after is None and count is not None and pull.next_offset >= count:
                return self._end(table, pull, count)  # a server that takes no offset, with its whole list here
            if after is None:
                raise BknAnswersBadly(f"{table.name}: BKN gives the same page again at offset {pull.next_offset}")
            pull = after
            self.on_page(table.name, pull.next_offset, pull.expected)
            if count is not None and pull.next_offset >= count and len(rows) < self.page_size:
                return self._end(table, pull, count)
        raise BknAnswersBadly(f"{table.name}: the list does not end after {PAGES_MAX} pages")

    def _page(self, table: ReferenceTable, offset: int) -> tuple[Sequence[BknRow], int | None]:
        is_unor = table == UNOR
        base = f"{self.base_url}/referensi" if is_unor else self.reference_url
        query = urllib.parse.urlencode({"limit": self.page_size, "offset": offset})
        calls = self.unor_calls if is_unor else self.reference_calls
        page = calls.found(f"{base}/{table.name}?{query}")
        return (page.rows, page.count) if page is not None else ((), None)

    def _end(self, table: ReferenceTable, pull: P, count: int | None) -> int:
        expected = count if count is not None else pull.expected
        if pull.next_offset == 0:
            raise BknAnswersBadly(f"{table.name}: BKN gave no rows")
        if expected is not None and pull.next_offset < expected:
            raise BknAnswersBadly(
                f"{table.name}: BKN counts {expected} rows and gave {pull.next_offset}; pull it with --restart"
            )
        self.store.finish(pull)
        return pull.next_offset


def _codes(table: ReferenceTable, rows: Sequence[BknRow]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Code, label and the other columns of each row that has an id; each code once, its last row speaking."""
    found: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
    for row in rows:
        columns = {_spelled(name): value for name, value in row.items()}
        code = columns.pop("id", None)
        if isinstance(code, str | int) and not isinstance(code, bool) and str(code).strip():
            label = columns.pop(_spelled(table.label), None)
            text = str(code).strip()[:TEXT_MAX]
            found[text] = (text, str(label if label is not None else "").strip()[:TEXT_MAX], _more(columns))
    return list(found.values())


def _spelled(name: str) -> str:
    """``NamaUnor`` and ``ID`` as the Swagger has them: ``namaUnor``, ``id``; four clients see capitals."""
    return name.lower() if name.isupper() else name[:1].lower() + name[1:]


def _more(columns: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parents and the like; bounded, without persons, without nested values."""
    return {
        name: value[:TEXT_MAX] if isinstance(value, str) else value
        for name, value in columns.items()
        if name not in PERSONAL and isinstance(value, str | int | float | bool) and value != ""
    }
