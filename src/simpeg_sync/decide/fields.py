"""How does one field of BKN compare? BKN writes and reads the same thing under different names and in different forms.

A form turns either spelling into one normal text; equal normal texts are equal values. A resource is the list of its
fields, and everything that differs between BKN's kinds of history for the pipeline.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Form = Callable[[Any], str]

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EMPTY_DATES = ("01-01-0001", "0001-01-01")


def text(value: Any) -> str:
    """Case and runs of blanks do not count: BKN pads names and capitalises organisers."""
    return " ".join(str(value).split()).casefold() if value is not None else ""


def code(value: Any) -> str:
    return "" if value is None else str(value).strip()


def identifier(value: Any) -> str:
    """An id; old rows come in upper case and BKN writes "0" for none."""
    plain = code(value).lower()
    return "" if plain == "0" else plain


def number(value: Any) -> str:
    """``40``, ``"40"`` and ``40.0`` are one number; no value is "" and differs from 0."""
    plain = code(value)
    try:
        amount = float(plain)
    except ValueError:
        return plain
    return str(int(amount)) if amount.is_integer() else repr(amount)


def date(value: Any) -> str:
    """ISO, whichever of BKN's spellings came: dd-mm-yyyy, yyyy-mm-dd, or with a time behind it."""
    plain = code(value)[:10]
    if plain in EMPTY_DATES:
        return ""
    for form in ("%d-%m-%Y", "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(plain, form).date().isoformat()
        except ValueError:
            continue  # not this spelling
    return plain


@dataclass(frozen=True, slots=True)
class Field:
    write: str
    read: str | None
    """BKN's name on the reading side; None where BKN never shows the field again."""
    form: Form = text


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of history at BKN, as far as deciding needs it."""

    name: str
    fields: tuple[Field, ...]
    document_kind: str
    """id_ref_dokumen: the key of the row's certificate in ``path``."""

    def readable(self, names: Mapping[str, Any]) -> list[Field]:
        return [field for field in self.fields if field.read is not None and field.write in names]

    def differences(self, body: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
        """The write names of the fields in which BKN's row is not what the body says."""
        return [
            field.write
            for field in self.readable(body)
            if field.form(body[field.write]) != field.form(row.get(field.read or ""))
        ]

    def confirmed(self, body: Mapping[str, Any]) -> dict[str, str]:
        """What BKN is known to hold after the body was proved, as hashes: the ledger keeps no content."""
        return {field.write: _hash(field.form(body[field.write])) for field in self.readable(body)}

    def seen(self, body: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, str]:
        """As `confirmed`, for what BKN's row holds in the fields that the body names."""
        return {field.write: _hash(field.form(row.get(field.read or ""))) for field in self.readable(body)}

    def changed_since(self, confirmed: Mapping[str, str], row: Mapping[str, Any]) -> list[str]:
        """The fields that another hand has changed at BKN since we last confirmed them."""
        return [
            field.write
            for field in self.readable(confirmed)
            if _hash(field.form(row.get(field.read or ""))) != confirmed[field.write]
        ]

    def same_by(self, names: tuple[str, ...], body: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
        """Whether the row carries the body's natural key. A key without any value matches nothing."""
        # A part that the body does not name is an empty one; without it the rest would fit too many rows.
        fields = self.readable(dict.fromkeys(names))
        wanted = [field.form(body.get(field.write)) for field in fields]
        return any(wanted) and wanted == [field.form(row.get(field.read or "")) for field in fields]

    def carried_over(self, body: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """BKN's values of the fields that the body does not name, in write names: an update sends the whole row."""
        return {
            field.write: value
            for field in self.fields
            if field.read is not None and field.write not in body
            if (value := _as_written(field.form, row.get(field.read))) is not None
        }


def _as_written(form: Form, value: Any) -> Any:
    """A value that BKN showed, in the type that BKN takes back: it reads ``"2020"`` and ``01-01-0001``, and refuses both."""
    if value is None:
        return None
    normal = form(value)
    if form is date and ISO_DATE.fullmatch(normal):
        return f"{normal[8:]}-{normal[5:7]}-{normal[:4]}"
    if form is date and not normal:
        return ""
    if form is number:
        return int(normal) if normal.lstrip("-").isdecimal() else None
    return code(value)


def _hash(normal: str) -> str:
    return hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
