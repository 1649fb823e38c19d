"""Prints docs/reasons.md: every reason a record may stand still, in both languages, from reasons.py.

python scripts/reason_catalogue.py > docs/reasons.md
"""

import sys
from collections.abc import Iterator

from simpeg_sync.reasons import REASONS

HEAD = """\
# Reasons

<!-- Written by scripts/reason_catalogue.py from src/simpeg_sync/reasons.py. Do not edit. -->

`simpeg-sync status` counts records by these codes; `log` and `record show` print the sentence of each.
What to do for each is in [operations.md](operations.md#what-to-do-for-each-reason).
A code `field.<rule>` that is not listed is one of BKN's rules that a value breaks; it has the sentence of `field.invalid`.
"""


def page() -> str:
    return "\n".join([HEAD, *table(), ""])


def table() -> Iterator[str]:
    yield "| code | English | Bahasa Indonesia |"
    yield "|---|---|---|"
    for code, sentence in REASONS.items():
        yield f"| `{code}` | {sentence.english} | {sentence.indonesian} |"


if __name__ == "__main__":
    sys.stdout.write(page())
