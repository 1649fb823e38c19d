"""The job that every engine of the bench gets: N changed rows in PostgreSQL, one POST each to the same server.

One flat table, a row a person: the hardest case for an engine that keeps an order for each person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

TABLE = "riwayat_kursus"
COLUMNS = "id, nip, nama, penyelenggara, nomor, jenis, jam, mulai, selesai"
SCHEMA = f"""
CREATE TABLE {TABLE} (
    id integer PRIMARY KEY, nip varchar(18) NOT NULL, nama varchar(200), penyelenggara varchar(200), nomor varchar(60),
    jenis varchar(5), jam integer, mulai date, selesai date)
"""
MARIADB_SCHEMA = SCHEMA.replace("integer", "int")
NIP = "to_char(date '1960-01-01' + n %% 12000, 'YYYYMMDD') || '2010011' || lpad((n / 12000 %% 1000)::text, 3, '0')"
FILL = f"""
INSERT INTO {TABLE} ({COLUMNS})
SELECT n, {NIP}, 'Pelatihan Dasar Pengelolaan Keuangan Daerah Angkatan ' || n, 'BPSDM Provinsi Contoh Bagian ' || n %% 50,
    'K-' || lpad(n::text, 7, '0'), (2 + n %% 20)::text, 10 + n %% 90, date '2020-01-01' + n %% 1500, date '2020-01-05' + n %% 1500
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""
PERSONS = f"SELECT {NIP} FROM generate_series(%(first)s::int, %(last)s::int) AS n"
CHUNK = 100_000

FEED = """\
feed: kursus
target: kursus
table: riwayat_kursus
key: [id]
person: nip
fields:
  instansiId: {const: D3A0000000000000000000000000D3A0}
  institusiPenyelenggara: penyelenggara
  jenisDiklatId: jenis
  jumlahJam: {integer: jam}
  namaKursus: nama
  nomorSertipikat: nomor
  tahunKursus: {year: selesai}
  tanggalKursus: {date: mulai}
  tanggalSelesaiKursus: {date: selesai}
natural_key: [nomorSertipikat]
"""


@dataclass(frozen=True, slots=True)
class Simpeg:
    """The database in which the changes happen. ``url``: as libpq and our settings take it."""

    url: str

    def create(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(SCHEMA)

    def fill(self, count: int, *, after: int = 0) -> None:
        """Rows number ``after`` + 1 and on."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for first in range(after + 1, after + count + 1, CHUNK):
                connection.execute(FILL, {"first": first, "last": min(first + CHUNK - 1, after + count)})
            connection.execute("ANALYZE")

    def nips(self, count: int) -> Sequence[str]:
        with psycopg.connect(self.url) as connection:
            return [nip for (nip,) in connection.execute(PERSONS, {"first": 1, "last": count})]


def record(number: int) -> str:
    """What names a row at the server: the certificate's number."""
    return f"K-{number:07d}"


def pns_id(nip: str) -> str:
    """BKN's id of the person, as the server gives it."""
    return f"P{nip}"
