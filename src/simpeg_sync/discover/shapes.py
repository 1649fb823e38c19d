"""What discovery has to know of BKN's kinds: the fields, the form of each, whether it must be filled, its code table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simpeg_sync.bkn.codes import Bundle, code_table_of
from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.bkn.resources.base import ResourceApi
from simpeg_sync.decide import fields as forms

ShapeForm = Literal["date", "year", "month", "number", "amount", "code", "text", "flag"]


@dataclass(frozen=True, slots=True)
class FieldShape:
    name: str
    form: ShapeForm
    is_required: bool
    code_table: str | None
    as_text: bool
    """A number that BKN wants as a text."""


@dataclass(frozen=True, slots=True)
class Shape:
    target: str
    fields: Mapping[str, FieldShape]
    needs_natural_key: bool
    is_written: bool
    """False where BKN takes nothing from a region and rows are only compared."""
    document_kinds: tuple[str, ...]


def shapes(bundle: Bundle, code_tables: Mapping[str, str]) -> Mapping[str, Shape]:
    """``code_tables``: by ``target.field``, for fields of which the bundle knows none."""
    return {name: _shape(api, bundle, code_tables) for name, api in RESOURCES.items()}


def _shape(api: ResourceApi, bundle: Bundle, code_tables: Mapping[str, str]) -> Shape:
    target = api.resource.name
    by_name = {field.write: field for field in api.resource.fields}
    body = api.body.model_fields if api.body is not None else {}
    fields: dict[str, FieldShape] = {}
    for name in sorted(api.known_fields()):
        table = code_table_of(bundle, target, name) or code_tables.get(f"{target}.{name}")
        known = by_name.get(name)
        form = _form(name, known.form if known is not None else forms.text, table)
        is_required = name in body and body[name].is_required()
        as_text = name in body and body[name].annotation is str
        fields[name] = FieldShape(name, form, is_required, table, as_text)
    return Shape(
        target,
        fields,
        api.resource.is_listed and not api.resource.is_single,
        api.body is not None,
        api.resource.document_kinds,
    )


def _form(name: str, form: forms.Form, table: str | None) -> ShapeForm:
    lowered = name.lower()
    if form is forms.date:
        return "date"
    if form is forms.flag:
        return "flag"
    if form in (forms.number, forms.amount, forms.score):
        if table is not None:
            return "number"
        if lowered.startswith("tahun"):
            return "year"
        if lowered.startswith("bulan"):
            return "month"
        return "number" if form is forms.number else "amount"
    if table is not None or form in (forms.identifier,):
        return "code"
    return "text"
