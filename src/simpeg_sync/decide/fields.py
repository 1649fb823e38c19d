"""How does one field of BKN compare? BKN writes and reads the same thing under different names and in different forms.

A form turns either spelling into one normal text; equal normal texts are equal values. A resource is the list of its
fields, and everything that differs between BKN's kinds of history for the pipeline.
"""

import datetime as dt
import functools
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

from simpeg_sync.domain.record import Digest

Form = Callable[[Any], str]
DocumentForm = Literal["pdf", "image"]
"""What a certificate must be; BKN takes images of faces only."""

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAY_FIRST = re.compile(r"(?P<day>[0-9]{1,2}| [1-9])-(?P<month>[0-9]{1,2})-(?P<year>[0-9]{4})")
YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2}| [1-9])")
EMPTY_DATES = ("01-01-0001", "0001-01-01")
DIGITS_MAX = 40
"""No number of BKN is longer; a text of more digits is compared as the text it is."""


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
    if type(value) is int:
        return str(value)
    plain = code(value)
    amount = _decimal(plain)
    return plain if amount is None else _written(amount)


def amount(value: Any) -> str:
    """As `number`, for what BKN takes as text: credits such as ``"12.500"``, months of a punishment."""
    return number(value)


def score(value: Any) -> str:
    """As `number`, to two places: BKN keeps ratings in five characters, ``"91.67"``."""
    plain = code(value)
    amount = _decimal(plain)
    return plain if amount is None else _written(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def flag(value: Any) -> str:
    """``"1"`` is yes; "", ``"0"`` and nothing are all no."""
    return "1" if code(value).lower() in ("1", "true") else "0"


def date(value: Any) -> str:
    """ISO, whichever of BKN's spellings came: dd-mm-yyyy, yyyy-mm-dd, or with a time behind it."""
    return _iso(code(value)[:10])


@functools.lru_cache(maxsize=16384)
def _iso(plain: str) -> str:
    """The days of a region's careers are few. By pattern: `strptime` takes five times as long, and nothing about a field
    takes longer."""
    if plain in EMPTY_DATES:
        return ""
    for form in (DAY_FIRST, YEAR_FIRST):
        if (found := form.fullmatch(plain)) is not None:
            try:
                return dt.date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
            except ValueError:
                continue  # no day of any calendar
    return plain


@dataclass(frozen=True, slots=True)
class Field:
    write: str
    read: str | None
    """BKN's name on the reading side; None where BKN never shows the field again."""
    form: Form = text
    is_guess: bool = False
    """Nobody has published how BKN shows this kind of row: the field counts only where a row has that name."""
    cut_at: int = 0
    """How many letters BKN keeps; 0 where nobody has seen it cut. Only the letters that it keeps are compared."""

    def normal(self, value: Any) -> str:
        """The value's one normal text: equal normal texts are equal values."""
        return self.form(code(value)[: self.cut_at] if self.cut_at and value is not None else value)


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of history at BKN, as far as deciding needs it."""

    name: str
    fields: tuple[Field, ...]
    document_kinds: tuple[str, ...] = ()
    """id_ref_dokumen of the row's certificates, the keys in ``path``; the first is the usual one."""
    is_writable: bool = True
    """False where BKN lets no region write: its rows are compared and reported."""
    is_listed: bool = True
    """False where BKN shows no such rows: nothing can be looked up, linked or read back."""
    is_single: bool = False
    """One row a person, which BKN has as soon as it has the person; its id is the person's."""
    is_partial: bool = False
    """An update changes what it names and leaves the rest; so no value says nothing, and empties nothing."""
    can_delete: bool = True
    keeps_last: bool = False
    """The only row of a person must not be deleted: without a post nobody is an employee."""
    answers_id: bool = True
    """False where the answer to a save holds no id of the row: a look at BKN proves the save."""
    takes_files_with_save: bool = False
    """The certificates travel inside the save, not after it."""
    document_form: DocumentForm = "pdf"
    rows_name_person: bool = True
    """False where a row of BKN does not say whose it is."""
    identity: tuple[str, ...] = ()
    """Fields that tell people apart, of a kind that says who somebody is: where they contradict, nothing is written for
    the person."""
    follow_up: str = ""
    """The call that BKN wants after a save, before its other pages show it."""
    shares_list: str = ""
    """The list in which BKN shows these rows among those of another kind; empty where they have a list of their own."""

    @property
    def list_name(self) -> str:
        return self.shares_list or self.name

    def readable(self, names: Mapping[str, Any], row: Mapping[str, Any] | None = None) -> list[Field]:
        """The fields among ``names`` that BKN shows again; of a guessed field only the row itself can tell."""
        return [
            field
            for field in self.fields
            if field.read is not None
            and field.write in names
            and (not field.is_guess or (row is not None and field.read in row))
        ]

    def said(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body as far as BKN would act on it."""
        return {name: value for name, value in body.items() if value is not None} if self.is_partial else body

    def differences(self, body: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
        """The write names of the fields in which BKN's row is not what the body says."""
        return [
            field.write
            for field in self.readable(self.said(body), row)
            if field.normal(body[field.write]) != field.normal(row.get(field.read or ""))
        ]

    def confirmed(self, body: Mapping[str, Any]) -> dict[str, str]:
        """What BKN is known to hold after the body was proved, as hashes: the ledger keeps no content."""
        said = self.said(body)
        return {
            field.write: _field_hash(field.normal(said[field.write])) for field in self.fields if field.write in said
        }

    def seen(self, body: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, str]:
        """As `confirmed`, for what BKN's row holds in the fields that the body names."""
        return {
            field.write: _field_hash(field.normal(row.get(field.read or "")))
            for field in self.readable(self.said(body), row)
        }

    def unseen(self, body: Mapping[str, Any], row: Mapping[str, Any] | None = None) -> dict[str, str]:
        """As `confirmed`, for the fields that BKN takes and never shows again."""
        shown = {field.write for field in self.readable(body, row)}
        return {name: digest for name, digest in self.confirmed(body).items() if name not in shown}

    def has_unseen_change(
        self, confirmed: Mapping[str, str], body: Mapping[str, Any], row: Mapping[str, Any] | None = None
    ) -> bool:
        """Whether the body changes a field that no look at BKN can show."""
        return any(confirmed.get(name, digest) != digest for name, digest in self.unseen(body, row).items())

    def changed_since(self, confirmed: Mapping[str, str], row: Mapping[str, Any]) -> list[str]:
        """The fields that another hand has changed at BKN since we last confirmed them."""
        return [
            field.write
            for field in self.readable(confirmed, row)
            if _field_hash(field.normal(row.get(field.read or ""))) != confirmed[field.write]
        ]

    def keeps_otherwise(self, names: Collection[str], body: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
        """Whether BKN holds another form of our own values in all of these fields, as no other hand would write: cut,
        without signs, or rounded."""
        fields = [field for field in self.readable(body, row) if field.write in names]
        return bool(fields) and all(
            _is_form_of(field.normal(row.get(field.read or "")), field.normal(body[field.write])) for field in fields
        )

    def digest_of_row(self, row: Mapping[str, Any]) -> Digest:
        """Of everything comparable that BKN's row holds, to see later that it has changed."""
        shown = [
            f"{one.write}={one.normal(row[one.read])}"
            for one in self.fields
            if one.read is not None and one.read in row
        ]
        return Digest(_hash("\n".join(shown)))

    def same_by(self, names: tuple[str, ...], body: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
        """Whether the row carries the body's natural key. A key without any value matches nothing."""
        # A part that the body does not name is an empty one; without it the rest would fit too many rows.
        fields = self.readable(dict.fromkeys(names), row)
        wanted = [field.normal(body.get(field.write)) for field in fields]
        return any(wanted) and wanted == [field.normal(row.get(field.read or "")) for field in fields]

    def is_known_otherwise(self, names: tuple[str, ...], body: Mapping[str, Any], confirmed: Mapping[str, str]) -> bool:
        """Whether a row of ours has another natural key than the body, in a part that BKN never shows again."""
        hidden = {field.write for field in self.fields if field.read is None}
        ours = self.confirmed({name: body.get(name) for name in names if name in hidden})
        return any(confirmed.get(name, digest) != digest for name, digest in ours.items())

    def shows(self, names: tuple[str, ...], row: Mapping[str, Any]) -> bool:
        """Whether the row has all of these fields, as far as their names are guesses."""
        return all(field.read in row for field in self.fields if field.is_guess and field.write in names)

    def carried_over(self, body: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """BKN's values of the fields that the body does not name, in write names: an update sends the whole row."""
        if self.is_partial:
            return {}
        return {
            field.write: value
            for field in self.fields
            if field.read is not None and field.write not in body
            if (value := _as_written(field.form, row.get(field.read))) is not None
        }


def _as_written(form: Form, value: Any) -> Any:
    """A value that BKN showed, in the type that BKN takes back: it reads ``"2020"`` and ``01-01-0001``, and refuses both;
    the id ``"0"`` that it shows for none names nothing."""
    if value is None:
        return None
    normal = form(value)
    if form is date and ISO_DATE.fullmatch(normal):
        return f"{normal[8:]}-{normal[5:7]}-{normal[:4]}"
    if form in (date, identifier) and not normal:
        return ""
    if form in (number, score):
        exact = _decimal(code(value))
        return None if exact is None else int(exact) if exact == exact.to_integral_value() else float(exact)
    return normal if form is flag else code(value)


def _decimal(plain: str) -> Decimal | None:
    if len(plain) > DIGITS_MAX or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _written(amount: Decimal) -> str:
    if not amount:
        return "0"
    plain = f"{amount:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


CUT_MIN = 8
"""A beginning of fewer letters may be another value."""


def _is_form_of(kept: str, sent: str) -> bool:
    plain, full = (re.sub(r"[\W_]+", "", value) for value in (kept, sent))
    if plain == full or (len(kept) >= CUT_MIN and sent.startswith(kept)):
        return bool(plain)
    ours, theirs = _decimal(sent), _decimal(kept)
    if ours is None or theirs is None:
        return False
    return _places(theirs) < _places(ours) and ours.quantize(theirs, ROUND_HALF_UP) == theirs


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "no infinity is read as a number"
    return -exponent


def _hash(normal: str) -> str:
    return hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


_field_hash = functools.lru_cache(maxsize=4096)(_hash)
"""Codes, numbers and dates come again and again."""
