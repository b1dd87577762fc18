"""Faults of the model: it computes nonsense from some moment on, or is not what its manifest says."""

from __future__ import annotations

import shutil
import time

from .camera_faults import calm_camera, camera, dark
from .fault import Fault, Outcome
from .ladder import Rung
from .processes import Program
from .scene import Scene
from .settings import ROOT
from .system import System

_REFUSED_S = 30.0


def start_refused(scene: Scene, outcome: Outcome, words: tuple[str, ...], **parameters: str) -> None:
    """Starts a node, beside the running system, that is to refuse to run; waits for its end and reads why."""
    started_s = time.time()
    system: System = scene.system
    topics = {"joint_trajectory": "/refused/joint_trajectory", "goal_image": "/refused/goal_image"}
    program: Program = system.start_node("refused_planner", topics, parameters)
    try:
        if not program.wait(_REFUSED_S):
            outcome.reaction = "continues"
            outcome.failures.append(f"the node has not ended within {_REFUSED_S:g} s")
            return
        text = program.log.read_text(errors="replace")
        outcome.reaction = "refuse"
        outcome.detection_ms = outcome.reaction_ms = 1000 * (time.time() - started_s)
        outcome.seen.append(text[-300:])
        if program.status != 2 or not all(word in text for word in words):
            outcome.failures.append(f"it ended with status {program.status}, and its log lacks {' or '.join(words)}")
    finally:
        program.end()
        system.others.clear()


def other_weights(scene: Scene, rung: Rung) -> Outcome:
    """One weight differs from what the manifest's hash says: the model is refused."""
    outcome = Outcome(bound_ms=rung.bound_ms)
    folder = scene.system.models / "damaged"
    shutil.copytree(ROOT / "models" / "reacher", folder, dirs_exist_ok=True)
    graph = folder / "predictor.onnx"
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)
    start_refused(scene, outcome, ("predictor.onnx",), model=str(folder))
    return outcome


def missing_device(scene: Scene, rung: Rung) -> Outcome:
    """A device that the machine does not have."""
    outcome = Outcome(bound_ms=rung.bound_ms)
    start_refused(scene, outcome, ("device",), device="cuda")
    return outcome


MODEL_FAULTS = (
    Fault("model gives NaN", "plan-not-finite", camera(dark), calm_camera, setting="nan-model"),
    Fault(
        "model gives constants",
        "model-constant",
        camera(dark),
        calm_camera,
        setting="constant-model",
        goes_on=True,
        needs_motion=False,
    ),
    Fault("model with a damaged weight", "model-refused", check=other_weights),
    Fault("device that is not there", "device-missing", check=missing_device),
)
