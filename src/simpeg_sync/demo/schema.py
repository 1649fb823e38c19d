"""The invented SIMPEG's tables, in the layout of one city's SIMPEG (system M of the schema notes).

Plain types only, so that the same tables stand on SQLite, PostgreSQL and MariaDB. No foreign keys: the
application alone keeps the tables together, which is why unknown codes can happen.
"""

from sqlalchemy import Column, Date, DateTime, Integer, MetaData, SmallInteger, String, Table, Text

WAITING, VERIFIED, REJECTED = 1, 2, 3
ACTIVE = "01"
RETIRED = "99"
STRUCTURAL = "00"

METADATA = MetaData()

PEGAWAI = Table(
    "pegawai",
    METADATA,
    Column("id_peg", String(20), primary_key=True),
    Column("nama", String(100), nullable=False),
    Column("nipbaru_ws", String(18), nullable=False, index=True),
    Column("tgllahir", Date, nullable=False),
    Column("jeniskelamin", String(1), nullable=False),
    Column("id_pns_siasn", String(42)),
    Column("kedudukan", String(2), nullable=False),
    Column("flag_active", SmallInteger, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
)

PEGDIKLAT = Table(
    "pegdiklat",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("id_pegawai", String(20), nullable=False, index=True),  # pegawai.id_peg
    Column("jenisdiklat", String(2), nullable=False),  # ref_jenisdiklat.kode
    Column("nm_diklat", String(255), nullable=False),
    Column("tptdiklat", String(100)),
    Column("penyelenggara", String(255)),
    Column("jam", String(20)),
    Column("tglmulai", Date),
    Column("tglselesai", Date),
    Column("nosttpp", String(100)),
    Column("tglsttpp", Date),
    Column("id_diklat_struktural", String(2)),
    Column("status", SmallInteger, nullable=False),
    Column("flag_active", SmallInteger, nullable=False),
    Column("gambarsk", String(150)),
    Column("id_siasn", String(42)),
    Column("flag_sync_siasn", SmallInteger, nullable=False),
    Column("log_sync_siasn", Text),
    Column("temp_count", Integer, nullable=False),
    Column("created_by", String(50)),
    Column("updated_by", String(50)),
    Column("tanggal_verif", DateTime),
    # Else SQLite gives the id of a deleted last row out again, as the servers never do.
    sqlite_autoincrement=True,
)

REF_JENISDIKLAT = Table(
    "ref_jenisdiklat",
    METADATA,
    Column("kode", String(2), primary_key=True),
    Column("nama", String(60), nullable=False),
    Column("jenis_kursus_sertipikat_siasn", String(1)),
    Column("id_diklat_siasn", String(3)),
)

# Code, name, BKN's letter, BKN's kind. One code lacks BKN's values until the day fills them in.
UNMAPPED_KIND = "09"
RARE_KIND = "08"
KINDS: tuple[tuple[str, str, str | None, str | None], ...] = (
    (STRUCTURAL, "Diklat Struktural", "T", "1"),
    ("01", "Diklat Fungsional", "F", "2"),
    ("02", "Diklat Teknis", "T", "3"),
    ("03", "Workshop", "P", "4"),
    ("04", "Seminar", "P", "9"),
    ("05", "Bimbingan Teknis", "T", "8"),
    ("06", "Sosialisasi", "P", "7"),
    ("07", "E-Learning", "T", "16"),
    (RARE_KIND, "Coaching", "T", "14"),
    (UNMAPPED_KIND, "Komunitas Belajar", None, None),
)
