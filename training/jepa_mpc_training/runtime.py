"""An exported model folder, run in ONNX Runtime on one thread, as the node runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

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
        self._scale = camera["scale"]
        self._mean = np.asarray(camera["mean"], dtype=np.float32)
        self._std = np.asarray(camera["std"], dtype=np.float32)

    @property
    def action_space(self) -> ActionSpace:
        """Bounds and normalisation of the raw actions."""
        action = self.manifest["action"]
        return ActionSpace(*(np.asarray(action[key], dtype=np.float64) for key in ("lower", "upper", "mean", "std")))

    def encode(self, frame: np.ndarray) -> np.ndarray:
        """uint8 `[S, S, 3]` in the encoder's size -> latent `[N, D]`."""
        image = (frame.astype(np.float32) * self._scale - self._mean) / self._std
        tensor = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
        return self._sessions["encoder"].run(None, {self._camera: tensor})[0][0]

    def predict(self, history: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """history `[B, W, N, D]`, normalised actions `[B, A]` -> next latent `[B, N, D]`."""
        return self._sessions["predictor"].run(None, {"history": history, "actions": actions})[0]

    def distance(self, latents: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """latents `[B, N, D]`, goals `[B, N, D]` -> predictor steps `[B]`."""
        return self._sessions["distance"].run(None, {"latent": latents, "goal": goal})[0]
