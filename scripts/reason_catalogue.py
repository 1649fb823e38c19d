"""Prints docs/reasons.md: every reason a record may stand still, in both languages, from reasons.py.

python scripts/reason_catalogue.py > docs/reasons.md
"""

import re
import sys
from collections.abc import Iterator

from simpeg_sync.bkn.complaint_patterns import PATTERNS, TAGS, Words
from simpeg_sync.reasons import PLACES, REASONS, RELEASES, Release, Sentence, Where

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
BKN's own words about a refused row are taken apart field by field in `record show`: [at the end](#kata-kata-bkn--bkns-own-words).
"""


def page() -> str:
    return "\n".join(
        [HEAD, *overview(), *(line for code in REASONS for line in entry(code, REASONS[code])), *of_bkn(), ""]
    )


def overview() -> Iterator[str]:
    yield "| di mana · where | kode · codes |"
    yield "|---|---|"
    for place, words in PLACES.items():
        codes = ", ".join(f"[`{code}`](#{_anchor(code)})" for code, one in REASONS.items() if one.where is place)
        yield f"| {words.indonesian} · {words.english} | {codes} |"
    yield ""


def entry(code: str, one: Sentence) -> Iterator[str]:
    place, release = PLACES[one.where], RELEASES[one.released_by]
    is_somewhere, is_held = one.where is not Where.NOBODY, one.released_by is not Release.NOTHING
    yield f"## `{code}`"
    yield ""
    yield f"* **{one.indonesian}** {one.todo_indonesian}" + (
        f" *Di mana:* {place.indonesian}." * is_somewhere + f" *Dilepas oleh:* {release.indonesian}." * is_held
    )
    yield f"* **{one.english}** {one.todo_english}" + (
        f" *Where:* {place.english}." * is_somewhere + f" *Released by:* {release.english}." * is_held
    )
    yield ""


def of_bkn() -> Iterator[str]:
    yield "## Kata-kata BKN · BKN's own words"
    yield ""
    yield "Apa yang dikeluhkan BKN tentang suatu isian (FIELD). Yang tidak dikenal ditampilkan seperti kata BKN."
    yield "What BKN complains about in a field (FIELD). What is not known is shown as BKN says it."
    yield ""
    yield "| aturan · rule | English | Bahasa Indonesia |"
    yield "|---|---|---|"
    known: dict[str, Words] = {}
    for words in (*TAGS.values(), *(one.words for one in PATTERNS if isinstance(one.words, Words))):
        if words.indonesian or words.rule not in known:
            known.setdefault(words.rule, words)
    for rule, words in sorted(known.items()):
        yield f"| `{rule}` | {_named(words.english)} | {_named(words.indonesian) or 'kalimat BKN sendiri'} |"


def _named(text: str) -> str:
    return re.sub(r"\{\w+\}", "…", text.replace("{field}", "FIELD"))


def _anchor(code: str) -> str:
    """As the readers of Markdown make it of a heading."""
    return code.replace(".", "")


if __name__ == "__main__":
    sys.stdout.write(page())
