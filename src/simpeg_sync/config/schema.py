"""JSON Schema for editors, made from what the reader itself reads by: the models, the verbs, and BKN's fields.

An editor completes names and refuses misspelt ones while somebody types. The reader stays the judge: rules between
settings, code tables and names of joins are its alone.
"""

import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from simpeg_sync.config import settings
from simpeg_sync.config.beside import DocumentFile
from simpeg_sync.config.feeds import FeedFile, Target, Targets
from simpeg_sync.config.words import CONDITION, EXPRESSION, NEEDED, ONE_OF, SCALAR, TEST, WORDS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SETTINGS_FILE, FEED_FILE = "simpeg-sync.schema.json", "feed.schema.json"
"""Names under which the schemas lie in a configuration's folder ``schema``."""
MODELINE = "# yaml-language-server: $schema="

LENGTH_OF_TIME: Mapping[str, Any] = {
    "anyOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": rf"^\s*\d+(\.\d+)?\s*({'|'.join(settings.UNITS)})?\s*$"},
    ]
}
WRITTEN: Mapping[Callable[..., Any], Mapping[str, Any]] = {
    settings._seconds: LENGTH_OF_TIME,
    settings._web_address: {"type": "string", "pattern": "^https?://"},
    settings._code: {"type": ["string", "integer"]},
}
"""Values that the reader converts itself: how a person writes them."""


FEED_WORDS: Mapping[str, str] = {
    "feed": "Name of this feed: small letters, digits, - and _. Renaming it begins a new life for its rows.",
    "target": "BKN's kind, e.g. kursus, jabatan, skp22.",
    "table": "`table` or `schema.table`, without quotes.",
    "key": "The columns that name one row for ever.",
    "identity": "Instead of a key, for a table without one: columns that together tell its rows apart.",
    "joins": "Other tables to look into. `on` pairs a column of that table with a column known before.",
    "person": "The column with the NIP, 18 digits. Columns of a join are written alias.column.",
    "person_bkn_id": "Column with BKN's id of the person.",
    "bkn_id": "Column with BKN's id of the row.",
    "scope": "Which rows belong to this feed. Default: all.",
    "verified": "Which rows may leave. WITHOUT IT EVERY ROW MAY LEAVE.",
    "deleted": "Rows that are still there but count as deleted.",
    "active_person": "Whose rows may leave. Default: everybody's.",
    "unit": "Of a feed of `identitas`: the code of the unit in which the person works, to select persons by.",
    "unit_name": "The unit's name, for people.",
    "fields": "BKN's field on the left, where its value comes from on the right.",
    "required": "Fields that this region wants filled though BKN would take the row without them.",
    "natural_key": "BKN's fields by which a row that BKN has already is found; all must agree.",
    "document": "The certificate of a row: a file in a folder, a column, or rows of another table.",
    "delete": "A row that disappears: hold (a person decides), delete (BKN's row is deleted), ignore.",
    "look_before_write": "Look at BKN's rows of the person before writing. Leave it true unless you know why.",
    "policy": "What is done where the two sides are not equal, by situation. Default: docs/configuration.md.",
    "brake": "How many rows may vanish or change at once before the feed stops by itself. Default: as in the settings.",
    "write_back": "The column into which BKN's id of the row is written. Default: SIMPEG is only read.",
    "moves_with": "Feeds of the same table and key into which a corrected row may move.",
}


def settings_schema() -> JsonSchemaValue:
    schema = _schema_of(settings.Settings)
    for (*section, name), words in template_words(template()).items():
        owner = _section(schema, section[0]) if section else schema["properties"]
        if name in owner:
            owner[name] = {**owner[name], "description": words}
    return {"$schema": DRAFT, **schema, "title": "simpeg-sync: settings of one region"}


def template() -> str:
    return resources.files("simpeg_sync.config").joinpath("template.yaml").read_text(encoding="utf-8")


def template_words(text: str) -> Mapping[tuple[str, ...], str]:
    """What the template's comments say of each setting: ("bkn", "calls_in_flight") -> the lines above it."""
    found: dict[tuple[str, ...], str] = {}
    section, said = "", list[str]()
    for line in text.splitlines():
        if re.match(r" *# {2,}", line):
            continue  # an example below its setting
        if named := re.match(r"( *)(?:# )?([a-z_]+):(?: |$)", line):
            section = section if named[1] else named[2]
            where = (section, named[2]) if named[1] else (named[2],)
            if said:
                found.setdefault(where, " ".join(said))
            said = []
        else:
            comment = re.match(r" *# (.+)", line)
            said = [*said, comment[1]] if comment else []
    return found


def _section(schema: JsonSchemaValue, name: str) -> dict[str, Any]:
    """The properties of a section of the settings."""
    written = schema["properties"].get(name, {})
    named = next((one["$ref"] for one in [written, *written.get("anyOf", ())] if "$ref" in one), "")
    found: dict[str, Any] = schema["$defs"].get(named.rpartition("/")[2], {}).get("properties", {})
    return found


def feed_schema(targets: Targets) -> JsonSchemaValue:
    """``targets``: BKN's resources by name; what the fields of a feed may be follows from the one that it names."""
    schema = _schema_of(FeedFile)
    properties, definitions = schema["properties"], schema["$defs"]
    properties["target"] = {"enum": sorted(targets)}
    properties["fields"] = {"type": "object", "additionalProperties": EXPRESSION}
    properties["natural_key"] = {"type": "array", "items": {"type": "string"}}
    for word in ("scope", "verified", "deleted", "active_person"):
        properties[word] = CONDITION
    for word in ("unit", "unit_name"):
        properties[word] = {"anyOf": [EXPRESSION, {"type": "null"}]}
    document = _schema_of(DocumentFile)
    definitions |= {**document.pop("$defs"), "DocumentFile": document}
    document["properties"]["file"] = EXPRESSION
    document["oneOf"] = [{"required": ["file", "directory"]}, {"required": ["content"]}]
    definitions["RowsFile"]["properties"]["where"] = CONDITION
    one = {"$ref": "#/$defs/DocumentFile"}
    properties["document"] = {"anyOf": [one, {"type": "array", "items": one}, {"type": "null"}]}
    definitions |= _language()
    for word, words in FEED_WORDS.items():
        properties[word] = {**properties[word], "description": words}
    return {
        "$schema": DRAFT,
        **schema,
        "title": "simpeg-sync: one feed",
        "oneOf": [{"required": [word], "properties": {word: {"minItems": 1}}} for word in ("key", "identity")],
        "allOf": [_by_target(name, targets[name]) for name in sorted(targets)],
    }


def _by_target(name: str, target: Target) -> Mapping[str, Any]:
    fields = sorted(target.fields)
    names = {"items": {"enum": fields}} if fields else {"maxItems": 0}
    allowed: dict[str, Any] = {
        "fields": {"properties": dict.fromkeys(fields, EXPRESSION), "additionalProperties": False},
        "natural_key": {**names, **({"minItems": 1} if target.needs_natural_key else {})},
        "required": names,
    }
    needed = ["fields"] if fields else []
    if target.needs_natural_key:
        needed.append("natural_key")
    if target.document_kinds:
        kind = {"properties": {"kind": {"enum": ["", *target.document_kinds]}}}
        allowed["document"] = {**kind, "items": kind}
    else:
        allowed["document"] = {"type": "null"}
    return {
        "if": {"properties": {"target": {"const": name}}, "required": ["target"]},
        "then": {"properties": allowed, "required": needed},
    }


def _language() -> Mapping[str, Any]:
    return {
        "column": {"type": "string", "description": "column, or alias.column of a join"},
        "expression": {"anyOf": [{"$ref": "#/$defs/column"}, {"$ref": "#/$defs/verb"}]},
        "verb": {"anyOf": [_verb(name) for name in WORDS]},
        "condition": {"anyOf": [{"$ref": "#/$defs/tests"}, {"type": "array", "items": {"$ref": "#/$defs/tests"}}]},
        "tests": {"type": "object", "minProperties": 1, "additionalProperties": TEST},
        "value": SCALAR,
    }


def _verb(name: str) -> Mapping[str, Any]:
    one: dict[str, Any] = {
        "type": "object",
        "required": [name, *NEEDED.get(name, ())],
        "properties": dict(WORDS[name]),
        "additionalProperties": False,
    }
    if name in ONE_OF:
        one["oneOf"] = [{"required": [word]} for word in ONE_OF[name]]
    return one


class _AsWritten(GenerateJsonSchema):
    """Describes what stands in the file, not what the reader makes of it."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        written = WRITTEN.get(schema["function"]["function"])
        return dict(written) if written is not None else super().function_before_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        """An editor shows the name already."""
        return False


def _schema_of(model: type[settings.Section]) -> JsonSchemaValue:
    """A word that is left empty is a missing one to the reader; only what is required must say something."""
    schema = model.model_json_schema(schema_generator=_AsWritten)
    needed = schema.get("required", ())
    schema["properties"] = {
        name: one if name in needed else {"anyOf": [one, {"type": "null"}]}
        for name, one in schema["properties"].items()
    }
    return schema
