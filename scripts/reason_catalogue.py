"""Prints docs/reasons.md: every reason a record may stand still, in both languages, from reasons.py.

python scripts/reason_catalogue.py > docs/reasons.md
"""

import sys
from collections.abc import Iterator

from simpeg_sync.reasons import PLACES, REASONS, RELEASES, Sentence

HEAD = """\
# Alasan · Reasons

<!-- Written by scripts/reason_catalogue.py from src/simpeg_sync/reasons.py. Do not edit. -->

Setiap baris yang tertahan, ditolak, belum pasti, atau berbeda membawa satu kode dari halaman ini. `simpeg-sync status` menghitung
per kode; `simpeg-sync log` dan `simpeg-sync record show ID` menampilkan kalimatnya dan apa yang perlu dilakukan, dalam bahasa
Indonesia bila `LANG` (atau `LC_ALL`) dimulai dengan `id`, misalnya `id_ID.UTF-8`. ID adalah nomor baris itu, NAME nama alurnya.

Every record that is held, refused, uncertain or different carries one code of this page. `simpeg-sync status` counts by code;
`simpeg-sync log` and `simpeg-sync record show ID` print the sentence and what to do, in Indonesian where `LANG` (or `LC_ALL`)
begins with `id`. ID is the record's number, NAME the feed's name.

More for operators stands in [operations.md](operations.md#what-to-do-for-each-reason). A code `field.<rule>` that is not listed
is one of BKN's rules that a value breaks; it has the words of `field.invalid`.
"""


def page() -> str:
    return "\n".join([HEAD, *overview(), *(line for code in REASONS for line in entry(code, REASONS[code])), ""])


def overview() -> Iterator[str]:
    yield "| di mana · where | kode · codes |"
    yield "|---|---|"
    for place, words in PLACES.items():
        codes = ", ".join(f"[`{code}`](#{_anchor(code)})" for code, one in REASONS.items() if one.where is place)
        yield f"| {words.indonesian} · {words.english} | {codes} |"
    yield ""


def entry(code: str, one: Sentence) -> Iterator[str]:
    place, release = PLACES[one.where], RELEASES[one.released_by]
    yield f"## `{code}`"
    yield ""
    yield f"* **{one.indonesian}** {one.todo_indonesian} *Di mana:* {place.indonesian}. *Dilepas oleh:* {release.indonesian}."
    yield f"* **{one.english}** {one.todo_english} *Where:* {place.english}. *Released by:* {release.english}."
    yield ""


def _anchor(code: str) -> str:
    """As the readers of Markdown make it of a heading."""
    return code.replace(".", "")


if __name__ == "__main__":
    sys.stdout.write(page())
