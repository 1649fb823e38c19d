"""What BKN has of a person once: who it is, the main record, the appointment as CPNS and PNS, the photo. Nothing is deleted.

Sources: bkn-api Annex A data-utama and photo, Annex B data-utama-update, cpns/save, upload-photo.
"""

from typing import Literal

from simpeg_sync.bkn.resources.base import BknDate, Body, Required, RequiredDate, ResourceApi, RowBody, Text
from simpeg_sync.decide.fields import Field, Resource, code, date, identifier, text
from simpeg_sync.decide.names import digits, person_name, title


class DataUtamaBody(Body):
    """BKN changes what is named and leaves the rest."""

    agama_id: Text = ""
    alamat: Text = ""
    email: Text = ""
    email_gov: Text = ""
    kabupaten_id: Text = ""
    karis_karsu: Text = ""
    kelas_jabatan: Text = ""
    kpkn_id: Text = ""
    lokasi_kerja_id: Text = ""
    nomor_bpjs: Text = ""
    nomor_hp: Text = ""
    nomor_telpon: Text = ""
    npwp_nomor: Text = ""
    npwp_tanggal: BknDate = ""
    pns_orang_id: Required
    tanggal_taspen: BknDate = ""
    tapera_nomor: Text = ""
    taspen_nomor: Text = ""


class CpnsBody(RowBody):
    kartu_pegawai: Text = ""
    nama_jabatan_angkat_cpns: Text = ""
    nomor_dokter_pns: Text = ""
    nomor_sk_cpns: Required
    nomor_sk_pns: Text = ""
    nomor_spmt: Text = ""
    nomor_sttpl: Text = ""
    pertek_cpns_pns_l2th_nomor: Text = ""
    pertek_cpns_pns_l2th_tanggal: BknDate = ""
    pns_orang_id: Required
    status_cpns_pns: Literal["C", "P", ""] = ""
    tanggal_dokter_pns: BknDate = ""
    tgl_sk_cpns: RequiredDate
    tgl_sk_pns: BknDate = ""
    tgl_spmt: BknDate = ""
    tgl_sttpl: BknDate = ""
    tmt_cpns: BknDate = ""
    tmt_melaksanakan_tugas: BknDate = ""
    tmt_pns: BknDate = ""


class PhotoBody(Body):
    """A photo has no content beside its image."""


DATA_UTAMA = ResourceApi(
    resource=Resource(
        name="data-utama",
        fields=(
            Field("agama_id", "agamaId", code),
            Field("alamat", "alamat"),
            Field("email", "email"),
            Field("email_gov", "emailGov"),
            Field("kabupaten_id", None, identifier),
            Field("karis_karsu", "karis_karsu"),
            Field("kelas_jabatan", "kelas_jabatan", code),
            Field("kpkn_id", "kpknId", identifier),
            Field("lokasi_kerja_id", "lokasiKerjaId", identifier),
            Field("nomor_bpjs", "bpjs", code),
            Field("nomor_hp", "noHp", code),
            Field("nomor_telpon", "noTelp", code),
            Field("npwp_nomor", "noNpwp", code),
            Field("npwp_tanggal", "tglNpwp", date),
            Field("tanggal_taspen", "tanggal_taspen", date),
            Field("tapera_nomor", "tapera", code),
            Field("taspen_nomor", "noTaspen", code),
        ),
        is_single=True,
        is_partial=True,
        can_delete=False,
        answers_id=False,
    ),
    body=DataUtamaBody,
    save_path="pns/data-utama-update",
    person_field="pns_orang_id",
    rows_from="data_utama",
)

CPNS = ResourceApi(
    resource=Resource(
        name="cpns",
        fields=(
            Field("kartu_pegawai", "noSeriKarpeg", code),
            Field("nama_jabatan_angkat_cpns", None),
            Field("nomor_dokter_pns", "noSuratKeteranganDokter"),
            Field("nomor_sk_cpns", "nomorSkCpns"),
            Field("nomor_sk_pns", "nomorSkPns"),
            Field("nomor_spmt", "noSpmt"),
            Field("nomor_sttpl", "nomorSttpl"),
            Field("pertek_cpns_pns_l2th_nomor", None),
            Field("pertek_cpns_pns_l2th_tanggal", None, date),
            Field("status_cpns_pns", None, code),
            Field("tanggal_dokter_pns", "tglSuratKeteranganDokter", date),
            Field("tgl_sk_cpns", "tglSkCpns", date),
            Field("tgl_sk_pns", "tglSkPns", date),
            Field("tgl_spmt", "tglSpmt", date),
            Field("tgl_sttpl", "tglSttpl", date),
            Field("tmt_cpns", "tmtCpns", date),
            Field("tmt_melaksanakan_tugas", None, date),
            Field("tmt_pns", "tmtPns", date),
        ),
        document_kinds=("889", "887", "888"),
        is_single=True,
        can_delete=False,
        answers_id=False,
    ),
    body=CpnsBody,
    save_path="cpns/save",
    person_field="pns_orang_id",
    rows_from="data_utama",
)

PHOTO = ResourceApi(
    resource=Resource(
        name="photo",
        fields=(),
        document_kinds=("photo",),
        document_form="image",
        is_single=True,
        can_delete=False,
        answers_id=False,
    ),
    body=PhotoBody,
    rows_from="person",
    upload_path="upload-photo",
)

_WHO = {
    "nama": person_name, "gelarDepan": title, "gelarBelakang": title, "tempatLahir": text, "tempatLahirId": identifier,
    "tglLahir": date, "jenisKelamin": code, "nik": digits, "nipBaru": digits, "nipLama": digits, "statusPegawai": text,
    "jenisPegawaiId": code, "kedudukanPnsId": code, "unorId": identifier, "unorIndukId": identifier,
    "instansiKerjaId": identifier, "satuanKerjaKerjaId": identifier,
}  # fmt: skip

IDENTITAS = ResourceApi(
    resource=Resource(
        name="identitas",
        fields=tuple(Field(name, name, form) for name, form in _WHO.items()),
        is_writable=False,
        is_single=True,
        can_delete=False,
        identity=("nama", "tglLahir", "nipBaru"),
    ),
    rows_from="data_utama",
    worded={"jenisKelamin": {"PRIA": "M", "WANITA": "F"}},
)
"""Who a person is, as BKN has it. A region changes it by a proposal in SIASN only, so it is compared; where it contradicts
SIMPEG, the NIP may be somebody else's."""
