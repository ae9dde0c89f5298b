"""A kind that a stranger's package would bring: a mesh of points and faces, with bytes of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import numpy

from yggdrasil.contract import values
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.value_forms import Form


@dataclass(frozen=True)
class Mesh:
    points: Any
    faces: Any


def encode(mesh: Mesh) -> tuple[bytes, str]:
    head = struct.pack("<II", len(mesh.points), len(mesh.faces))
    return head + mesh.points.astype("<f4").tobytes() + mesh.faces.astype("<i4").tobytes(), "model/x-test-mesh"


def decode(data: bytes) -> Mesh:
    points, faces = struct.unpack("<II", data[:8])
    end = 8 + 12 * points
    return Mesh(
        numpy.frombuffer(data[8:end], "<f4").reshape(points, 3).copy(),
        numpy.frombuffer(data[end:], "<i4").reshape(faces, 3).copy(),
    )


FORM = Form("mesh", "tests.contract.mesh:Mesh", "a Mesh", {"model/x-test-mesh": ".mesh"}, encode, decode)
MESH = Kind("mesh", large=True, about="sha256 of a mesh artifact", form=FORM)
MeshPort = Annotated[Any, MESH]
CUBE = Mesh(
    numpy.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.5]], "<f4"), numpy.array([[0, 1, 2], [0, 1, 3]], "<i4")
)


@contextmanager
def known_mesh() -> Iterator[None]:
    """The kind as a package's entry point would make it known."""
    values.register(MESH)
    try:
        yield
    finally:
        values.forget(MESH)
