"""Pages that SIMPEG keeps one by one, put together to the one PDF that BKN takes."""

import io
from collections.abc import Sequence


def put_together(pages: Sequence[bytes]) -> bytes | None:
    """None when one of them cannot be read as a PDF with pages: damaged, or locked by a password."""
    from pypdf import PdfReader, PdfWriter  # 6 MB: few SIMPEGs keep certificates page by page

    writer = PdfWriter()
    try:
        for page in pages:
            reader = PdfReader(io.BytesIO(page))
            if not reader.pages:
                return None
            writer.append(reader, import_outline=False)
        whole = io.BytesIO()
        writer.write(whole)
    except Exception:
        # Whatever a damaged file makes the library raise: the file is at fault, and a person hears it.
        return None
    return whole.getvalue()
