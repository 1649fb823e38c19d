"""How a payload is kept while its attempt is open. The one place where encryption at rest will come in."""

import json
from collections.abc import Mapping
from typing import Any


def encode(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decode(text: str | None) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}
