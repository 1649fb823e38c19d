"""A multipart form as bytes: the body of an attempt must be known before it leaves."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FormFile:
    """One file of a form."""

    name: str
    """The form's field, e.g. ``file``."""
    file_name: str = field(repr=False)
    content: bytes = field(repr=False)
    content_type: str = "application/pdf"


def multipart(fields: Mapping[str, str], files: Sequence[FormFile]) -> tuple[bytes, str]:
    """The body and its content type. A file name loses whatever a header could not carry."""
    boundary = f"simpeg-sync-{secrets.token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for file in files:
        safe_name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in file.file_name)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{file.name}"; filename="{safe_name}"\r\n'
        parts.append(f"{head}Content-Type: {file.content_type}\r\n\r\n".encode() + file.content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
