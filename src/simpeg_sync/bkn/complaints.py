"""What does BKN complain about? Its words about a refused write, taken apart field by field and put into words.

BKN is several programs: a validator in Go, a JSON decoder, sentences in Indonesian, the login and the gateway before it, and
PostgreSQL behind it, whose errors leak through. The first pattern that fits speaks (complaint_patterns.py). What fits none
stays as BKN said it. Pure and bounded: any text gives a short list, quickly. Sources: bkn-api sections 1b, 1c, 3;
documentation of go-playground/validator, Echo, Keycloak, WSO2 and PostgreSQL.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simpeg_sync.bkn.complaint_patterns import PATTERNS, Words
from simpeg_sync.bkn.identity import PNS_NAMES
from simpeg_sync.bkn.resources.base import ResourceApi

TEXT_MAX = 4000
"""Letters that are looked at; the ledger keeps half of that."""
LINE_MAX = 400
COMPLAINTS_MAX = 40
LAYERS_MAX = 4
"""How often an answer may be wrapped in another as a JSON text."""
SPEAKING = ("message", "error_description", "description", "detail", "error", "data", "mapdata", "fault")
"""Keys under which an answer says what is wrong, in small letters and the most telling first."""

GO_NAMES: Mapping[str, str] = {"instansikerjaid": "instansiid", "unor": "unorid"}
"""Names of BKN's Go fields that are not those of its JSON, squashed (seen: ``InstansiKerjaID`` for ``instansiId``)."""


@dataclass(frozen=True, slots=True)
class FieldComplaint:
    field: str
    """In the spelling of BKN's body; BKN's own word where the body has no such field; empty where it is about none."""
    rule: str
    """What is broken, short and stable: ``required``, ``date``, ``type``; empty for what nobody understands."""
    indonesian: str
    english: str
    said: str = ""
    """BKN's own words for it."""


@dataclass(frozen=True, slots=True)
class Names:
    """The fields of one of BKN's bodies, to be known again in any spelling: ``UnorID``, ``unor_id``, "Nomor SK"."""

    fields: Collection[str] = ()
    person_field: str = ""

    @classmethod
    def of(cls, api: ResourceApi | None) -> "Names":
        if api is None:
            return cls()
        body = frozenset(api.body.model_fields) if api.body is not None else frozenset[str]()
        return cls(body | {name.write for name in api.resource.fields}, api.person_field)

    def spelled(self, said: str) -> str:
        """The body's spelling of a field that BKN names; empty when it has none such."""
        plain = squashed(said.rpartition(".")[2])
        if not plain:
            return ""
        by_plain = {squashed(name): name for name in sorted(self.fields)}
        plain = GO_NAMES.get(plain, plain) if plain not in by_plain else plain
        if plain in _PERSON and self.person_field:
            return self.person_field
        return by_plain.get(plain) or by_plain.get(f"{plain}id") or ""


def squashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_PERSON = frozenset(squashed(name) for name in PNS_NAMES)


def complaints(message: str, names: Names) -> Sequence[FieldComplaint]:
    """In the order in which BKN names them, each once."""
    found: dict[FieldComplaint, None] = {}
    for line in _lines(message):
        for one in _read(line, names):
            found.setdefault(one)
        if len(found) >= COMPLAINTS_MAX:
            break
    return list(found)[:COMPLAINTS_MAX]


# ------------------------------------------------------------------------------------------------- a text, line by line


def _lines(message: str) -> Iterator[str]:
    for text in _unwrapped(message[:TEXT_MAX], LAYERS_MAX):
        # A text that was quoted once too often has the two letters of an escape where the line ended.
        plain = (
            text.replace("\\n", "\n").replace("\\t", " ").replace('\\"', '"').replace("\\'", "'").replace("\r", "\n")
        )
        plain = plain.replace("Key: '", "\nKey: '")
        if " occurred:" in plain:
            plain = plain.replace("* ", "\n")
        for line in plain.split("\n"):
            clean = re.sub(r"^[0-9]{1,6} errors? occurred:? ?", "", _clean(line))
            if clean:
                yield clean if len(clean) <= LINE_MAX else f"{clean[:LINE_MAX]}…"


def _unwrapped(text: str, layers: int) -> list[str]:
    """What an answer says that came as JSON within the text; the text itself where it is none."""
    stripped = text.strip()
    if layers and stripped[:1] in ("{", '"', "["):
        try:
            value = json.loads(stripped)
        except (ValueError, RecursionError):
            return [text]  # broken, or cut where the ledger cuts: its words are in it all the same
        said = [inner for spoken in _spoken(value, layers) for inner in _unwrapped(spoken, layers - 1)]
        return said or [text]
    return [text]


def _spoken(value: Any, layers: int) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and layers:
        return [text for item in value[:COMPLAINTS_MAX] for text in _spoken(item, layers - 1)]
    if not isinstance(value, dict) or not layers:
        return []
    by_name = {str(key).lower(): item for key, item in value.items()}
    told = [by_name[name] for name in SPEAKING if by_name.get(name)]
    return [text for item in told for text in _spoken(item, layers - 1)]


def _clean(line: str) -> str:
    """Without letters that steer a screen, and with single blanks."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())


# ------------------------------------------------------------------------------------------------------ what a line says


def _read(line: str, names: Names) -> Iterator[FieldComplaint]:
    for pattern in PATTERNS:
        found = pattern.compiled.search(line)
        if found is None:
            continue
        words = pattern.words if isinstance(pattern.words, Words) else pattern.words(found)
        groups = found.groupdict()
        for field, word in _named(groups.get("field") or groups.get("fields") or "", names):
            values = {name: value or "" for name, value in groups.items()}
            indonesian = _filled(words.indonesian, {**values, "field": word or "Isian"}) if words.indonesian else line
            english = _filled(words.english, {**values, "field": word or "A value"})
            yield FieldComplaint(field, words.rule, _sentence(indonesian), english, line)
        return
    yield FieldComplaint("", "", f"BKN: {_sentence(line)}", f"BKN says: {_sentence(line)}", line)


def _named(said: str, names: Names) -> list[tuple[str, str]]:
    """Each field that is named: in the body's spelling, or as BKN's own word where that can be a field's name; and the
    word for the sentence."""
    found = []
    for part in said.split(","):
        word = part.strip(" '\"`")
        field = names.spelled(word) or (word if re.fullmatch(r"\w{1,60}(\.\w{1,60}){0,3}", word) else "")
        found.append((field, field or word))
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    """`str.format` would obey what BKN says."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], ""), text)


def _sentence(line: str) -> str:
    return line if line.endswith((".", "…", "!", "?")) else f"{line}."
