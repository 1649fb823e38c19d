"""Endpoints that only BKN's newest published list has: few facts are known, and what is not known is not guessed.

Where BKN lists the rows under names that nobody has published, a field counts only if a row has it under its write name.
Where it lists none, a save is believed as answered, and a lost answer goes to a person. Source: bkn-api Annex B.
"""

from typing import Annotated

from pydantic import Field as Bounds

from simpeg_sync.bkn.resources.base import BknDate, Body, Required, ResourceApi, RowBody, Text
from simpeg_sync.decide.fields import Field, Form, Resource, amount, code, date, identifier, number, text


class KgbBody(RowBody):
    gajiBaru: Text = ""
    gajiLama: Text = ""
    masaKerja: Text = ""
    nomorSk: Text = ""
    pnsId: Required
    tanggalSk: BknDate = ""
    tmtGajiBaru: BknDate = ""


class TubelBody(RowBody):
    namaSekolah: Text = ""
    pendidikanId: Text = ""
    pnsOrangId: Required
    tglMulai: BknDate = ""
    tglSelesai: BknDate = ""


class PotensiBody(Body):
    berfikirKritis: Text = ""
    intelektual: Text = ""
    interpersonal: Text = ""
    kesadaranDiri: Text = ""
    motivasiKomitmen: Text = ""
    pnsOrangId: Required
    total: Text = ""


class KompetensiBody(Body):
    integritas: Text = ""
    kerjasama: Text = ""
    komunikasi: Text = ""
    mengelolaPerubahan: Text = ""
    orientasiPadaHasil: Text = ""
    pelayananPublik: Text = ""
    pengambilanKeputusan: Text = ""
    pengembanganDiriDanOrla: Text = ""
    perekatBangsa: Text = ""
    pnsId: Required


class TalentMappingBody(Body):
    box: Text = ""
    pns_id: Required
    sumbu_x: Text = ""
    sumbu_y: Text = ""
    total_sumbu: Text = ""


class AktivityBody(Body):
    kegiatanId: Annotated[int, Bounds(strict=True, ge=0)] = 0
    pnsId: Required
    realisasi: Annotated[int, Bounds(strict=True, ge=0)] = 0
    sesi: Annotated[int, Bounds(strict=True, ge=0)] = 0
    sistem: Text = ""
    waktu: Text = ""


def _guessed(**forms: Form) -> tuple[Field, ...]:
    return tuple(Field(name, name, form, is_guess=True) for name, form in forms.items())


def _never_shown(body: type[Body], person_field: str) -> tuple[Field, ...]:
    return tuple(Field(name, None, text) for name in body.model_fields if name not in ("id", "path", person_field))


KGB = ResourceApi(
    resource=Resource(
        name="kgb",
        fields=_guessed(
            gajiBaru=amount, gajiLama=amount, masaKerja=code, nomorSk=text, tanggalSk=date, tmtGajiBaru=date
        ),
        answers_id=False,
        rows_name_person=False,
    ),
    body=KgbBody,
    save_path="kgb/save",
    list_path="pns/rw-kgb",
    delete_path="kgb/delete",
    id_names=("rwKgbId", "id"),
    person_field="pnsId",
)

TUBEL = ResourceApi(
    resource=Resource(
        name="tubel",
        fields=_guessed(namaSekolah=text, pendidikanId=identifier, tglMulai=date, tglSelesai=date),
        can_delete=False,
        answers_id=False,
        rows_name_person=False,
    ),
    body=TubelBody,
    save_path="tubel/save",
    list_path="pns/rw-tubel",
    id_names=("rwTubelId", "id"),
    person_field="pnsOrangId",
)


def _one_a_person(name: str, body: type[Body], save_path: str, person_field: str) -> ResourceApi:
    """Their bodies carry no id: whoever sends again means the same person's figures."""
    return ResourceApi(
        resource=Resource(
            name=name,
            fields=_never_shown(body, person_field),
            is_listed=False,
            is_single=True,
            can_delete=False,
            answers_id=False,
        ),
        body=body,
        save_path=save_path,
        person_field=person_field,
    )


POTENSI = _one_a_person("potensi", PotensiBody, "kompetensi/potensi/save", "pnsOrangId")
KOMPETENSI = _one_a_person("kompetensi", KompetensiBody, "kompetensi/kompetensi/save", "pnsId")
TALENTMAPPING = _one_a_person("talentmapping", TalentMappingBody, "tm/talentmapping-save", "pns_id")

AKTIVITY = ResourceApi(
    resource=Resource(
        name="aktivity",
        fields=(
            *(Field(name, None, number) for name in ("kegiatanId", "realisasi", "sesi")),
            *(Field(name, None, text) for name in ("sistem", "waktu")),
        ),
        is_listed=False,
        answers_id=False,
    ),
    body=AktivityBody,
    save_path="dashboard/aktivity/save",
    delete_path="dashboard/aktivity/delete",
    id_names=("idAktivitas", "id"),
    person_field="pnsId",
)
