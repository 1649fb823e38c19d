"""JSON Schema for editors, made from what the reader itself reads by: the models, the verbs, and BKN's fields.

An editor completes names and refuses misspelt ones while somebody types. The reader stays the judge: rules between
settings, code tables and names of joins are its alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from simpeg_sync.config import settings
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


def settings_schema() -> JsonSchemaValue:
    return {"$schema": DRAFT, **_schema_of(settings.Settings), "title": "simpeg-sync: settings of one region"}


def feed_schema(targets: Targets) -> JsonSchemaValue:
    """``targets``: BKN's resources by name; what the fields of a feed may be follows from the one that it names."""
    schema = _schema_of(FeedFile)
    properties, definitions = schema["properties"], schema["$defs"]
    properties["target"] = {"enum": sorted(targets)}
    properties["fields"] = {"type": "object", "additionalProperties": EXPRESSION}
    properties["natural_key"] = {"type": "array", "items": {"type": "string"}}
    for word in ("scope", "verified", "deleted", "active_person"):
        properties[word] = CONDITION
    definitions["DocumentFile"]["properties"]["file"] = EXPRESSION
    definitions |= _language()
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
