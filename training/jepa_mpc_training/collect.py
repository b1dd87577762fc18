"""Stage 1: random exploration in the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .config import IMAGE_SIZE, PERIOD_MS, TICK_MS, CollectConfig
from .explore import exploration
from .robot import Robot


def collect(urdf_xml: str, config: CollectConfig, folder: Path) -> dict[str, Any]:
    """Writes `frames.npy`, `actions.npy` and `positions.npy` (see `Dataset`) to `folder`; returns the counts.

    Each episode has its own seed, so episode n is the same whatever the number of episodes.
    """
    robot = Robot(urdf_xml, config.tracking_gain)
    limits = robot.plant.limits
    joints, periods = len(robot.plant.joint_names), config.periods
    shape = (config.episodes, periods + 1, IMAGE_SIZE, IMAGE_SIZE, 3)
    frames = np.lib.format.open_memmap(folder / "frames.npy", mode="w+", dtype=np.uint8, shape=shape)
    actions = np.empty((config.episodes, periods, joints), dtype=np.float32)
    positions = np.empty((config.episodes, periods + 1, joints), dtype=np.float32)
    for episode in tqdm(range(config.episodes), desc="collect", unit="episode"):
        rng = np.random.default_rng([config.seed, episode])
        robot.reset(rng.uniform(limits.lower, limits.upper))
        actions[episode] = exploration(rng, periods, limits.velocity)
        for period in range(periods + 1):
            frames[episode, period] = robot.see()
            positions[episode, period] = robot.plant.position
            if period < periods:
                for _ in range(PERIOD_MS // TICK_MS):
                    robot.tick(actions[episode, period])
    frames.flush()
    np.save(folder / "actions.npy", actions)
    np.save(folder / "positions.npy", positions)
    robot.plant.close()
    return {"episodes": config.episodes, "frames": config.episodes * (periods + 1), "joints": robot.plant.joint_names}
