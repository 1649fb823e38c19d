"""One region's folder, right in every way, for tests to spoil."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.config.schemas import refusals

from simpeg_sync import wiring
from simpeg_sync.config.document import read_yaml
from simpeg_sync.config.load import Config
from simpeg_sync.domain.errors import ConfigError, Problem

SETTINGS = """\
region: contoh
source:
  url: sqlite:///simpeg.db
bkn:
  base_url: https://bkn.contoh.example/api
  apim_token_url: https://bkn.contoh.example/token
  consumer_key_file: consumer_key
  consumer_secret_file: consumer_secret
  sso_token_file: sso_token
ledger:
  url: sqlite:///ledger.db
"""
FEED = """\
feed: kursus
target: kursus
table: pelatihan
key: [id]
joins:
  - table: pegawai
    as: p
    on: {id: pegawai_id}
person: p.nip
verified: {status: 2}
fields:
  institusiPenyelenggara: penyelenggara
  jenisDiklatId: {code: jenis, table: codes/jenis.csv}
  jumlahJam: {integer: jam}
  nomorSertipikat: nomor
  tahunKursus: {year: selesai}
natural_key: [nomorSertipikat]
"""


@dataclass(frozen=True, slots=True)
class Region:
    folder: Path

    def __post_init__(self) -> None:
        self.write("s.yaml", SETTINGS)
        self.write("feeds/kursus.yaml", FEED)
        self.write("codes/jenis.csv", "local,bkn\nT,3\nF,2\n")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def spoil(self, old: str, new: str, *, name: str = "s.yaml") -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def spoil_feed(self, old: str, new: str) -> None:
        self.spoil(old, new, name="feeds/kursus.yaml")

    def read(self) -> Config:
        """What the reader accepts, editors accept too."""
        config = wiring.read_config(self.folder / "s.yaml")
        assert refusals(read_yaml(self.folder / "s.yaml").data, feed=False) == []
        for file in config.feed_files.values():
            assert refusals(file.data, feed=True) == []
        return config

    def problems(self) -> Sequence[Problem]:
        """What is wrong; places without the folder."""
        with pytest.raises(ConfigError) as error:
            self.read()
        cut = f"{self.folder.resolve()}/"
        return [Problem(p.place.removeprefix(cut), p.what, p.remedy) for p in error.value.problems]

    def problem(self) -> Problem:
        [one] = self.problems()
        return one


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)
