"""One JSON row of BKN's as a typed row. Never raises, and never loses anything: what did not fit is named, and the raw row
goes along.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from simpeg_sync.bkn.reads.catalogue import Field
from simpeg_sync.bkn.reads.values import PARSERS, OddityKind, Scalar, text
from simpeg_sync.domain.record import BknId

T = TypeVar("T")

ODDITIES_MAX = 250
SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}|[0-9]{1,6}")
"""What a key of BKN's may look like to be named; anything else could be a value that slipped into a key."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in a row that is not as the table says. Holds no value: values are personal data."""

    field: str
    """``tmtGolongan``, ``listAnak[2].tglLahir``, ``path.872.dok_uri``."""
    what: OddityKind


@dataclass(frozen=True, slots=True)
class Document:
    """A certificate that BKN keeps for a row; `dok_uri` goes to `Reads.download`."""

    dok_id: str | None
    dok_nama: str | None = field(repr=False)
    dok_uri: str | None = field(repr=False)
    object: str | None = field(repr=False)
    slug: str | None


Documents = Mapping[str, Document]
"""By document kind, BKN's id_ref_dokumen as a text."""

Value: TypeAlias = "Scalar | Documents | TypedRow | tuple[TypedRow, ...] | None"


@dataclass(frozen=True, slots=True)
class TypedRow:
    """``row["tmtGolongan"]`` under the table's spelling, however BKN spelled it."""

    raw: Mapping[str, Any] = field(repr=False)
    """What BKN sent, all of it."""
    fields: tuple[Field, ...] = field(default=(), repr=False)
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    """Every field of the table; empty for a read whose fields nobody knows."""
    oddities: tuple[Oddity, ...] = ()
    """Those of nested rows too."""

    def __getitem__(self, name: str) -> Value:
        """None for an empty, absent or odd value. Raises KeyError for a name that the table does not have."""
        return self.values[name]

    def of(self, name: str, kind: type[T]) -> T | None:
        """The value as that type. Raises KeyError, and TypeError for a field that is never of that type."""
        value = self.values[name]
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{name} is no {kind.__name__}")
        return value

    @property
    def id(self) -> BknId | None:
        """BKN's id of the row."""
        return self._identity("row")

    @property
    def pns_id(self) -> BknId | None:
        """BKN's id of the person whose row it is, where the row says."""
        return self._identity("pns")

    @property
    def documents(self) -> Documents:
        value = self.values.get("path")
        return value if isinstance(value, Mapping) else {}

    def _identity(self, of: str) -> BknId | None:
        value = next((self.values[field.name] for field in self.fields if field.identity == of), None)
        return BknId(value) if isinstance(value, str) else None


def typed_row(fields: tuple[Field, ...], raw: Mapping[str, Any]) -> TypedRow:
    """Without a table there is nothing to type, nor anything odd."""
    if not fields:
        return TypedRow(raw)
    spellings: dict[str, list[str]] = {}
    for key in raw:
        spellings.setdefault(key.casefold(), []).append(key)
    values: dict[str, Value] = {}
    oddities: list[Oddity] = []
    for field_ in fields:
        keys = [key for name in (field_.name, *field_.also) for key in spellings.pop(name.casefold(), ())]
        found = _found(raw, keys, field_.name)
        values[field_.name], odd = _typed(field_, found)
        oddities += odd
        oddities += [Oddity(field_.name, OddityKind.TWICE)] * (len(keys) > 1)
        if _is_missing(field_, found, values[field_.name]) and not odd:
            oddities.append(Oddity(field_.name, OddityKind.MISSING))
    oddities += [Oddity(_safe(key), OddityKind.UNKNOWN) for keys in spellings.values() for key in keys]
    return TypedRow(raw, fields, values, tuple(oddities[:ODDITIES_MAX]))


def _found(raw: Mapping[str, Any], keys: Sequence[str], name: str) -> Any:
    """The value under the table's spelling, unless it is empty and another spelling has one."""
    values = [raw[key] for key in sorted(keys, key=lambda key: key != name)]
    return next((value for value in values if value is not None and value != ""), values[0] if values else None)


def _is_missing(field_: Field, found: Any, value: Value) -> bool:
    """An empty text is an answer, except for an id: without it nobody can name the row."""
    return not field_.may_be_null and (found is None or (field_.kind == "id" and value is None))


def _typed(field_: Field, found: Any) -> tuple[Value, list[Oddity]]:
    match field_.kind:
        case "documents":
            return _documents(found, field_.name)
        case "row":
            return _row(field_, found, field_.name)
        case "rows":
            return _rows(field_, found)
        case scalar:
            value = PARSERS[scalar](found)
            return (None, [Oddity(field_.name, value)]) if isinstance(value, OddityKind) else (value, [])


def _row(field_: Field, found: Any, place: str) -> tuple[TypedRow | None, list[Oddity]]:
    if _is_blank(found):
        return None, []
    if not isinstance(found, dict):
        return None, [Oddity(place, OddityKind.TYPE)]
    row = typed_row(field_.fields, found)
    return row, [Oddity(f"{place}.{oddity.field}", oddity.what) for oddity in row.oddities]


def _rows(field_: Field, found: Any) -> tuple[tuple[TypedRow, ...], list[Oddity]]:
    if _is_blank(found):
        return (), []
    if not isinstance(found, list):
        return (), [Oddity(field_.name, OddityKind.TYPE)]
    pairs = [_row(field_, item, f"{field_.name}[{number}]") for number, item in enumerate(found)]
    return tuple(row for row, _ in pairs if row is not None), [odd for _, odds in pairs for odd in odds]


def _documents(found: Any, place: str) -> tuple[Documents, list[Oddity]]:
    if _is_blank(found) or found == []:
        return {}, []
    if not isinstance(found, dict):
        return {}, [Oddity(place, OddityKind.TYPE)]
    documents: dict[str, Document] = {}
    oddities: list[Oddity] = []
    for kind, entry in found.items():
        where = f"{place}.{_safe(kind)}"
        if isinstance(entry, dict):
            documents[kind], odd = _document(entry, where)
            oddities += odd
        elif entry is not None:
            oddities.append(Oddity(where, OddityKind.TYPE))
    return documents, oddities


def _document(entry: Mapping[str, Any], where: str) -> tuple[Document, Iterable[Oddity]]:
    names = ("dok_id", "dok_nama", "dok_uri", "object", "slug")
    parsed = {name: text(entry.get(name)) for name in names}
    odd = [Oddity(f"{where}.{name}", value) for name, value in parsed.items() if isinstance(value, OddityKind)]
    return Document(**{name: value if isinstance(value, str) else None for name, value in parsed.items()}), odd


def _is_blank(found: Any) -> bool:
    return found is None or (isinstance(found, str) and not found.strip())


def _safe(key: str) -> str:
    return key if SAFE_NAME.fullmatch(key) else "?"
