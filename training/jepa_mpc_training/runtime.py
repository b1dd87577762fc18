"""Runs an exported model folder in ONNX Runtime on one thread, as the node does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from .camera_input import CameraInput, planar
from .planner import ActionSpace


class ExportedModel:
    """The graphs of a model folder.

    A frame is what the cameras see at one moment, of any size: uint8 `[H, W, 3]`, or of C cameras `[C, H, W, 3]`.
    """

    def __init__(self, folder: Path) -> None:
        self.manifest = json.loads((folder / "manifest.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._sessions = {
            name: onnxruntime.InferenceSession(folder / graph["file"], options, providers=["CPUExecutionProvider"])
            for name, graph in self.manifest["graphs"].items()
        }
        self.cameras = {camera["name"]: CameraInput.of_manifest(camera) for camera in self.manifest["cameras"]}
        """The input of each camera, by its name."""

    @property
    def action_space(self) -> ActionSpace:
        """Bounds, normalisation and timing of the raw actions."""
        action = self.manifest["action"]
        numbers = (np.asarray(action[key], dtype=np.float64) for key in ("lower", "upper", "mean", "std"))
        return ActionSpace(*numbers, action["periodMs"], action["block"])

    @property
    def window(self) -> int:
        """Latents in the predictor's history."""
        return self.manifest["history"]["window"]

    @property
    def reads_goals(self) -> bool:
        """Whether the goal encoder reads the proprioception of a goal from its picture."""
        return self.manifest["goal"].get("proprioception") == "from_images"

    @property
    def proposes(self) -> bool:
        """Whether the model has inverse dynamics."""
        return "inverseDynamics" in self.manifest["graphs"]

    @property
    def stream_weights(self) -> np.ndarray:
        """How much each number of a latent counts in a distance between latents: `[N, D]`."""
        latent = self.manifest["latent"]
        weights = np.ones((latent["tokens"], latent["dim"]), dtype=np.float32)
        if "streams" not in latent:
            return weights
        weights[:] = 0
        for stream in latent["streams"]:
            is_known = stream["of"] != "proprioception" or self.reads_goals
            weights[slice(*stream["tokens"]), slice(*stream["dims"])] = stream["weight"] if is_known else 0
        return weights

    @property
    def shows_images(self) -> np.ndarray:
        """Which numbers of a latent are of images: booleans `[N, D]`."""
        latent = self.manifest["latent"]
        shown = np.ones((latent["tokens"], latent["dim"]), dtype=bool)
        for stream in latent.get("streams", []):
            shown[slice(*stream["tokens"]), slice(*stream["dims"])] = stream["of"] == "images"
        return shown

    def encode(self, frame: np.ndarray, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """A frame, and joint positions and velocities `[J]` at its time -> latent `[N, D]`."""
        return self.encode_frames(frame[None], np.concatenate((position, velocity))[None])[0]

    def encode_goal(self, frame: np.ndarray, position: np.ndarray | None = None) -> np.ndarray:
        """The frame of a goal, and its joint positions `[J]` if they are known -> latent `[N, D]` of a robot at
        rest."""
        if position is None and self.reads_goals:
            return self.encode_goals(frame[None])[0]
        states = None if position is None else np.concatenate((position, np.zeros_like(position)))[None]
        return self.encode_frames(frame[None], states)[0]

    def encode_goals(self, frames: np.ndarray) -> np.ndarray:
        """Frames of goals `[B, ...]` -> latents `[B, N, D]` of a robot at rest, with the joint positions that the goal
        encoder reads. The model `reads_goals`."""
        return self._sessions["goalEncoder"].run(None, self._images(frames))[0]

    def encode_frames(self, frames: np.ndarray, states: np.ndarray | None = None) -> np.ndarray:
        """Frames `[B, ...]`, and joint positions, then velocities `[B, 2 J]` -> latents `[B, N, D]`. If the model takes
        proprioception that does not consist of these, or they are not known, its mean is used."""
        feed = self._images(frames)
        if "proprioception" in self.manifest:
            feed["proprioception"] = self._proprioception(len(frames), states)
        return self._sessions["encoder"].run(None, feed)[0]

    def _images(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        pixels = planar(frames)
        images = [pixels] if len(self.cameras) == 1 else pixels.unbind(1)
        return {
            name: camera.fit(image).numpy() for (name, camera), image in zip(self.cameras.items(), images, strict=True)
        }

    def _proprioception(self, count: int, states: np.ndarray | None) -> np.ndarray:
        spec, joints = self.manifest["proprioception"], self.manifest["action"]["joints"]
        first = {"joint_position": 0, "joint_velocity": len(joints)}
        if states is None or any(field["kind"] not in first for field in spec["fields"]):
            return np.zeros((count, len(spec["mean"])), dtype=np.float32)
        columns = [first[field["kind"]] + joints.index(field["joint"]) for field in spec["fields"]]
        return ((states[:, columns] - np.array(spec["mean"])) / np.array(spec["std"])).astype(np.float32)

    def predict(self, history: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """history `[B, W, N, D]`, normalised actions `[B, A]` -> next latent `[B, N, D]`."""
        return self._sessions["predictor"].run(None, {"history": history, "actions": actions})[0]

    def distance(self, latents: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """latents `[B, N, D]`, goals `[B, N, D]` -> predictor steps `[B]`."""
        return self._sessions["distance"].run(None, {"latent": latents, "goal": goal})[0]

    def propose(self, latent: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """latent `[N, D]`, goal `[N, D]` -> raw actions from one to the other `[K, J]`, not limited to any bounds."""
        feed = {"latent": latent[None], "goal": goal[None]}
        actions = self._sessions["inverseDynamics"].run(None, feed)[0]
        space = self.action_space
        return actions.reshape(-1, len(space.mean)) * space.std + space.mean
