"""A one-page PDF certificate, written by hand so that the same words always give the same bytes."""


def certificate_pdf(*, course: str, number: str, organiser: str, holder: str, hours: str) -> bytes:
    """Opens in any viewer; about 1 KB. Characters outside latin-1 become question marks."""
    page = "\n".join(
        [
            "BT",
            "/F1 22 Tf",
            "72 700 Td",
            "(SERTIFIKAT) Tj",
            "/F1 12 Tf",
            *(
                f"0 -28 Td ({_escape(line)}) Tj"
                for line in (
                    f"Nomor: {number}",
                    f"Diberikan kepada {holder}",
                    f"atas keikutsertaan dalam {course}",
                    f"sebanyak {hours} jam pelajaran",
                    organiser,
                    "Contoh untuk peragaan, bukan dokumen resmi",
                )
            ),
            "ET",
        ]
    ).encode("latin-1", "replace")
    return _assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            b"<< /Font << /F1 5 0 R >> >>",
        ]
    )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _assemble(objects: list[bytes]) -> bytes:
    # The second line tells file-transfer tools that the file is binary (PDF 1.7, 7.5.2).
    document = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref_at = len(document)
    size = len(objects) + 1
    document += b"xref\n0 %d\n0000000000 65535 f \n" % size
    document += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    document += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, xref_at)
    return bytes(document)
