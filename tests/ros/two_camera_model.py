"""A model of two cameras made of one with a single camera: its encoder takes a second image and does not use it."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import sys
from pathlib import Path

from conftest import ROOT

sys.path.append(str(ROOT / "eval" / "faults"))
from jepa_mpc_faults.protobuf import Field, message, read_fields, text, write_fields

_GRAPH = 7  # of ModelProto
_INPUT = 11  # of GraphProto
_NAME = 1  # of ValueInfoProto


def make_two_camera_model(folder: Path, second: str) -> Path:
    """Writes models/reacher with a second camera, on the topic `<second>/image_raw`; returns the folder."""
    shutil.copytree(ROOT / "models" / "reacher", folder)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    first = manifest["cameras"][0]
    manifest["cameras"].append(first | {"name": second, "topic": f"{second}/image_raw"})
    encoder, golden = folder / manifest["graphs"]["encoder"]["file"], folder / manifest["golden"]["file"]
    encoder.write_bytes(_with_second_input(encoder.read_bytes(), first["name"], second))
    golden.write_bytes(_with_copy(golden.read_bytes(), f"encoder.{first['name']}", f"encoder.{second}"))
    manifest["graphs"]["encoder"]["sha256"] = hashlib.sha256(encoder.read_bytes()).hexdigest()
    manifest["golden"]["sha256"] = hashlib.sha256(golden.read_bytes()).hexdigest()
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _with_second_input(model: bytes, first: str, second: str) -> bytes:
    def with_input(graph: bytes) -> Field:
        fields = read_fields(graph)
        for field in fields:
            value = read_fields(field.content) if field.number == _INPUT else []
            if Field(_NAME, 2, first.encode()) in value:
                renamed = [text(_NAME, second) if part.number == _NAME else part for part in value]
                return message(_GRAPH, [*fields, message(_INPUT, renamed)])
        raise ValueError(f"found no input '{first}' of the encoder")

    return write_fields(
        [with_input(field.content) if field.number == _GRAPH else field for field in read_fields(model)]
    )


def _with_copy(tensors: bytes, name: str, copy: str) -> bytes:
    """A safetensors file in which one tensor is there twice."""
    [length] = struct.unpack_from("<Q", tensors)
    header, data = json.loads(tensors[8 : 8 + length]), tensors[8 + length :]
    start, end = header[name]["data_offsets"]
    header[copy] = header[name] | {"data_offsets": [len(data), len(data) + end - start]}
    encoded = json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + data + data[start:end]
