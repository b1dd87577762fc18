"""A rendering backend is chosen where nobody chose one."""

from __future__ import annotations

import os

import pytest
from jepa_mpc_sim.errors import StartupError

from jepa_mpc_mujoco import rendering


def headless(**changes: str) -> dict[str, str]:
    removed = ("MUJOCO_GL", "DISPLAY", "WAYLAND_DISPLAY")
    return {**{name: value for name, value in os.environ.items() if name not in removed}, **changes}


def test_a_choice_that_was_made_stays():
    environ = headless(MUJOCO_GL="osmesa")
    assert rendering.choose_backend(environ) == "osmesa"


def test_with_a_display_mujoco_keeps_its_default():
    environ = headless(DISPLAY=":0")
    rendering.choose_backend(environ)
    assert "MUJOCO_GL" not in environ


@pytest.mark.parametrize(("working", "chosen"), [({"egl", "osmesa"}, "egl"), ({"osmesa"}, "osmesa")])
def test_without_a_display_the_first_that_renders_is_taken(monkeypatch, working: set[str], chosen: str):
    monkeypatch.setattr(rendering.ctypes.util, "find_library", lambda library: library)
    monkeypatch.setattr(rendering, "_renders", lambda backend, _environ: backend in working)
    environ = headless()
    assert rendering.choose_backend(environ) == chosen == environ["MUJOCO_GL"]


def test_where_none_works_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(rendering.ctypes.util, "find_library", lambda _library: None)
    with pytest.raises(StartupError, match=r"neither EGL nor OSMesa .*apt install libosmesa6"):
        rendering.choose_backend(headless())


def test_what_is_chosen_here_renders():
    environ = headless()
    assert rendering._renders(rendering.choose_backend(environ), environ)
