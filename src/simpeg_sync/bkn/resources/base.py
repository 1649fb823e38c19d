"""What every kind of history has in common: its addresses, its body as a pydantic model, the place of the new id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from simpeg_sync.decide.fields import Resource, date


def _real_date(text: str) -> str:
    # date() gives back unchanged what is no day of any calendar: 31-02-2020.
    if text and date(text) in ("", text):
        raise ValueError("not a date dd-mm-yyyy")
    return text


def _text(text: str) -> str:
    """Half a surrogate pair has no bytes: it would raise when the request is built, with the intent stored already."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
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
Year = Annotated[int, Field(strict=True, ge=1940, le=2100)]


class Body(BaseModel):
    """Base of all write bodies. Values stay out of error texts: they are personal data."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)

    id: str | None = None
    """null creates, the id of an existing riwayat updates."""
    path: list[dict[str, Any]] | None = None
    """Documents of the row. Never sent: whether BKN empties or keeps what an update does not name is unknown, and an
    upload of its own attaches ours."""


@dataclass(frozen=True, slots=True)
class BadField:
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResourceApi:
    resource: Resource
    body: type[Body]
    save_path: str
    list_path: str
    delete_path: str | None
    id_names: tuple[str, ...]
    """Where the answer's mapData has the row's id, best-supported name first."""
    person_field: str

    def check(self, body: Mapping[str, Any]) -> BadField | None:
        """The first field that BKN would refuse, found before a call is spent; None when the body is fit."""
        try:
            self.body.model_validate({**self.defaults(), **_without_none(body), self.person_field: "?"})
        except ValidationError as errors:
            first = errors.errors(include_input=False, include_url=False, include_context=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "body"
            reason = "field.required" if first["type"] == "missing" else f"field.{first['type']}"
            return BadField(field, reason)
        return None

    def complete(self, body: Mapping[str, Any], *, pns_id: str, bkn_id: str | None) -> dict[str, Any]:
        """The body as it leaves, spelled and ordered as BKN has it. Raises ValidationError only for a body never checked."""
        values = {**_without_none(body), self.person_field: pns_id, "id": bkn_id}
        return self.body.model_validate(values).model_dump(exclude_unset=False, exclude_none=False)

    def known_fields(self) -> frozenset[str]:
        return frozenset(self.body.model_fields) - {"id", "path", self.person_field}

    def defaults(self) -> dict[str, Any]:
        return {}


def _without_none(body: Mapping[str, Any]) -> dict[str, Any]:
    """A missing value is an absent key, so that the model's own rule for a missing field speaks."""
    return {name: value for name, value in body.items() if value is not None}
