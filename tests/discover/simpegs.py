"""Invented SIMPEGs in the shapes of real ones, and what a person would recognise in each.

A column is ``name type maker``; the maker says what its values look like.
"""

# ruff: noqa: E501 - tables of columns read better in long lines

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Truth = Mapping[str, Mapping[str, str]]
"""``table target`` -> BKN's field -> column (``a|b``: either would do)."""


@dataclass(frozen=True, slots=True)
class Invented:
    name: str
    tables: Mapping[str, Sequence[str]]
    truth: Truth
    keys: Mapping[str, str] = field(default_factory=dict)
    """Table -> its PRIMARY KEY; the first column where it is not named."""
    lookups: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)
    quiet: Sequence[str] = ()
    """Tables that must not become a feed."""
    persons: int = 60
    rows: int = 150


PLACES = ["Badan Diklat Provinsi", "Lembaga Administrasi Negara", "BPSDM Contoh", "Balai Besar Pelatihan"]
COURSES = ["Pelatihan Dasar Perencanaan", "Bimbingan Pengadaan Barang", "Pengelolaan Keuangan Daerah", "Arsip Dinamis"]
SCHOOLS = ["Universitas Contoh", "Sekolah Tinggi Contoh", "SMA Negeri 1 Contoh"]
POSTS = ["Kepala Bidang Mutasi", "Analis Kepegawaian", "Pengelola Data", "Kepala Sub Bagian Umum", "Guru Muda"]
NAMES = ["Ani", "Budi", "Citra", "Dewi", "Eko"]


class Maker:
    def __init__(self, seed: int, persons: int) -> None:
        self.chance = random.Random(seed)
        self.nips = [self._nip(number) for number in range(persons)]

    def _nip(self, number: int) -> str:
        born = dt.date(1965, 1, 1) + dt.timedelta(days=self.chance.randrange(11000))
        start = born.year + 22 + self.chance.randrange(8)
        return f"{born:%Y%m%d}{start}{self.chance.randrange(1, 13):02d}{self.chance.choice('12')}{number + 1:03d}"

    def value(self, maker: str, row: int) -> Any:
        kind, _, detail = maker.partition(":")
        chance = self.chance
        match kind:
            case "serial":
                return row + 1
            case "own_nip":
                return self.nips[row]
            case "nip":
                return chance.choice(self.nips)
            case "dotted_nip":
                nip = chance.choice(self.nips)
                return f"'{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}"
            case "person":
                return chance.randrange(len(self.nips)) + 1
            case "person_text":
                return f"P{chance.randrange(len(self.nips)) + 1:05d}"
            case "own_text":
                return f"P{row + 1:05d}"
            case "own_hex":
                return f"{row + 1:032x}"
            case "person_hex":
                return f"{chance.randrange(len(self.nips)) + 1:032x}"
            case "hex":
                return f"{chance.getrandbits(128):032X}"
            case "day":
                forms = detail.split("|") if detail else ["%Y-%m-%d"]
                form = chance.choice(forms)
                day = dt.date(2005, 1, 1) + dt.timedelta(days=chance.randrange(6500))
                return day.strftime(form) if "%" in form else form
            case "year":
                return 2005 + chance.randrange(18)
            case "int":
                low, high = detail.split("-")
                return chance.randint(int(low), int(high))
            case "one":
                return chance.choice(detail.split("|"))
            case "number":
                return f"{chance.randrange(1, 900)}/{detail or 'SK'}/{chance.randrange(2005, 2024)}/{row}"
            case "place":
                return chance.choice(PLACES)
            case "course":
                return chance.choice(COURSES)
            case "school":
                return chance.choice(SCHOOLS)
            case "post":
                return chance.choice(POSTS)
            case "name":
                return chance.choice(NAMES)
            case "pdf":
                return f"berkas_{row}.pdf"
            case "money":
                return f"{chance.randrange(2, 9)}{chance.randrange(100, 999)}500"
            case "credit":
                return f"{chance.randrange(10, 99)},{chance.randrange(100, 999)}"
            case "blank":
                return ""
            case "null":
                return None
        raise ValueError(maker)


S = Invented(
    "S",
    {
        "pegawai": ["nip varchar(30) own_nip", "nama varchar(100) name", "tempat_lahir varchar(50) one:Bone|Maros",
                    "tanggal_lahir varchar(20) day:%d/%m/%Y", "status varchar(10) one:1"],
        "riwayat_golongan": ["id_riwayat int serial", "nip varchar(30) nip", "golongan varchar(10) one:III/a|III/b|IV/a",
                             "nomor_sk varchar(50) number", "tanggal_sk varchar(20) day:%d/%m/%Y|",
                             "tmt_golongan varchar(20) day:%d/%m/%Y", "nomor_bkn varchar(50) number:BKN",
                             "tanggal_bkn varchar(20) day:%d/%m/%Y|", "jenis_kp varchar(30) one:Reguler|Pilihan",
                             "status varchar(1) one:0|1"],
        "riwayat_jabatan": ["id_riwayat int serial", "nip varchar(30) nip", "jenis varchar(20) one:Struktural|Pelaksana",
                            "nama_jabatan varchar(100) post", "tmt_jabatan varchar(20) day:%d/%m/%Y",
                            "eselon varchar(10) one:III.a|IV.a|", "nomor varchar(50) number",
                            "tanggal varchar(20) day:%d/%m/%Y|", "unor varchar(100) one:Dinas A|Dinas B",
                            "status varchar(1) one:0|1"],
        "riwayat_pendidikan": ["id_riwayat int serial", "nip varchar(30) nip", "tingkat varchar(10) one:S1|S2|SMA",
                               "nama_prodi varchar(50) one:Hukum|Ekonomi", "nama_jurusan varchar(50) one:Hukum|Manajemen",
                               "nama_sekolah varchar(80) school", "no_ijazah varchar(50) number:IJ",
                               "tahun_lulus varchar(4) year", "status varchar(1) one:0|1"],
        "riwayat_diklat": ["id_riwayat int serial", "nip varchar(30) nip", "nama_diklat varchar(100) course",
                           "jumlah_jam varchar(10) int:8-120", "penyelenggara varchar(100) place",
                           "tempat varchar(50) one:Makassar|Jakarta", "tahun varchar(4) year",
                           "no_sttp varchar(50) number:STTP", "tanggal_sttp varchar(20) day:%d/%m/%Y|",
                           "jenis_diklat varchar(20) one:struktural|fungsional|teknis", "status varchar(1) one:0|1",
                           "uat varchar(20) day:%Y-%m-%d"],
        "riwayat_kursus": ["id_riwayat int serial", "nip varchar(30) nip", "tipe_kursus varchar(30) one:Seminar|Workshop",
                           "nama_kursus varchar(100) course", "tahun_kursus varchar(4) year",
                           "lama_kursus varchar(10) int:8-60", "no_sertifikat_kursus varchar(50) number:SERT",
                           "institusi_kursus varchar(80) place", "status varchar(1) one:0|1"],
        "user_log": ["id int serial", "nip varchar(30) nip", "aksi varchar(20) one:login|logout"],
    },
    {
        "riwayat_golongan golongan": {"golonganId": "golongan", "skNomor": "nomor_sk", "skTanggal": "tanggal_sk",
                                      "tmtGolongan": "tmt_golongan", "noPertekBkn": "nomor_bkn",
                                      "tglPertekBkn": "tanggal_bkn", "jenisKPId": "jenis_kp"},
        "riwayat_jabatan jabatan": {"jenisJabatan": "jenis", "tmtJabatan": "tmt_jabatan", "eselonId": "eselon",
                                    "nomorSk": "nomor", "tanggalSk": "tanggal", "unorId": "unor"},
        "riwayat_pendidikan pendidikan": {"tkPendidikanId": "tingkat", "pendidikanNama": "nama_prodi|nama_jurusan",
                                          "namaSekolah": "nama_sekolah", "nomorIjasah": "no_ijazah",
                                          "tahunLulus": "tahun_lulus"},
        "riwayat_diklat kursus": {"namaKursus": "nama_diklat", "jumlahJam": "jumlah_jam",
                                  "institusiPenyelenggara": "penyelenggara", "tahunKursus": "tahun",
                                  "nomorSertipikat": "no_sttp", "tanggalSelesaiKursus": "tanggal_sttp",
                                  "jenisDiklatId": "jenis_diklat"},
        "riwayat_diklat diklat": {"nomor": "no_sttp", "jumlahJam": "jumlah_jam", "tahun": "tahun"},
        "riwayat_kursus kursus": {"namaKursus": "nama_kursus", "jumlahJam": "lama_kursus", "tahunKursus": "tahun_kursus",
                                  "nomorSertipikat": "no_sertifikat_kursus",
                                  "institusiPenyelenggara": "institusi_kursus"},
    },
    quiet=["pegawai", "user_log"],
)  # fmt: skip

K = Invented(
    "K",
    {
        "tb_01": ["nip varchar(18) own_nip", "nama varchar(100) name", "gdp varchar(10) one:Dr.|", "idgolrupkt int int:1-3",
                  "tmtpkt date day", "idskpd varchar(5) one:A01|A02", "idjenkedudupeg int one:1|99",
                  "idsapk varchar(36) hex"],
        "r_gol": ["id int serial", "nip varchar(18) nip", "idgolru int int:1-3", "pejmenpkt varchar(50) one:Bupati|Gubernur",
                  "nosk varchar(50) number", "tgsk date day", "tmtpkt date day", "thkerja int int:0-30",
                  "blkerja int int:0-11", "gapok varchar(20) money", "idsapk varchar(36) blank",
                  "created_at timestamp day:%Y-%m-%d %H:%M:%S"],
        "r_jab": ["id int serial", "nip varchar(18) nip", "idskpd varchar(5) one:A01|A02", "idjenjab int int:2-5",
                  "idjab int int:1-3", "idesljbt int int:1-2", "nosk varchar(50) number", "tgsk date day",
                  "tmtjab date day", "idsapk varchar(36) hex"],
        "r_pend": ["id int serial", "nip varchar(18) nip", "idtkpendid int int:1-3", "idjenjurusan int int:1-3",
                   "noijaz varchar(50) number:IJ", "tgijaz date day", "namasekolah varchar(80) school",
                   "tempat varchar(30) one:Kendal|Semarang"],
        "r_diktek": ["id int serial", "nip varchar(18) nip", "nmdiktek varchar(100) course",
                     "tmdiktek varchar(50) one:Kendal|Semarang", "penyelenggara varchar(80) place",
                     "angkatan varchar(5) one:I|II", "tgmul varchar(10) day:%d-%m-%Y|%Y-%m-%d|0000-00-00",
                     "tgsel varchar(10) day:%d-%m-%Y|%Y-%m-%d", "jamhari varchar(10) one:40 JP|24 JP|16",
                     "nosttpdiktek varchar(50) number:STTP", "tgsttpdiktek date day"],
        "r_dikstru": ["id int serial", "nip varchar(18) nip", "iddikstru int int:1-3", "tmdikstru varchar(50) one:Kendal",
                      "penyelenggara varchar(80) place", "tgmul date day", "tgsel date day", "jamhari varchar(10) int:100-400",
                      "nosttpdikstru varchar(50) number:STTP", "tgsttpdikstru date day"],
        "r_diktek_temp": ["id int serial", "nip varchar(18) nip", "nmdiktek varchar(100) course",
                          "penyelenggara varchar(80) place", "jamhari varchar(10) int:8-40",
                          "nosttpdiktek varchar(50) number:STTP", "tgsttpdiktek date day", "tgsel date day"],
    },
    {
        "r_gol golongan": {"golonganId": "idgolru", "skNomor": "nosk", "skTanggal": "tgsk", "tmtGolongan": "tmtpkt",
                           "masaKerjaGolonganTahun": "thkerja", "masaKerjaGolonganBulan": "blkerja"},
        "r_jab jabatan": {"jenisJabatan": "idjenjab", "eselonId": "idesljbt", "nomorSk": "nosk", "tanggalSk": "tgsk",
                          "tmtJabatan": "tmtjab", "unorId": "idskpd", "jabatanFungsionalId": "idjab"},
        "r_pend pendidikan": {"tkPendidikanId": "idtkpendid", "pendidikanId": "idjenjurusan", "nomorIjasah": "noijaz",
                              "tglLulus": "tgijaz", "namaSekolah": "namasekolah"},
        "r_diktek kursus": {"namaKursus": "nmdiktek", "institusiPenyelenggara": "penyelenggara",
                            "tanggalKursus": "tgmul", "tanggalSelesaiKursus": "tgsel", "jumlahJam": "jamhari",
                            "nomorSertipikat": "nosttpdiktek", "tahunKursus": "tgsttpdiktek"},
        "r_dikstru diklat": {"latihanStrukturalId": "iddikstru", "institusiPenyelenggara": "penyelenggara",
                             "tanggal": "tgmul", "tanggalSelesai": "tgsel", "jumlahJam": "jamhari",
                             "nomor": "nosttpdikstru", "tahun": "tgsttpdikstru"},
    },
    lookups={
        "a_golruang": (["idgolru int", "golru varchar(10)", "pangkat varchar(50)"],
                       [1, "III/a", "Penata Muda"], [2, "III/b", "Penata Muda Tk. I"], [3, "IV/a", "Pembina"]),
        "a_tkpendid": (["idtkpendid int", "tkpendid varchar(50)"], [1, "SMA"], [2, "S1"], [3, "S2"]),
        "a_jenjurusan": (["idjenjurusan int", "jenjurusan varchar(50)"], [1, "Hukum"], [2, "Ekonomi"], [3, "IPA"]),
        "a_esl": (["idesl int", "esl varchar(10)"], [1, "III.a"], [2, "IV.a"]),
        "a_dikstru": (["iddikstru int", "dikstru varchar(50)"], [1, "PIM II"], [2, "PIM III"], [3, "PIM IV"]),
        "a_skpd": (["idskpd varchar(5)", "skpd varchar(80)"], ["A01", "Dinas A"], ["A02", "Dinas B"]),
    },
    quiet=["tb_01", "r_diktek_temp", "a_golruang"],
)  # fmt: skip

M = Invented(
    "M",
    {
        "pegawai": ["id int serial", "id_peg varchar(10) own_text", "nipbaru_ws varchar(25) own_nip", "nama varchar(80) name",
                    "tgllahir date day", "id_pns_siasn varchar(36) hex", "flag_active int one:1"],
        "pegpangkat": ["id int serial", "id_pegawai varchar(10) person_text", "pangkat int int:1-3",
                       "masakerjapangkat varchar(20) one:10 Tahun|4 Tahun", "nosk varchar(50) number", "tglsk date day:%Y-%m-%d|1970-01-01",
                       "tmtpangkat date day", "status int int:1-3", "flag_active int one:0|1", "gambarsk varchar(50) pdf"],
        "pegjabatan": ["id int serial", "id_pegawai varchar(10) person_text", "id_jabatan int int:1-3",
                       "nm_jabatan varchar(80) post", "jenisjabatan varchar(5) one:00|10|20", "eselon int int:1-2",
                       "nosk varchar(50) number", "tglsk date day", "tmtjabatan date day", "id_unitkerja int int:1-2",
                       "id_unor_siasn varchar(36) hex", "id_siasn varchar(36) hex", "status int int:1-3",
                       "flag_active int one:0|1", "gambarsk varchar(50) pdf"],
        "pegpendidikan": ["id int serial", "id_pegawai varchar(10) person_text", "tktpendidikan int int:1-3",
                          "jurusan varchar(50) one:Hukum|Ekonomi", "namasekolah varchar(80) school", "tahunlulus int year",
                          "noijasah varchar(50) number:IJ", "tglijasah date day", "status int int:1-3"],
        "pegdiklat": ["id int serial", "id_pegawai varchar(10) person_text", "jenisdiklat varchar(2) one:00|10|20",
                      "nm_diklat varchar(100) course", "tptdiklat varchar(50) one:Manado|Tomohon",
                      "penyelenggara varchar(80) place", "jam varchar(10) int:8-100", "tglmulai date day:%Y-%m-%d|1970-01-01",
                      "tglselesai date day", "nosttpp varchar(50) number:STTPP", "tglsttpp date day",
                      "id_siasn varchar(36) hex", "status int int:1-3", "flag_active int one:0|1",
                      "gambarsk varchar(50) pdf"],
        "pegskp": ["id int serial", "id_pegawai varchar(10) person_text", "tahun int year", "predikat varchar(20) one:Baik|Sangat Baik",
                   "nilai varchar(10) credit", "status int int:1-3", "gambarsk varchar(50) pdf"],
    },
    {
        "pegpangkat golongan": {"golonganId": "pangkat", "skNomor": "nosk", "skTanggal": "tglsk", "tmtGolongan": "tmtpangkat",
                                "masaKerjaGolonganTahun": "masakerjapangkat"},
        "pegjabatan jabatan": {"jenisJabatan": "jenisjabatan", "eselonId": "eselon", "nomorSk": "nosk", "tanggalSk": "tglsk",
                               "tmtJabatan": "tmtjabatan", "unorId": "id_unitkerja|id_unor_siasn",
                               "jabatanFungsionalId": "id_jabatan|nm_jabatan"},
        "pegpendidikan pendidikan": {"tkPendidikanId": "tktpendidikan", "pendidikanNama": "jurusan",
                                     "namaSekolah": "namasekolah", "tahunLulus": "tahunlulus", "nomorIjasah": "noijasah",
                                     "tglLulus": "tglijasah"},
        "pegdiklat kursus": {"jenisDiklatId": "jenisdiklat", "namaKursus": "nm_diklat",
                             "institusiPenyelenggara": "penyelenggara", "jumlahJam": "jam", "tanggalKursus": "tglmulai",
                             "tanggalSelesaiKursus": "tglselesai", "nomorSertipikat": "nosttpp",
                             "tahunKursus": "tglsttpp"},
        "pegdiklat diklat": {"nomor": "nosttpp", "jumlahJam": "jam", "tanggalSelesai": "tglselesai"},
        "pegskp skp22": {"tahun": "tahun", "kuadranKinerjaNilai": "predikat"},
    },
    lookups={
        "m_jenisdiklat": (["id_jenisdiklat varchar(2)", "nm_jenisdiklat varchar(50)"],
                          ["00", "Diklat Struktural"], ["10", "Diklat Fungsional"], ["20", "Diklat Teknis"]),
        "m_jabatan": (["id_jabatan int", "nm_jabatan varchar(80)", "id_jabatan_siasn varchar(36)"],
                      [1, "Kepala Bidang Mutasi", f"{1:032x}"], [2, "Analis Kepegawaian", f"{2:032x}"],
                      [3, "Pengelola Data", f"{3:032x}"]),
        "m_pangkat": (["id_pangkat int", "nm_pangkat varchar(50)"], [1, "III/a"], [2, "III/b"], [3, "IV/a"]),
        "m_eselon": (["id_eselon int", "nm_eselon varchar(20)", "id_eselon_siasn varchar(5)"], [1, "III.a", "31"], [2, "IV.a", "41"]),
    },
    quiet=["pegawai"],
)  # fmt: skip

C = Invented(
    "C",
    {
        "pegawai": ["id varchar(36) own_hex", "nip_baru varchar(25) own_nip", "nama varchar(80) name", "pns_id varchar(36) hex",
                    "tempat_lahir varchar(50) one:Bogor", "deleted_at timestamp null"],
        "riwayat_golongan": ["id int serial", "pegawai_id varchar(36) person_hex", "golongan_id varchar(5) one:31|32|41",
                             "kode_jenis_kp varchar(5) one:101|201", "sk_nomor varchar(50) number", "sk_tanggal date day",
                             "no_bkn varchar(50) number:BKN", "tanggal_bkn date day", "tmt_golongan date day",
                             "mk_golongan_tahun int int:0-30", "mk_golongan_bulan int int:0-11", "bkn_id varchar(36) hex",
                             "status_biro int one:0|1", "deleted_at timestamp null"],
        "riwayat_jabatan": ["id int serial", "pegawai_id varchar(36) person_hex", "unor_id varchar(36) hex",
                            "jenis_jabatan_id int int:1-3", "jabatan_id varchar(36) hex", "nama_jabatan varchar(80) post",
                            "eselon_id varchar(5) one:31|41", "tmt_jabatan date day", "no_sk varchar(50) number",
                            "tanggal_sk date day", "tmt_pelantikan date day", "bkn_id varchar(36) null",
                            "deleted_at timestamp null"],
        "riwayat_pendidikan": ["id int serial", "pegawai_id varchar(36) person_hex", "tingkat_pendidikan_id varchar(5) one:30|40",
                               "pendidikan_id varchar(36) hex", "tanggal_lulus date day", "no_ijazah varchar(50) number:IJ",
                               "nama_sekolah varchar(80) school", "tahun_lulus varchar(4) year", "deleted_at timestamp null"],
        "riwayat_diklat": ["id int serial", "pegawai_id varchar(36) person_hex", "jenis_diklat_id varchar(5) one:1|2|3",
                           "nama_diklat varchar(100) course", "institusi_penyelenggara varchar(80) place",
                           "no_sertifikat varchar(50) number:SERT", "tanggal_mulai date day", "tanggal_selesai date day",
                           "tahun_diklat int year", "durasi_jam int int:8-120", "diklat_struktural_id varchar(5) one:1|2|",
                           "file_base64 text null", "siasn_id varchar(36) hex", "sudah_kirim_siasn varchar(5) one:ya|belum",
                           "deleted_at timestamp null"],
        "riwayat_kinerja": ["id int serial", "pegawai_id varchar(36) person_hex", "tahun int year",
                            "rating_hasil_kerja varchar(30) one:Sesuai Ekspektasi|Diatas Ekspektasi",
                            "rating_perilaku_kerja varchar(30) one:Sesuai Ekspektasi|Diatas Ekspektasi",
                            "predikat_kinerja varchar(20) one:Baik|Sangat Baik", "deleted_at timestamp null"],
        "riwayat_hukdis": ["id int serial", "pegawai_id varchar(36) person_hex", "jenis_hukuman_id varchar(5) one:1|2|3",
                           "sk_nomor varchar(50) number", "sk_tanggal date day", "tanggal_mulai_hukuman date day",
                           "tanggal_akhir_hukuman date day", "masa_tahun int int:0-1", "masa_bulan int int:0-11",
                           "alasan_hukuman varchar(50) one:Tidak masuk kerja|Lainnya", "deleted_at timestamp null"],
    },
    {
        "riwayat_golongan golongan": {"golonganId": "golongan_id", "jenisKPId": "kode_jenis_kp", "skNomor": "sk_nomor",
                                      "skTanggal": "sk_tanggal", "noPertekBkn": "no_bkn", "tglPertekBkn": "tanggal_bkn",
                                      "tmtGolongan": "tmt_golongan", "masaKerjaGolonganTahun": "mk_golongan_tahun",
                                      "masaKerjaGolonganBulan": "mk_golongan_bulan"},
        "riwayat_jabatan jabatan": {"unorId": "unor_id", "jenisJabatan": "jenis_jabatan_id", "eselonId": "eselon_id",
                                    "tmtJabatan": "tmt_jabatan", "nomorSk": "no_sk", "tanggalSk": "tanggal_sk",
                                    "tmtPelantikan": "tmt_pelantikan", "jabatanFungsionalId": "jabatan_id|nama_jabatan"},
        "riwayat_pendidikan pendidikan": {"tkPendidikanId": "tingkat_pendidikan_id", "pendidikanId": "pendidikan_id",
                                          "tglLulus": "tanggal_lulus", "nomorIjasah": "no_ijazah",
                                          "namaSekolah": "nama_sekolah", "tahunLulus": "tahun_lulus"},
        "riwayat_diklat kursus": {"jenisDiklatId": "jenis_diklat_id", "namaKursus": "nama_diklat",
                                  "institusiPenyelenggara": "institusi_penyelenggara", "nomorSertipikat": "no_sertifikat",
                                  "tanggalKursus": "tanggal_mulai", "tanggalSelesaiKursus": "tanggal_selesai",
                                  "tahunKursus": "tahun_diklat", "jumlahJam": "durasi_jam"},
        "riwayat_diklat diklat": {"latihanStrukturalId": "diklat_struktural_id", "nomor": "no_sertifikat",
                                  "tanggalSelesai": "tanggal_selesai", "jumlahJam": "durasi_jam"},
        "riwayat_kinerja skp22": {"tahun": "tahun", "hasilKinerjaNilai": "rating_hasil_kerja",
                                  "perilakuKerjaNilai": "rating_perilaku_kerja", "kuadranKinerjaNilai": "predikat_kinerja"},
        "riwayat_hukdis hukdis": {"jenisHukumanId": "jenis_hukuman_id", "skNomor": "sk_nomor", "skTanggal": "sk_tanggal",
                                  "hukumanTanggal": "tanggal_mulai_hukuman", "akhirHukumanTanggal": "tanggal_akhir_hukuman",
                                  "masaTahun": "masa_tahun", "masaBulan": "masa_bulan",
                                  "alasanHukumanDisiplinId": "alasan_hukuman"},
    },
    lookups={"ref_jenis_diklat": (["id varchar(5)", "nama varchar(50)"], ["1", "Diklat Struktural"], ["2", "Diklat Fungsional"], ["3", "Diklat Teknis"])},
    quiet=["pegawai"],
)  # fmt: skip

B = Invented(
    "B",
    {
        "pegawai": ["nip varchar(18) own_nip", "nama varchar(80) name", "pns_id varchar(36) hex", "tgl_lahir date day"],
        "riwayat_pekerjaan": ["id int serial", "nip varchar(18) nip", "fid_golru int int:1-3", "tmt date day", "mkgol_thn int int:0-30",
                              "mkgol_bln int int:0-11", "no_sk varchar(50) number", "tgl_sk date day",
                              "angka_kredit varchar(10) credit", "berkas varchar(50) pdf", "id_bkn varchar(36) hex"],
        "riwayat_jabatan": ["id int serial", "nip varchar(18) nip", "unit_kerja varchar(80) one:Dinas A|Dinas B", "jabatan varchar(80) post",
                            "jns_jab varchar(20) one:Struktural|JFU", "eselon varchar(10) one:III.a|IV.a",
                            "tmt_jabatan date day", "tgl_pelantikan date day", "no_sk varchar(50) number", "tgl_sk date day",
                            "berkas varchar(50) pdf", "id_siasn varchar(36) hex"],
        "riwayat_pendidikan": ["id int serial", "nip varchar(18) nip", "fid_tingkat int int:1-3", "fid_jurusan int int:1-3",
                               "thn_lulus int year", "nama_sekolah varchar(80) school", "no_sttb varchar(50) number:IJ",
                               "tgl_sttb date day", "gelar_dpn varchar(10) one:Dr.|", "gelar_blk varchar(10) one:S.H.|M.M."],
        "riwayat_diklat_teknis": ["nip varchar(18) nip", "no int serial", "tahun int year", "nama_diklat_teknis varchar(100) course",
                                  "instansi_penyelenggara varchar(80) place", "tempat varchar(50) one:Balangan|Banjarmasin",
                                  "lama_bulan int int:0-1", "lama_hari int int:0-10", "lama_jam int int:8-80",
                                  "no_sk varchar(50) number", "tgl_sk date day", "berkas varchar(50) pdf"],
        "riwayat_workshop": ["id int serial", "nip varchar(18) nip", "fid_jenis_workshop int int:1-3", "nama_workshop varchar(100) course",
                             "tahun int year", "instansi_penyelenggara varchar(80) place", "lama_jam int int:4-30",
                             "no_sk varchar(50) number", "tgl_sk date day"],
        "riwayat_penghargaan": ["id int serial", "nip varchar(18) nip", "fid_penghargaan int int:1-3", "no_sk varchar(50) number",
                                "tgl_sk date day", "tahun int year", "berkas varchar(50) pdf"],
    },
    {
        "riwayat_pekerjaan golongan": {"golonganId": "fid_golru", "tmtGolongan": "tmt", "masaKerjaGolonganTahun": "mkgol_thn",
                                       "masaKerjaGolonganBulan": "mkgol_bln", "skNomor": "no_sk", "skTanggal": "tgl_sk",
                                       "jumlahKreditUtama": "angka_kredit"},
        "riwayat_jabatan jabatan": {"unorId": "unit_kerja", "jenisJabatan": "jns_jab", "eselonId": "eselon",
                                    "tmtJabatan": "tmt_jabatan", "tmtPelantikan": "tgl_pelantikan", "nomorSk": "no_sk",
                                    "tanggalSk": "tgl_sk", "jabatanFungsionalId": "jabatan"},
        "riwayat_pendidikan pendidikan": {"tkPendidikanId": "fid_tingkat", "pendidikanId": "fid_jurusan",
                                          "tahunLulus": "thn_lulus", "namaSekolah": "nama_sekolah", "nomorIjasah": "no_sttb",
                                          "tglLulus": "tgl_sttb", "gelarDepan": "gelar_dpn", "gelarBelakang": "gelar_blk"},
        "riwayat_diklat_teknis kursus": {"namaKursus": "nama_diklat_teknis", "tahunKursus": "tahun",
                                         "institusiPenyelenggara": "instansi_penyelenggara", "jumlahJam": "lama_jam",
                                         "nomorSertipikat": "no_sk", "tanggalSelesaiKursus": "tgl_sk"},
        "riwayat_workshop kursus": {"namaKursus": "nama_workshop", "tahunKursus": "tahun", "jumlahJam": "lama_jam",
                                    "institusiPenyelenggara": "instansi_penyelenggara", "nomorSertipikat": "no_sk"},
        "riwayat_penghargaan penghargaan": {"hargaId": "fid_penghargaan", "skNomor": "no_sk", "skDate": "tgl_sk", "tahun": "tahun"},
    },
    keys={"riwayat_diklat_teknis": "nip, no"},
    lookups={
        "ref_golru": (["id int", "golru varchar(10)", "id_bkn varchar(5)"], [1, "III/a", "31"], [2, "III/b", "32"], [3, "IV/a", "41"]),
        "ref_tingkat": (["id int", "tingkat varchar(20)", "id_bkn varchar(5)"], [1, "SMA", "15"], [2, "S1", "40"], [3, "S2", "45"]),
        "ref_penghargaan": (["id int", "nama_penghargaan varchar(50)", "id_bkn varchar(5)"], [1, "Satya 10", "201"], [2, "Satya 20", "202"], [3, "Satya 30", "203"]),
    },
    quiet=["pegawai"],
)  # fmt: skip

X = Invented(
    "X",  # English words, no declared keys, camel case, NIPs with blanks: like none of the others
    {
        "Person": ["PersonKey int serial", "EmployeeNo varchar(30) own_nip", "FullName varchar(80) name", "BirthDate varchar(20) day:%Y%m%d"],
        "TrainingHistory": ["HistoryKey int serial", "EmployeeNo varchar(30) dotted_nip", "CourseName varchar(100) course",
                            "Organizer varchar(80) place", "StartDate varchar(20) day:%Y%m%d", "EndDate varchar(20) day:%Y%m%d",
                            "Hours int int:8-90", "CertificateNumber varchar(50) number:C", "CertificateDate varchar(20) day:%Y%m%d",
                            "Approved varchar(3) one:ya|tdk", "AttachmentFile varchar(50) pdf"],
        "EducationHistory": ["HistoryKey int serial", "EmployeeNo varchar(30) dotted_nip", "EducationLevel varchar(10) one:S1|S2",
                             "Universitas varchar(80) school", "NumIjazah varchar(50) number:IJ", "YearLulus int year"],
        "Awards": ["AwardKey int serial", "EmployeeNo varchar(30) dotted_nip", "AwardType varchar(20) one:SL10|SL20",
                   "NumSK varchar(50) number", "DateSK varchar(20) day:%Y%m%d", "AwardYear int year"],
        "Attendance": ["Id int serial", "EmployeeNo varchar(30) dotted_nip", "Day varchar(20) day:%Y%m%d", "Minutes int int:0-480"],
    },
    {
        "TrainingHistory kursus": {"namaKursus": "CourseName", "institusiPenyelenggara": "Organizer", "tanggalKursus": "StartDate",
                                   "tanggalSelesaiKursus": "EndDate", "jumlahJam": "Hours",
                                   "nomorSertipikat": "CertificateNumber", "tahunKursus": "CertificateDate|EndDate"},
        "EducationHistory pendidikan": {"tkPendidikanId": "EducationLevel", "namaSekolah": "Universitas",
                                        "nomorIjasah": "NumIjazah", "tahunLulus": "YearLulus"},
        "Awards penghargaan": {"hargaId": "AwardType", "skNomor": "NumSK", "skDate": "DateSK", "tahun": "AwardYear"},
    },
    keys={"Person": "", "TrainingHistory": "", "EducationHistory": "", "Awards": "", "Attendance": ""},
    quiet=["Person", "Attendance"],
)  # fmt: skip

T = Invented(
    "T",
    {
        "master_pegawai": ["nip varchar(18) own_nip", "nama varchar(80) name", "tlahir date day"],
        "master_riwayat_pangkat": [
            "nip varchar(18) nip",
            "kgolru float int:1-3",
            "tmtpang date day",
            "knpang float int:1-2",
            "nskpang varchar(50) number",
            "tskpang date day",
            "nntbakn varchar(50) number:N",
            "tntbakn date day",
            "akredit varchar(10) credit",
            "mskerja int int:0-30",
            "blnkerja int int:0-11",
            "akhir int one:0|1",
            "created_at timestamp day",
        ],
        "master_riwayat_jabatan": [
            "id int serial",
            "nip varchar(18) nip",
            "tmtjab date day",
            "kjab float int:1-3",
            "kjab_bkn varchar(36) hex",
            "jnsjab int int:1-3",
            "keselon float int:1-2",
            "njab varchar(80) post",
            "nskjabat varchar(50) number",
            "tskjabat date day",
            "nlantik varchar(50) number",
            "tlantik date day",
            "id_opd int int:1-2",
            "id_unor_bkn varchar(36) hex",
            "akhir int one:0|1",
            "idSync varchar(36) hex",
            "filename varchar(50) pdf",
        ],
        "master_riwayat_pendum": [
            "nip varchar(18) nip",
            "ktpu float int:1-3",
            "kjur float int:1-3",
            "nsek varchar(80) school",
            "nsttb varchar(50) number:IJ",
            "tsttb date day",
        ],
        "master_riwayat_diklat": [
            "nip varchar(18) nip",
            "jdiklat int int:1-3",
            "kdiklat float int:1-3",
            "ndiklat varchar(100) course",
            "tempat varchar(50) one:Bintan",
            "pan varchar(80) place",
            "angkatan varchar(5) one:I",
            "tmulai date day",
            "takhir date day",
            "tahun int year",
            "jam int int:8-90",
            "nsttpp varchar(50) number:STTPP",
            "tsttpp date day",
            "filename varchar(50) pdf",
            "idSync varchar(36) hex",
        ],
    },
    {
        "master_riwayat_pangkat golongan": {
            "golonganId": "kgolru",
            "tmtGolongan": "tmtpang",
            "jenisKPId": "knpang",
            "skNomor": "nskpang",
            "skTanggal": "tskpang",
            "jumlahKreditUtama": "akredit",
            "masaKerjaGolonganTahun": "mskerja",
            "masaKerjaGolonganBulan": "blnkerja",
            "noPertekBkn": "nntbakn",
            "tglPertekBkn": "tntbakn",
        },
        "master_riwayat_jabatan jabatan": {
            "tmtJabatan": "tmtjab",
            "jabatanFungsionalId": "kjab|kjab_bkn|njab",
            "jenisJabatan": "jnsjab",
            "eselonId": "keselon",
            "nomorSk": "nskjabat",
            "tanggalSk": "tskjabat",
            "tmtPelantikan": "tlantik",
            "unorId": "id_opd|id_unor_bkn",
        },
        "master_riwayat_pendum pendidikan": {
            "tkPendidikanId": "ktpu",
            "pendidikanId": "kjur",
            "namaSekolah": "nsek",
            "nomorIjasah": "nsttb",
            "tglLulus": "tsttb",
        },
        "master_riwayat_diklat kursus": {
            "namaKursus": "ndiklat",
            "institusiPenyelenggara": "pan",
            "tanggalKursus": "tmulai",
            "tanggalSelesaiKursus": "takhir",
            "tahunKursus": "tahun",
            "jumlahJam": "jam",
            "nomorSertipikat": "nsttpp",
            "jenisDiklatId": "jdiklat",
        },
    },
    keys={"master_riwayat_pangkat": "", "master_riwayat_pendum": "", "master_riwayat_diklat": ""},
    quiet=["master_pegawai"],
)

N = Invented(
    "N",
    {
        "TM_PEGAWAI": ["ID int serial", "NIP varchar(18) own_nip", "NAMA varchar(80) name", "TGL_LAHIR date day"],
        "TH_PEGAWAI_PANGKAT": [
            "ID int serial",
            "TMPEGAWAI_ID int person",
            "TRGOLONGAN_ID int int:1-3",
            "TRJENISKENAIKANPANGKAT_ID int int:1-2",
            "NO_SK varchar(50) number",
            "TGL_SK date day",
            "TMT_GOL date day",
            "THN_GOL int int:0-30",
            "BLN_GOL int int:0-11",
            "DOC_SK varchar(50) pdf",
            "CREATED_DATE date day",
        ],
        "TH_PEGAWAI_JABATAN": [
            "ID int serial",
            "TMPEGAWAI_ID int person",
            "TRJABATAN_ID int int:1-3",
            "TRESELON_ID int int:1-2",
            "TRLOKASI_ID int int:1-2",
            "KDU1 varchar(2) one:01|02",
            "KDU2 varchar(2) one:01|02",
            "NO_SK varchar(50) number",
            "TGL_SK date day",
            "TMT_JABATAN date day",
            "TGL_LANTIK date day",
            "DOC_SK varchar(50) pdf",
        ],
        "TH_PEGAWAI_PENDIDIKAN": [
            "ID int serial",
            "TMPEGAWAI_ID int person",
            "TRTINGKATPENDIDIKAN_ID int int:1-3",
            "TRJURUSAN_ID int int:1-3",
            "NAMA_SEKOLAH varchar(80) school",
            "NO_IJAZAH varchar(50) number:IJ",
            "TGL_IJAZAH date day",
            "THN_LULUS int year",
        ],
        "TH_PEGAWAI_DIKLAT_PENJENJANGAN": [
            "ID int serial",
            "TMPEGAWAI_ID int person",
            "TRDIKLATPENJENJANGAN_ID int int:1-3",
            "JPL int int:100-300",
            "PENYELENGGARA varchar(80) place",
            "NO_STTPP varchar(50) number:STTPP",
            "TGL_STTPP date day",
        ],
        "TH_PEGAWAI_DIKLAT_TEKNIS": [
            "ID int serial",
            "TMPEGAWAI_ID int person",
            "NAMA_DIKLAT varchar(100) course",
            "JPL int int:8-90",
            "PENYELENGGARA varchar(80) place",
            "NO_STTPP varchar(50) number:STTPP",
            "TGL_STTPP date day",
        ],
        "TH_PEGAWAI_SEMINAR": [
            "ID int serial",
            "TMPEGAWAI_ID int person",
            "NAMA_SEMINAR varchar(100) course",
            "JPL int int:4-16",
            "PENYELENGGARA varchar(80) place",
            "NO_PIAGAM varchar(50) number:P",
            "TGL_PIAGAM date day",
        ],
    },
    {
        "TH_PEGAWAI_PANGKAT golongan": {
            "golonganId": "TRGOLONGAN_ID",
            "jenisKPId": "TRJENISKENAIKANPANGKAT_ID",
            "skNomor": "NO_SK",
            "skTanggal": "TGL_SK",
            "tmtGolongan": "TMT_GOL",
            "masaKerjaGolonganTahun": "THN_GOL",
            "masaKerjaGolonganBulan": "BLN_GOL",
        },
        "TH_PEGAWAI_JABATAN jabatan": {
            "jabatanFungsionalId": "TRJABATAN_ID",
            "eselonId": "TRESELON_ID",
            "nomorSk": "NO_SK",
            "tanggalSk": "TGL_SK",
            "tmtJabatan": "TMT_JABATAN",
            "tmtPelantikan": "TGL_LANTIK",
        },
        "TH_PEGAWAI_PENDIDIKAN pendidikan": {
            "tkPendidikanId": "TRTINGKATPENDIDIKAN_ID",
            "pendidikanId": "TRJURUSAN_ID",
            "namaSekolah": "NAMA_SEKOLAH",
            "nomorIjasah": "NO_IJAZAH",
            "tglLulus": "TGL_IJAZAH",
            "tahunLulus": "THN_LULUS",
        },
        "TH_PEGAWAI_DIKLAT_PENJENJANGAN diklat": {
            "latihanStrukturalId": "TRDIKLATPENJENJANGAN_ID",
            "jumlahJam": "JPL",
            "institusiPenyelenggara": "PENYELENGGARA",
            "nomor": "NO_STTPP",
            "tanggalSelesai": "TGL_STTPP",
            "tahun": "TGL_STTPP",
        },
        "TH_PEGAWAI_DIKLAT_TEKNIS kursus": {
            "namaKursus": "NAMA_DIKLAT",
            "jumlahJam": "JPL",
            "institusiPenyelenggara": "PENYELENGGARA",
            "nomorSertipikat": "NO_STTPP",
            "tanggalSelesaiKursus": "TGL_STTPP",
            "tahunKursus": "TGL_STTPP",
        },
        "TH_PEGAWAI_SEMINAR kursus": {
            "namaKursus": "NAMA_SEMINAR",
            "jumlahJam": "JPL",
            "institusiPenyelenggara": "PENYELENGGARA",
            "nomorSertipikat": "NO_PIAGAM",
            "tanggalSelesaiKursus": "TGL_PIAGAM",
            "tahunKursus": "TGL_PIAGAM",
        },
    },
    quiet=["TM_PEGAWAI"],
)

ALL = (S, K, M, C, B, X, T, N)
HELD_OUT = ("T", "N")
"""Added after the lexicon and not used to improve it. Not blind: whoever wrote the lexicon had read about these shapes, so
a stranger's SIMPEG may come out worse."""


def statements(invented: Invented, quote: str = '"') -> tuple[list[str], list[tuple[str, list[list[Any]]]]]:
    """DDL, and (INSERT with %s for each value, rows)."""
    maker = Maker(11, invented.persons)
    ddl: list[str] = []
    inserts: list[tuple[str, list[list[Any]]]] = []

    def add(table: str, columns: Sequence[str], key: str, rows: list[list[Any]]) -> None:
        named = ", ".join(f"{quote}{column.split()[0]}{quote} {column.split()[1]}" for column in columns)
        primary = f", PRIMARY KEY ({', '.join(f'{quote}{one}{quote}' for one in key.split(', '))})" if key else ""
        ddl.append(f"CREATE TABLE {quote}{table}{quote} ({named}{primary})")
        inserts.append((f"INSERT INTO {quote}{table}{quote} VALUES ({', '.join(['%s'] * len(columns))})", rows))

    for table, columns in invented.tables.items():
        is_master = any(" own_" in column for column in columns)
        count = invented.persons if is_master else invented.rows
        makers = [column.split(" ", 2)[2] for column in columns]
        rows = [[maker.value(one, row) for one in makers] for row in range(count)]
        add(table, columns, invented.keys.get(table, columns[0].split()[0]), rows)
    for table, (columns, *codes) in invented.lookups.items():
        add(table, columns, columns[0].split()[0], [list(row) for row in codes])
    return ddl, inserts
