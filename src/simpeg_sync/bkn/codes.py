"""Does BKN know this code? Asked of what is bundled, of what was pulled from BKN, and of what the region added itself.

Three answers: yes, no, and nobody knows. "No" takes a table without gaps. Sources: bkn-api section 4, annex B.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Protocol

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.bkn.resources.base import BadField

ID_LENGTH = 32
"""Codes of this length are ids, in which upper and lower case are the same to BKN."""


class PulledCodes(Protocol):
    """What was pulled from BKN's reference API, by the names that it has there."""

    def has(self, table: str, code: str) -> bool: ...

    def is_complete(self, table: str) -> bool:
        """Whether a pull of the table ever came to its end."""
        ...


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One of BKN's code tables, as far as it is bundled."""

    name: str
    """As the annex spells it: ``jenisDiklat``."""
    codes: Mapping[str, str]
    """Code -> label."""
    is_complete: bool
    gap: str
    """What is missing, in words; empty for a complete table."""
    pulled_as: str | None
    """Its name at the reference API, or ``ref-unor``; None where BKN offers no list."""


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """One table of BKN's reference API."""

    name: str
    label: str
    """The column that people read."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The data file ``codes.json``."""

    tables: Mapping[str, CodeTable]
    fields: Mapping[str, Mapping[str, str]]
    """Save path -> field -> table."""
    reference_api: tuple[ReferenceTable, ...]


def load_bundle() -> Bundle:
    data = json.loads(resources.files("simpeg_sync.bkn").joinpath("codes.json").read_text(encoding="utf-8"))
    return Bundle(
        {name: _table(name, table) for name, table in data["tables"].items()},
        data["fields"],
        tuple(ReferenceTable(table["name"], table["label"]) for table in data["reference_api"]),
    )


def code_table_of(bundle: Bundle, target: str, field: str) -> str | None:
    """The code table that the field of a feed's target takes its values from; None for a field without one.

    A target is found by the path that it is saved to, whatever it is called in a feed.
    """
    return code_tables_of(bundle, target).get(field)


def code_tables_of(bundle: Bundle, target: str) -> Mapping[str, str]:
    """Field -> code table, of a feed's target."""
    api = RESOURCES.get(target)
    return bundle.fields.get(api.save_path, {}) if api is not None else {}


class CodeBook:
    """All that is known of BKN's codes."""

    def __init__(
        self, bundle: Bundle, pulled: PulledCodes, *, extra: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self._tables, self._pulled, self._extra = bundle.tables, pulled, extra or {}

    def has(self, table: str, code: str) -> bool | None:
        """None: not known, because nobody has the whole table."""
        known = self._tables.get(table)
        if known is None:
            return True if code in self._extra.get(table, ()) else None
        if code in known.codes:
            return True
        spelled = {code, code.upper(), code.lower()} if len(code) >= ID_LENGTH else {code}
        if any(one in known.codes or one in self._extra.get(table, ()) for one in spelled):
            return True
        if known.pulled_as is not None and any(self._pulled.has(known.pulled_as, one) for one in spelled):
            return True
        return None if self.why_unsure(table) else False

    def why_unsure(self, table: str) -> str:
        """Why a code that is not found in the table may exist all the same; empty when it cannot."""
        known = self._tables.get(table)
        if known is None:
            return f"table {table} is not known to this program"
        if known.is_complete or (known.pulled_as is not None and self._pulled.is_complete(known.pulled_as)):
            return ""
        if known.pulled_as is None:
            return f"table {table} has gaps ({known.gap}) and BKN offers no list of it"
        return f"table {known.pulled_as} was never pulled to its end ({known.gap})"


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """Finds codes that BKN is known not to have, before a call is spent on them."""

    bundle: Bundle
    book: CodeBook

    def unknown(self, target: str, body: Mapping[str, Any]) -> BadField | None:
        for field, table in code_tables_of(self.bundle, target).items():
            code = body.get(field)
            if isinstance(code, str) and code and self.book.has(table, code) is False:
                return BadField(field, "code.not_at_bkn")
        return None


def _table(name: str, data: Mapping[str, Any]) -> CodeTable:
    return CodeTable(name, data["codes"], data["complete"], data.get("gap", ""), data.get("pulled_as"))
