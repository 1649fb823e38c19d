"""How alike names are: the same thing written otherwise is found, another thing is not taken for sure."""

import pytest

from simpeg_sync.bkn.codes import load_bundle
from simpeg_sync.discover.likeness import Entry, Names, load_abbreviations

BUNDLE, SHORT = load_bundle(), load_abbreviations()


def names(table: str) -> Names:
    return Names([Entry(code, label) for code, label in BUNDLE.tables[table].codes.items()], SHORT)


@pytest.mark.parametrize(
    ("table", "local", "code"),
    [
        ("golongan", "III/a", "31"),
        ("golongan", "IIIA", "31"),
        ("golongan", "Gol. III/b", "32"),
        ("golongan", "penata muda tk. i", "32"),
        ("eselon", "Eselon IV.a", "41"),
        ("tingkatPendidikan", "S1", "40"),
        ("tingkatPendidikan", "D.III", "30"),
        ("tingkatPendidikan", "SMA", "15"),
        ("latihanStruktural", "Diklat PIM Tk. II", "4"),
        ("latihanStruktural", "ADUM", "2"),
        ("jenisHukuman", "Penundaan KGB selama 1 tahun", "4"),
        ("agama", "katolik", "3"),
    ],
)
def test_the_same_name_written_otherwise_is_sure(table: str, local: str, code: str) -> None:
    best = names(table).suggest(local, least=0.6)[0]
    assert (best.code, best.sureness, best.score) == (code, "sure", 1.0)


def test_a_part_of_a_name_is_likely_at_most() -> None:
    found = names("jenisDiklat").suggest("TEKNIS", least=0.6)
    assert found[0].code == "3"
    assert {one.sureness for one in found} <= {"likely", "unsure"}


def test_another_number_is_another_thing() -> None:
    found = names("latihanStruktural").suggest("Diklat PIM Tk. V", least=0.6)
    assert [one.sureness for one in found if one.sureness != "unsure"] == []


def test_a_name_that_two_codes_have_is_not_sure() -> None:
    found = Names([Entry("1", "Bagian Umum"), Entry("2", "BAGIAN UMUM")], SHORT).suggest("Bag. Umum", least=0.6)
    assert [(one.code, one.sureness) for one in found] == [("1", "unsure"), ("2", "unsure")]


def test_typing_errors_are_forgiven() -> None:
    units = Names([Entry("a", "Kepala Bidang Mutasi"), Entry("b", "Kepala Bidang Pengadaan")], SHORT)
    [best, *_] = units.suggest("Ka. Bid. Mutsai", least=0.6)
    assert best.code == "a"
    assert best.sureness != "sure"


@pytest.mark.parametrize("local", ["", " ", "--", "xyzzy"])
def test_nothing_alike_is_nothing(local: str) -> None:
    assert list(names("golongan").suggest(local, least=0.6)) == []
