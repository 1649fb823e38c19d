"""The schemas that editors use, as validators."""

import functools
import json
from typing import Any

from jsonschema import Draft202012Validator

from simpeg_sync import wiring


@functools.cache
def editor(*, feed: bool) -> Draft202012Validator:
    schema = json.loads(wiring.editor_schema(feed=feed))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def refusals(data: Any, *, feed: bool) -> list[str]:
    return [error.message for error in editor(feed=feed).iter_errors(data)]
