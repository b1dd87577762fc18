"""Reads and writes protobuf messages field by field, as far as ONNX files need it."""

from __future__ import annotations

from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Field:
    """One field: its number, wire type and content. A varint's content is an int."""

    number: int
    wire: int
    content: bytes | int


def read_fields(data: bytes) -> list[Field]:
    """The fields of a message in their order. Raises ValueError for bytes that are no message."""
    fields: list[Field] = []
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _read_varint(data, at)
            fields.append(Field(number, wire, value))
            continue
        if wire == _BYTES:
            length, at = _read_varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"found wire type {wire} at byte {at}, expected 0, 1, 2 or 5")
        if at + length > len(data):
            raise ValueError(f"found a field of {length} bytes at byte {at}, expected at most {len(data) - at}")
        fields.append(Field(number, wire, data[at : at + length]))
        at += length
    return fields


def write_fields(fields: list[Field]) -> bytes:
    """A message of these fields."""
    out = bytearray()
    for field in fields:
        out += _varint(field.number << 3 | field.wire)
        if isinstance(field.content, int):
            out += _varint(field.content)
        else:
            if field.wire == _BYTES:
                out += _varint(len(field.content))
            out += field.content
    return bytes(out)


def text(number: int, value: str) -> Field:
    """A field of text."""
    return Field(number, _BYTES, value.encode())


def message(number: int, fields: list[Field]) -> Field:
    """A field with a message in it."""
    return Field(number, _BYTES, write_fields(fields))


def whole(number: int, value: int) -> Field:
    """A field with a whole number of at least 0."""
    return Field(number, _VARINT, value)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError(f"found the end of the data in a number at byte {at}")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
