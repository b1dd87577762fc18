"""Objects around a robot that explores: the scene of the settings, where they start, and pushes of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_sim.scene import Pose, Scene, read_scene

from .config import PUSH_SHARE, CollectConfig
from .exporters.errors import ExportRefusedError
from .placing import Placer
from .pusher import Pusher
from .reach_map import Pushable, ReachMap, extent_of
from .tip_control import TipControl


def scene_of(config: CollectConfig) -> Scene:
    """The objects around the robot; none without a scene. Raises SceneError for a file that cannot be used, and
    ExportRefusedError for pushes where nothing can be pushed, and for a scene in Gazebo."""
    scene = read_scene(Path(config.scene)) if config.scene else ()
    if config.push_share > 0 and not any(one.free for one in scene):
        raise ExportRefusedError(
            "collect.push_share",
            found=f"{config.push_share:g} with {f'{config.scene}, in which nothing is free' if scene else 'no scene'}",
            expected="a scene with an object that can be pushed",
            remedy="Mark one with 'free: true' and its mass in the file."
            if scene
            else "Pass --set collect.scene=FILE, or leave out collect.push_share.",
        )
    if scene and config.gazebo_episodes > 0:
        raise ExportRefusedError(
            "collect.scene",
            found=f"{config.scene} together with collect.gazebo_episodes={config.gazebo_episodes}",
            expected="motions in MuJoCo",
            remedy="Simulate in MuJoCo alone: Gazebo shows the robot without the objects.",
        )
    return scene


def refuse_scene_of_recordings(config: CollectConfig) -> None:
    """Raises ExportRefusedError for a scene, or pushes, together with recordings."""
    for name, is_set in (("scene", config.scene), ("push_share", config.push_share > 0)):
        if is_set:
            raise ExportRefusedError(
                f"collect.{name}",
                found=f"{getattr(config, name)} together with recordings",
                expected="motions in MuJoCo",
                remedy="Leave it out: recordings show what was around the robot.",
            )


def free_objects(scene: Scene) -> list[str]:
    """The names of the objects that can be moved."""
    return [one.name for one in scene if one.free]


def push_share(config: CollectConfig, scene: Scene) -> float:
    """The share of the episodes that push: as set, or `PUSH_SHARE` where something can be pushed."""
    return config.push_share if config.push_share >= 0 else PUSH_SHARE * bool(free_objects(scene))


def by_content(config: CollectConfig, scene: Scene) -> CollectConfig:
    """The settings with what the scene contains in place of the name of its file, for a fingerprint, and with the share
    of pushes that is used."""
    if not scene:
        return dataclasses.replace(config, push_share=CollectConfig.push_share)
    content = json.dumps([dataclasses.asdict(one) for one in scene])
    return dataclasses.replace(config, scene=content, push_share=push_share(config, scene))


class Surroundings:
    """The free objects of a scene around a robot in MuJoCo."""

    def __init__(self, plant: Plant, scene: Scene, cameras: Sequence[int] = (0,)) -> None:
        """Finds out where the tip reaches and the `cameras` see it, in seconds.

        Raises SceneError for an object that cannot be placed.
        """
        self._plant = plant
        self._control = TipControl(plant)
        free = [one for one in scene if one.free]
        self._pushables = {}
        for one in free:
            extent = extent_of(plant, one)
            self._pushables[one.name] = Pushable(extent, ReachMap(plant, self._control, extent, cameras))
        self._placer = Placer(plant, free, self._pushables)

    def arrange(self, rng: np.random.Generator) -> np.ndarray:
        """Puts objects at random places for the next reset; returns a pose of the robot `[J]` that touches nothing."""
        return self._placer.arrange(rng)

    def pushed(
        self, rng: np.random.Generator, position: np.ndarray, goal: np.ndarray, distance_m: tuple[float, float]
    ) -> np.ndarray:
        """Poses `[O, 7]` from which a push leads to `goal [O, 7]`: the first object is elsewhere, from as far as
        `distance_m` says, and the robot at `position [J]` does not touch it. The objects are there afterwards.

        Raises SceneError if there is no room.
        """
        self.put(goal)
        self._placer.displace(rng, self._plant.objects[0], position, goal[0, :2], distance_m)
        return self.poses()

    def pusher(self, rng: np.random.Generator, period_s: float) -> Pusher:
        """A robot's pushes of the objects; `period_s`: how long each target velocity is held."""
        return Pusher(rng, self._plant, self._control, self._pushables, period_s)

    def poses(self) -> np.ndarray:
        """Where the objects are: position in m and quaternion (x, y, z, w), `[O, 7]`."""
        poses = [self._plant.object_pose(name) for name in self._plant.objects]
        return np.array([[*pose.position, *pose.quaternion] for pose in poses]).reshape(-1, 7)

    def put(self, poses: np.ndarray) -> None:
        """Puts the objects at `poses [O, 7]`."""
        for name, pose in zip(self._plant.objects, poses.tolist(), strict=True):
            self._plant.place_object(name, Pose(tuple(pose[:3]), tuple(pose[3:])))
