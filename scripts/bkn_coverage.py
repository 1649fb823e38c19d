"""Prints docs/bkn-coverage.md: what of BKN's web services the program speaks, from the program itself.

PYTHONPATH=. python scripts/bkn_coverage.py > docs/bkn-coverage.md
"""

import sys
from collections.abc import Iterator, Mapping

from tests.bkn import targets as tried

from simpeg_sync.bkn import sapk, siasn
from simpeg_sync.bkn.client import REFRESHED
from simpeg_sync.bkn.reads.catalogue import load
from simpeg_sync.bkn.resources.base import ResourceApi
from simpeg_sync.bkn.resources.combined import FORM_FILES

HEAD = """\
# What of BKN is covered

<!-- Written by scripts/bkn_coverage.py from src/simpeg_sync/bkn/. Do not edit. -->

Two dialects: `siasn` (since 2022/23) and classic `sapk` (`wsrv*`), chosen by `bkn.dialect`; the feeds stay the same.
**Tested how**: every written target is brought to the [simulator](simulator.md) through the daemon's own code in each dialect
that saves it: create, repeat, update, found again, delete, refusal, lost answer, each certificate
(`tests/bkn/test_every_target.py`).
Nothing here was tried on BKN's own servers.
"""

SIMULATED, COMPARED = "simulator", "simulator, compared only"
NOT_COVERED = (
    ("`POST /kompetensi/refkegiataninstansi/save`", "an agency's list and no employee's record; the simulator has it"),
    ("`kursus.id_rumpun_jabatan`", "a list of lists, newer than the published fields"),
    (
        "classic `/api/kpo/sk`, lists by date range, `/api/pns/guru`, `/api/training/pns/list`",
        "their forms are not published",
    ),
)


def page() -> str:
    spoken = siasn.dialect("").apis
    classic = sapk.dialect("", "", pns_user_id="x").apis
    parts = [HEAD, "## Targets of feeds\n", *targets(spoken, classic), ""]
    parts += ["## Reads\n", *reads(), "", "## Not covered\n", *not_covered(), ""]
    parts += ["## Fields of the targets\n", FIELDS, *fields(spoken)]
    return "\n".join(parts)


def targets(spoken: Mapping[str, ResourceApi], classic: Mapping[str, ResourceApi]) -> Iterator[str]:
    yield "| target | saved (siasn) | listed | deleted | certificates | proof of a save | afterwards | classic | tested |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, api in sorted(spoken.items(), key=lambda item: (not item[1].resource.is_writable, item[0])):
        resource = api.resource
        yield row(
            f"`{name}`{' (needs a legal ground)' if api.is_family else ''}",
            saved(api),
            listed(api),
            f"`DELETE {api.delete_path}/{{id}}`" if api.delete_path else "no",
            ", ".join(f"`{kind}`" for kind in resource.document_kinds) or "–",
            proof(api),
            f"`GET {REFRESHED[name].split('?')[0]}`" if resource.follow_up else "–",
            in_classic(classic[name]),
            tested(name, api),
        )


def saved(api: ResourceApi) -> str:
    name = api.resource.name
    if not api.resource.is_writable:
        return "by no region"
    if not api.save_path:
        return f"`POST {api.upload_path}`"
    form = f"; by choice `{api.save_path.removesuffix('/save')}/document/save`" if name in FORM_FILES else ""
    older = "; by choice `jabatan/save`" if name == "jabatan" else ""
    return f"`POST {api.save_path}`{older}{form}"


def listed(api: ResourceApi) -> str:
    if not api.resource.is_listed:
        return "no"
    if api.rows_from != "list":
        return "`data-utama`" if api.rows_from == "data_utama" else "`pns/photo`"
    guessed = any(field.is_guess for field in api.resource.fields)
    return f"`{api.list_path}`{' (names unpublished)' if guessed else ''}"


def proof(api: ResourceApi) -> str:
    if not api.resource.is_writable:
        return "–"
    if not api.resource.is_listed:
        return "its answer"
    if not api.resource.answers_id:
        return "a look at once"
    return "the id in the answer"


def in_classic(api: ResourceApi) -> str:
    if api.resource.is_writable:
        return f"saved: `{api.save_path}`"
    return f"compared: `{api.list_path or 'data-utama'}`" if api.resource.is_listed else "no"


def tested(name: str, api: ResourceApi) -> str:
    if not api.resource.is_writable:
        return COMPARED if name in tried.COMPARED or name in tried.OTHERS else "not"
    return SIMULATED if name in tried.BY_TARGET or name in tried.OTHERS else "not"


READS = """\
Typed by `simpeg_sync.bkn.reads` and shown by `simpeg-sync bkn read`: dates, numbers, codes, flags and certificates from BKN's
texts; what does not fit its form is listed beside the row. All are tested against an in-memory BKN, and those that list the
targets above against the simulator too.
"""


def reads() -> Iterator[str]:
    yield READS
    yield "| read | path | gives | typed fields |"
    yield "|---|---|---|---|"
    for read in load().values():
        count = len(read.fields)
        yield row(f"`{read.name}`", f"`{read.path}`", read.shape, str(count) if count else "none published: raw")


def not_covered() -> Iterator[str]:
    yield "| what | why |"
    yield "|---|---|"
    for what, why in NOT_COVERED:
        yield row(what, why)


FIELDS = """\
**Bold** fields are demanded. *Shown as*: BKN's name when it shows the field again; "–" where it never does. *Compared*: by which
rule equal is told from different (`text`: capitals and blanks do not count; `score`: to two places; `flag`: empty is no;
`person_name`: titles, punctuation and capitals do not count, a letter does; `title`, `digits`: points and blanks do not).
*Wants*: the form that the feed's expression has to give (dates are texts); "–" where nothing is sent.
"""


def fields(spoken: Mapping[str, ResourceApi]) -> Iterator[str]:
    for name, api in sorted(spoken.items()):
        if not api.resource.fields:
            continue
        yield f"### {name}\n"
        yield "| field | wants | shown as | compared |"
        yield "|---|---|---|---|"
        demanded = {
            field for field, about in (api.body.model_fields if api.body else {}).items() if about.is_required()
        }
        for field in api.resource.fields:
            written = f"**`{field.write}`**" if field.write in demanded else f"`{field.write}`"
            shown = "–" if field.read is None else f"`{field.read}`{' (guess)' if field.is_guess else ''}"
            yield row(written, wants(api, field.write), shown, field.form.__name__)
        yield ""


def wants(api: ResourceApi, field: str) -> str:
    name = api.translated.get(field, field)
    about = api.body.model_fields.get(name) if api.body and name is not None else None
    if about is None:
        return "–"
    return "number" if about.annotation in (int, float) else "text"


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(page().rstrip() + "\n")
