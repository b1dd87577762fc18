"""Inertias of a URDF that no body can have, which MuJoCo refuses."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np

_TERMS = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
_RADIUS_M = 0.03
_MIN_EIGENVALUE = 1e-12
_MIN_INERTIA = 1e-9
"""kg m^2"""


def repair_inertials(root: ElementTree.Element) -> str:
    """Gives links whose `<inertia>` is not positive definite that of a ball of their mass.

    Returns a line for the log that names them, or ''.
    """
    repaired = [link.get("name", "") for link in root.findall("link") if _repair(link)]
    if not repaired:
        return ""
    return (
        f"Links with an <inertia> that no body has (not positive definite): {', '.join(repaired)}. Each counts as a "
        "ball of its mass. Correct them in the URDF if the motion of the robot is not as expected."
    )


def _repair(link: ElementTree.Element) -> bool:
    inertia, mass = link.find("inertial/inertia"), link.find("inertial/mass")
    if inertia is None or mass is None:
        return False
    kilograms = _number(mass, "value")
    xx, xy, xz, yy, yz, zz = (_number(inertia, term) for term in _TERMS)
    matrix = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    if not kilograms > 0 or (np.isfinite(matrix).all() and np.linalg.eigvalsh(matrix)[0] > _MIN_EIGENVALUE):
        return False
    ball = max(0.4 * kilograms * _RADIUS_M**2, _MIN_INERTIA)
    for term in _TERMS:
        inertia.set(term, repr(ball) if term[1] == term[2] else "0")
    return True


def _number(element: ElementTree.Element, attribute: str) -> float:
    try:
        return float(element.get(attribute, "0"))
    except ValueError:
        return math.nan
