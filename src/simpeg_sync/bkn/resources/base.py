"""What every kind of history has in common: its addresses, its body as a pydantic model, the place of the new id."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from simpeg_sync.decide.fields import Resource, date
from simpeg_sync.decide.look import BknRow

HALF_PAIR = re.compile("[\ud800-\udfff]")
RowsFrom = Literal["list", "data_utama", "person"]
"""Where BKN shows the rows of one person: a list of their own, the main record, or nowhere but in the person itself."""


def _real_date(text: str) -> str:
    # date() gives back unchanged what is no day of any calendar: 31-02-2020.
    if text and date(text) in ("", text):
        raise ValueError("not a date dd-mm-yyyy")
    return text


def _text(text: str) -> str:
    """Half a surrogate pair has no bytes: it would raise when the request is built, with the intent stored already."""
    if not text.isascii() and HALF_PAIR.search(text):
        raise ValueError("not a text")
    return text


Required = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, strict=True), AfterValidator(_text)]
Text = Annotated[str, StringConstraints(strict=True), AfterValidator(_text)]
BknDate = Annotated[str, StringConstraints(pattern=r"^(\d{2}-\d{2}-\d{4})?$", strict=True), AfterValidator(_real_date)]
RequiredDate = Annotated[
    str, StringConstraints(pattern=r"^\d{2}-\d{2}-\d{4}$", strict=True), AfterValidator(_real_date)
]
RequiredNumber = Annotated[int, Field(strict=True, gt=0)]
"""BKN counts a required number of 0 as missing (bkn-api, section 3, Types)."""
Score = Annotated[float, Field(strict=True, gt=0, le=1000, allow_inf_nan=False)]
"""A required mark; 0 counts as missing, so one integrator sends 0.01 where a mark does not apply."""
Year = Annotated[int, Field(strict=True, ge=1940, le=2100)]
Month = Annotated[int, Field(strict=True, ge=1, le=12)]
YearText = Annotated[str, StringConstraints(pattern=r"^(19|20)\d{2}$", strict=True)]
MonthText = Annotated[str, StringConstraints(pattern=r"^([1-9]|1[0-2])$", strict=True)]
Count = Annotated[str, StringConstraints(pattern=r"^\d{0,3}$", strict=True)]
"""A whole number as text: months, years."""
Credit = Annotated[str, StringConstraints(pattern=r"^\d{1,5}(\.\d{1,3})?$", strict=True)]
"""Credits as text with a point and up to three decimals (bkn-api, section 3, angka kredit)."""
Flag = Literal["", "0", "1"]


@dataclass(frozen=True, slots=True)
class BadField:
    """What BKN would refuse, found before a call is spent."""

    field: str
    reason: str


OF_BAD_FIELDS = {
    "missing": "field.required",
    "int_type": "field.wants_number",
    "float_type": "field.wants_number",
    "string_type": "field.wants_text",
    "literal_error": "field.wants_code",
}
"""What pydantic finds -> the reason of those that the feed rather than the row may cause."""


class Body(BaseModel):
    """Base of all write bodies. Values stay out of error texts: they are personal data."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)

    def broken_rule(self) -> BadField | None:
        """The first rule between fields that the body breaks."""
        return None

    def derived(self) -> Mapping[str, Any]:
        """What follows from other fields and was not given."""
        return {}


class RowBody(Body):
    """Of a history with rows of its own."""

    id: str | None = None
    """null creates, the id of an existing riwayat updates."""
    path: list[dict[str, Any]] | None = None
    """Documents of the row, as `upload-dok` described them. Sent only by choice: by default an upload of its own attaches
    them to the saved row, since whether BKN empties or keeps what an update does not name is unknown."""


@dataclass(frozen=True, slots=True)
class ResourceApi:
    """One target of feeds, as a dialect of BKN serves it."""

    resource: Resource
    body: type[Body] | None = None
    """In the names that leave; None where BKN takes no such thing."""
    save_path: str = ""
    list_path: str = ""
    delete_path: str = ""
    id_names: tuple[str, ...] = ()
    """Where the answer's mapData has the row's id, best-supported name first."""
    person_field: str = ""
    rows_from: RowsFrom = "list"
    rows_in: Callable[[BknRow], list[BknRow]] | None = None
    """Takes the rows out of one object, where BKN nests them."""
    translated: Mapping[str, str | None] = field(default_factory=dict)
    """A feed's field -> its name in this dialect's body, None where this dialect has no such field."""
    respelled: Mapping[str, str] = field(default_factory=dict)
    """A name of the body -> how it is spelled on its way out, where sources disagree."""
    as_text: frozenset[str] = frozenset()
    """Numbers of the body that leave as texts."""
    not_sent: frozenset[str] = frozenset({"path"})
    """Fields of the body that stay here."""
    always: Mapping[str, str] = field(default_factory=dict)
    """What every body carries, whatever the feed says."""
    worded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """A field in which BKN shows words -> word to code."""
    upload_path: str = "upload-dok-rw"
    form_files: Mapping[str, str] = field(default_factory=dict)
    """For a save that is a form with its certificates inside: kind -> the form's field."""
    stores_files_first: bool = False
    """Certificates are stored by `upload-dok`, and the save names them in its ``path``."""
    is_family: bool = False
    """Data of relatives, who are nobody's employees: off unless a setting names the legal ground."""

    def check(self, body: Mapping[str, Any]) -> BadField | None:
        """The first field that BKN would refuse; None when the body is fit."""
        if self.body is None:
            return None
        try:
            fit = self.body.model_validate(
                {**self.as_sent(body), self.person_field: "?"} if self.person_field else body
            )
        except ValidationError as errors:
            first = errors.errors(include_input=False, include_url=False, include_context=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "body"
            return BadField(self.in_feed(field), OF_BAD_FIELDS.get(first["type"], f"field.{first['type']}"))
        broken = fit.broken_rule()
        return BadField(self.in_feed(broken.field), broken.reason) if broken else None

    def complete(
        self,
        body: Mapping[str, Any],
        *,
        pns_id: str,
        bkn_id: str | None,
        path: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """The body as it leaves, spelled and ordered as BKN has it. Raises ValidationError only for a body never checked."""
        assert self.body is not None, f"{self.resource.name} is never written"
        values = self.as_sent(body)
        if self.person_field:
            values[self.person_field] = pns_id
        if "id" in self.body.model_fields:
            values["id"] = bkn_id
        if path:
            values["path"] = [dict(entry) for entry in path]
        fit = self.body.model_validate(values)
        sent = {**fit.model_dump(exclude_unset=self.resource.is_partial), **fit.derived()}
        return {
            self.respelled.get(name, name): str(value) if name in self.as_text and value is not None else value
            for name, value in sent.items()
            if name not in self.not_sent or (name == "path" and path)
        }

    def known_fields(self) -> frozenset[str]:
        """What a feed may name. A dialect that lacks one of them leaves it out."""
        if self.body is None:
            return frozenset(field.write for field in self.resource.fields)
        own = frozenset(self.body.model_fields) - {"id", self.person_field, *self.always} - self.not_sent
        back = {there: here for here, there in self.translated.items() if there}
        return frozenset(back.get(name, name) for name in own) | frozenset(self.translated)

    def as_sent(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """In this dialect's names. A missing value is an absent key, so that the model's own rule for it speaks."""
        named = {self.translated.get(name, name): value for name, value in body.items() if value is not None}
        return {name: value for name, value in named.items() if name is not None} | dict(self.always)

    def in_feed(self, name: str) -> str:
        return next((here for here, there in self.translated.items() if there == name), name)

    def spelled(self, row: BknRow) -> BknRow:
        """The row with our spelling of BKN's keys, whose case differs between sources, and codes for its words."""
        wanted = {name.lower(): name for name in self.read_names()}
        named = {wanted.get(name.lower(), name): value for name, value in row.items()}
        coded = {
            name: codes.get(str(named[name]).strip().upper(), named[name])
            for name, codes in self.worded.items()
            if name in named
        }
        return {**named, **coded}

    def read_names(self) -> Collection[str]:
        return [field.read for field in self.resource.fields if field.read is not None]
