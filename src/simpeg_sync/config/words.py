"""Which words may stand beside a verb of the feeds' language, and what each may hold: one table for reader and editors.

The form of a word is a piece of JSON Schema; ``EXPRESSION`` and ``CONDITION`` stand for the language itself.
"""

from collections.abc import Mapping
from typing import Any

Form = Mapping[str, Any]

EXPRESSION: Form = {"$ref": "#/$defs/expression"}
CONDITION: Form = {"$ref": "#/$defs/condition"}
COLUMN: Form = {"$ref": "#/$defs/column"}

TEXT: Form = {"type": "string"}
YES_OR_NO: Form = {"type": "boolean"}
LETTERS: Form = {"type": "integer", "minimum": 0}
PLACES: Form = {"type": "integer", "minimum": 0, "maximum": 6}
HOURS: Form = {"type": "integer", "minimum": 1, "maximum": 1000}
SCALAR: Form = {"type": ["string", "number", "boolean"]}
COLUMN_OR: Form = {"anyOf": [COLUMN, {"$ref": "#/$defs/verb"}]}
"""A column, read as the driver gives it, or an expression around another one."""
SEVERAL: Form = {"type": "array", "minItems": 1, "items": EXPRESSION}
BRANCH: Form = {
    "type": "object",
    "required": ["if", "then"],
    "properties": {"if": CONDITION, "then": EXPRESSION},
    "additionalProperties": False,
}

_TEXT_WORDS: Mapping[str, Form] = {
    "case": {"enum": ["", "upper", "lower", "title"]},
    "max_length": LETTERS,
    "cut": LETTERS,
    "strip": TEXT,
}
_DATE_WORDS: Mapping[str, Form] = {
    "formats": {"type": "array", "items": {"type": "string", "pattern": "[Yy]{2}|%[Yy]"}},
    "no_date": {"type": "array", "items": SCALAR},
}

WORDS: Mapping[str, Mapping[str, Form]] = {
    "column": {"column": COLUMN_OR, **_TEXT_WORDS},
    "text": {"text": COLUMN_OR, **_TEXT_WORDS},
    "const": {"const": {}},
    "code": {
        "code": EXPRESSION,
        "table": TEXT,
        "map": {"type": "object", "additionalProperties": SCALAR},
    },
    "lookup": {"lookup": COLUMN, "of": EXPRESSION},
    "integer": {"integer": COLUMN_OR, "as_text": YES_OR_NO},
    "number": {"number": COLUMN_OR, "decimal": {"enum": [".", ","]}, "places": PLACES, "as_text": YES_OR_NO},
    "average": {"average": SEVERAL, "places": PLACES},
    "hours": {
        "hours": {
            "type": "object",
            "minProperties": 1,
            "properties": {"months": EXPRESSION, "days": EXPRESSION, "hours": EXPRESSION},
            "additionalProperties": False,
        },
        "per_day": HOURS,
        "per_month": HOURS,
    },
    "date": {"date": COLUMN_OR, **_DATE_WORDS},
    "year": {"year": COLUMN_OR, **_DATE_WORDS, "as_text": YES_OR_NO},
    "month": {"month": COLUMN_OR, **_DATE_WORDS, "as_text": YES_OR_NO},
    "first": {"first": SEVERAL},
    "when": {"when": {"type": "array", "minItems": 1, "items": BRANCH}, "else": EXPRESSION},
    "concat": {"concat": SEVERAL, "with": TEXT},
    "split": {
        "split": EXPRESSION,
        "by": {"type": "string", "minLength": 1},
        "part": {"type": "integer", "minimum": -100, "maximum": 100, "not": {"const": 0}},
    },
    "substring": {"substring": EXPRESSION, "from": LETTERS, "length": LETTERS},
    "link": {"link": TEXT, "key": {"anyOf": [COLUMN, {"type": "array", "minItems": 1, "items": COLUMN}]}},
}
"""Verb -> its words, the verb itself first."""

NEEDED: Mapping[str, tuple[str, ...]] = {"lookup": ("of",), "split": ("by", "part"), "link": ("key",)}
"""What a verb cannot do without."""
ONE_OF: Mapping[str, tuple[str, ...]] = {"code": ("table", "map")}
"""Exactly one of these stands beside the verb."""

_VALUES: Form = {
    "anyOf": [SCALAR, {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean", "null"]}}]
}
_BOUND: Form = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^-?[0-9]{1,18}(\\.[0-9]{1,18})?$"}]}
TEST: Form = {
    "anyOf": [
        *_VALUES["anyOf"],
        *(
            {
                "type": "object",
                "required": [word],
                "properties": {word: _VALUES, "any_case": YES_OR_NO},
                "additionalProperties": False,
            }
            for word in ("is", "not")
        ),
        {"type": "object", "required": ["empty"], "properties": {"empty": YES_OR_NO}, "additionalProperties": False},
        {
            "type": "object",
            "minProperties": 1,
            "properties": {"from": _BOUND, "to": _BOUND},
            "additionalProperties": False,
        },
    ]
}
"""What a condition may ask of one column."""
