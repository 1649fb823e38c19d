"""What does BKN want for each kind of history, what does it answer, how do the two sides compare? One file a kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from simpeg_sync.bkn.resources import (
    angkakredit,
    compared,
    diklat,
    hukdis,
    jabatan,
    keluarga,
    kinerjaperiodik,
    kursus,
    newer,
    penghargaan,
    person,
    sertifikasi,
    sk,
    skp,
)
from simpeg_sync.bkn.resources.base import ResourceApi
from simpeg_sync.bkn.resources.combined import combined

WRITTEN = (
    kursus.API,
    diklat.API,
    jabatan.API,
    angkakredit.API,
    penghargaan.API,
    hukdis.API,
    skp.SKP,
    skp.SKP2021,
    skp.SKP22,
    kinerjaperiodik.API,
    person.CPNS,
    person.DATA_UTAMA,
    person.PHOTO,
    sertifikasi.API,
    sk.SK_KP,
    sk.SK_NIP,
    newer.KGB,
    newer.TUBEL,
    newer.POTENSI,
    newer.KOMPETENSI,
    newer.TALENTMAPPING,
    newer.AKTIVITY,
    keluarga.PASANGAN,
    keluarga.ANAK,
)

COMPARED = (*compared.ALL, keluarga.ORTU, person.IDENTITAS)

RESOURCES: Mapping[str, ResourceApi] = {api.resource.name: api for api in (*WRITTEN, *COMPARED)}
"""As the better-supported sources have them."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Where sources disagree or a region's access differs: what is sent. Defaults are the better-supported ones."""

    jabatan_save: Literal["unorjabatan", "jabatan"] = "unorjabatan"
    penailan: Literal["Penailan", "Penilaian"] = "Penailan"
    """How angkakredit spells the period of appraisal on its way out."""
    sertifikasi_end: Literal["masaBerlakuSertSelasai", "masaBerlakuSertSelesai"] = "masaBerlakuSertSelasai"
    kinerja_months_as_text: bool = False
    certificates: Literal["after_row", "with_path"] = "after_row"
    """Attached to the saved row by `upload-dok-rw`, or stored by `upload-dok` and named in the save's ``path``."""
    cuts: Mapping[str, int] = field(default_factory=dict)
    """``target.field`` -> how many letters BKN keeps of it."""
    combined_save: bool = False
    """Save and certificate in one form (`*/document/save`), known from one document of 2026 only."""


def chosen(choices: Choices) -> Mapping[str, ResourceApi]:
    """The resources as this region sends them."""
    apis = dict(RESOURCES)
    if choices.jabatan_save == "jabatan":
        apis["jabatan"] = jabatan.OLDER_API
    if choices.penailan == "Penilaian":
        credit = apis["angkakredit"]
        names = [name for name in credit.known_fields() if name.endswith("Penailan")]
        respelled = {name: name.replace("Penailan", "Penilaian") for name in names}
        apis["angkakredit"] = replace(credit, respelled=respelled)
    if choices.sertifikasi_end != "masaBerlakuSertSelasai":
        respelled = {"masaBerlakuSertSelasai": choices.sertifikasi_end}
        apis["sertifikasi"] = replace(apis["sertifikasi"], respelled=respelled)
    if choices.kinerja_months_as_text:
        months = frozenset({"bulanMulaiPenilaian", "bulanSelesaiPenilaian"})
        apis["kinerjaperiodik"] = replace(apis["kinerjaperiodik"], as_text=months)
    if choices.certificates == "with_path":
        apis |= {name: _with_path(api) for name, api in apis.items() if _takes_path(api)}
    if choices.combined_save:
        apis |= combined(apis)
    return {name: _with_cuts(api, choices.cuts) for name, api in apis.items()}


def _with_cuts(api: ResourceApi, cuts: Mapping[str, int]) -> ResourceApi:
    own = {
        name.partition(".")[2]: letters for name, letters in cuts.items() if name.startswith(f"{api.resource.name}.")
    }
    if not own:
        return api
    fields = tuple(replace(field, cut_at=own.get(field.write, 0)) for field in api.resource.fields)
    return replace(api, resource=replace(api.resource, fields=fields))


def _takes_path(api: ResourceApi) -> bool:
    has_path = api.body is not None and "path" in api.body.model_fields
    return has_path and bool(api.resource.document_kinds)


def _with_path(api: ResourceApi) -> ResourceApi:
    return replace(api, resource=replace(api.resource, takes_files_with_save=True), stores_files_first=True)
