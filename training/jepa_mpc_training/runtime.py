"""Runs an exported model folder in ONNX Runtime on one thread, as the node does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from .camera_input import CameraInput, planar
from .planner import ActionSpace


class ExportedModel:
    """Encoder, predictor and distance graphs of a model folder."""

    def __init__(self, folder: Path) -> None:
        self.manifest = json.loads((folder / "manifest.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._sessions = {
            name: onnxruntime.InferenceSession(folder / graph["file"], options, providers=["CPUExecutionProvider"])
            for name, graph in self.manifest["graphs"].items()
        }
        camera = self.manifest["cameras"][0]
        self._camera = camera["name"]
        self.camera = CameraInput.of_manifest(camera)

    @property
    def action_space(self) -> ActionSpace:
        """Bounds and normalisation of the raw actions."""
        action = self.manifest["action"]
        return ActionSpace(*(np.asarray(action[key], dtype=np.float64) for key in ("lower", "upper", "mean", "std")))

    def encode(self, frame: np.ndarray) -> np.ndarray:
        """Frame uint8 `[H, W, 3]` of any size -> latent `[N, D]`."""
        return self.encode_frames(frame[None])[0]

    def encode_frames(self, frames: np.ndarray) -> np.ndarray:
        """Frames uint8 `[B, H, W, 3]` of any size -> latents `[B, N, D]`. If the model takes proprioception, its mean
        is used."""
        feed = {self._camera: self.camera.fit(planar(frames)).numpy()}
        if "proprioception" in self.manifest:
            measured = len(self.manifest["proprioception"]["mean"])
            feed["proprioception"] = np.zeros((len(frames), measured), dtype=np.float32)
        return self._sessions["encoder"].run(None, feed)[0]

    def predict(self, history: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """history `[B, W, N, D]`, normalised actions `[B, A]` -> next latent `[B, N, D]`."""
        return self._sessions["predictor"].run(None, {"history": history, "actions": actions})[0]

    def distance(self, latents: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """latents `[B, N, D]`, goals `[B, N, D]` -> predictor steps `[B]`."""
        return self._sessions["distance"].run(None, {"latent": latents, "goal": goal})[0]
