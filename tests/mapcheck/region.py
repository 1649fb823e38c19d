"""One region with a SIMPEG whose mapping is right in every way, for tests to spoil."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from simpeg_sync import wiring
from simpeg_sync.config.load import Config
from simpeg_sync.source.connect import DRIVERS

SITI, BUDI = "198501012010012001", "197912312005011002"

SCHEMA = (
    "CREATE TABLE pegawai (nip VARCHAR(18) PRIMARY KEY, kedudukan VARCHAR(2))",
    "CREATE TABLE jenis (kode VARCHAR(10) PRIMARY KEY, bkn VARCHAR(4))",
    """CREATE TABLE pelatihan (
        id INTEGER PRIMARY KEY, nip VARCHAR(18), jenis VARCHAR(10), sifat VARCHAR(20), nama VARCHAR(100),
        penyelenggara VARCHAR(200), nomor VARCHAR(50), mulai VARCHAR(20), selesai VARCHAR(20), jam VARCHAR(20),
        status VARCHAR(2), aktif VARCHAR(1), berkas VARCHAR(50))""",
    "CREATE INDEX pelatihan_nip ON pelatihan (nip)",
    "CREATE INDEX pelatihan_jenis ON pelatihan (jenis)",
    f"INSERT INTO pegawai VALUES ('{SITI}', '01'), ('{BUDI}', '01')",
    "INSERT INTO jenis VALUES ('T', '3'), ('S', '9')",
)

FEED: dict[str, Any] = {
    "feed": "kursus",
    "target": "kursus",
    "table": "pelatihan",
    "key": ["id"],
    "joins": [
        {"table": "pegawai", "as": "p", "on": {"nip": "nip"}},
        {"table": "jenis", "as": "j", "on": {"kode": "jenis"}},
    ],
    "person": "nip",
    "scope": {"jenis": {"not": "X"}},
    "verified": {"status": 2},
    "deleted": {"aktif": 0},
    "active_person": {"p.kedudukan": "01"},
    "fields": {
        "institusiPenyelenggara": "penyelenggara",
        "instansiId": {"const": "D3A0000000000000000000000000D3A0"},
        "jenisDiklatId": "j.bkn",
        "jenisKursusSertipikat": {"code": "sifat", "map": {"teknis": "T", "lain": "P"}},
        "jumlahJam": {"integer": "jam"},
        "namaKursus": {"text": "nama", "cut": 40},
        "nomorSertipikat": {"text": "nomor", "max_length": 30},
        "tahunKursus": {"year": "selesai"},
        "tanggalKursus": {"date": "mulai"},
        "tanggalSelesaiKursus": {"date": "selesai"},
    },
    "required": ["namaKursus"],
    "natural_key": ["nomorSertipikat"],
    "document": {"file": "berkas", "directory": "sertifikat"},
}
ROW: dict[str, Any] = {
    "nip": SITI,
    "jenis": "T",
    "sifat": "teknis",
    "nama": "Manajemen Arsip",
    "penyelenggara": "BPSDM",
    "mulai": "2024-03-04",
    "selesai": "08-03-2024",
    "jam": "40 JP",
    "status": "2",
    "aktif": "1",
    "berkas": "a.pdf",
}


@dataclass(slots=True)
class Region:
    folder: Path
    url: str
    engine: sa.Engine = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        url = sa.make_url(self.url)
        self.engine = sa.create_engine(url.set(drivername=DRIVERS.get(url.drivername, url.drivername)))
        (self.folder / "sertifikat").mkdir(parents=True)
        (self.folder / "sertifikat/a.pdf").write_bytes(b"%PDF-1.4 contoh")
        for name in ("consumer_key", "consumer_secret", "sso_token"):
            (self.folder / name).write_text(f"fake-{name}", encoding="utf-8")
        self.run(*SCHEMA)
        self.feed()

    @property
    def path(self) -> Path:
        return self.folder / "simpeg-sync.yaml"

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def enter(self, **columns: Any) -> int:
        """One certificate, right but for what is said; gives its id."""
        self.count += 1
        row = {"id": self.count, "nomor": f"SERT/{self.count}", **ROW, **columns}
        names = ", ".join(row)
        with self.engine.begin() as connection:
            connection.execute(
                sa.text(f"INSERT INTO pelatihan ({names}) VALUES ({', '.join(f':{name}' for name in row)})"), row
            )
        return self.count

    def feed(self, name: str = "kursus", *, folder: Path | None = None, **changes: Any) -> None:
        """Writes a feed, and settings beside it. None takes a word away; `fields` adds to the fields."""
        folder = folder or self.folder
        data = {**FEED, "feed": name, **changes, "fields": {**FEED["fields"], **changes.get("fields", {})}}
        (folder / "feeds").mkdir(parents=True, exist_ok=True)
        kept = {word: value for word, value in data.items() if value is not None}
        kept["fields"] = {word: value for word, value in kept["fields"].items() if value is not None}
        (folder / f"feeds/{name}.yaml").write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")
        self.settings(folder)

    def settings(self, folder: Path, *, bkn: str = "https://bkn.contoh.example", **more: Any) -> None:
        settings = {
            "region": "contoh",
            "source": {"url": self.url},
            "bkn": {
                "base_url": f"{bkn}/apisiasn/1.0",
                "apim_token_url": f"{bkn}/oauth2/token",
                "consumer_key_file": "consumer_key",
                "consumer_secret_file": "consumer_secret",
                "sso_token_file": "sso_token",
                **more,
            },
            "ledger": {"url": "sqlite:///ledger.db"},
        }
        (folder / "simpeg-sync.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")

    @property
    def config(self) -> Config:
        return wiring.read_config(self.path)

    def check(self, *names: str, rows: int | None = 2000) -> Any:
        config = self.config
        check = wiring.open_map_check(config, rows=rows)
        try:
            return check.report([name for name in config.feeds if not names or name in names])["feeds"]
        finally:
            check.survey.close()

    def close(self) -> None:
        self.engine.dispose()


def kinds(report: Any, level: str | None = None) -> Sequence[tuple[str, int | None]]:
    return sorted(
        ((one["kind"], one["count"]) for one in report["findings"] if level in (None, one["level"])),
        key=lambda pair: (pair[0], pair[1] or 0),
    )
