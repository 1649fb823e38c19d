"""A multipart/form-data body taken apart, the file's bytes untouched."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    filename: str
    content: bytes


class NotMultipart(ValueError):
    """The message is what Go's mime/multipart says."""


def parse(content_type: str, body: bytes) -> dict[str, Part]:
    boundary = _parameters("Content-Type", content_type).get_param("boundary")
    if not content_type.lower().startswith("multipart/form-data"):
        raise NotMultipart("request Content-Type isn't multipart/form-data")
    if not isinstance(boundary, str) or not boundary:
        raise NotMultipart("no multipart boundary param in Content-Type")
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    pieces = (b"\r\n" + body).split(delimiter)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise NotMultipart("multipart: NextPart: EOF")
    return {part.name: part for part in map(_part, pieces[1:-1])}


def _part(piece: bytes) -> Part:
    head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    disposition = ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            disposition = value.strip()
    said = _parameters("Content-Disposition", disposition)
    return Part(_text(said, "name"), _text(said, "filename"), content)


def _parameters(header: str, value: str) -> Message:
    message = Message()
    message[header] = value
    return message


def _text(said: Message, parameter: str) -> str:
    value = said.get_param(parameter, header="Content-Disposition")
    return value if isinstance(value, str) else ""
