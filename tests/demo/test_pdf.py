import re

from simpeg_sync.demo.pdf import certificate_pdf


def make(**values: str) -> bytes:
    words = {
        "course": "Tata Naskah",
        "number": "00001/02",
        "organiser": "BPSDM",
        "holder": "Adiraka",
        "hours": "40",
    }
    return certificate_pdf(**(words | values))


def test_the_table_of_offsets_leads_to_every_object() -> None:
    document = make()
    assert document.startswith(b"%PDF-1.4\n")
    assert document.endswith(b"%%EOF\n")
    found = re.search(rb"startxref\n(\d+)\n", document)
    assert found
    table = document[int(found[1]) :]
    assert table.startswith(b"xref\n0 7\n0000000000 65535 f \n")
    entries = re.findall(rb"(\d{10}) 00000 n \n", table)
    assert len(entries) == 6
    for number, offset in enumerate(entries, start=1):
        assert document[int(offset) :].startswith(b"%d 0 obj\n" % number)


def test_the_stream_is_as_long_as_it_says() -> None:
    document = make()
    found = re.search(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", document, re.DOTALL)
    assert found
    assert int(found[1]) == len(found[2])


def test_the_same_words_give_the_same_bytes_and_others_give_others() -> None:
    assert make() == make()
    assert make() != make(number="00002/02")
    assert len(make(course="x" * 255, organiser="y" * 255, number="z" * 100)) < 3000


def test_brackets_and_backslashes_stay_text() -> None:
    document = make(course="Arsip (lanjut) \\ B – C")
    assert rb"Arsip \(lanjut\) \\ B ? C" in document
