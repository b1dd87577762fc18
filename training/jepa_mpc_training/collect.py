"""Stage 1: exploration in the simulators. Each motion is recorded under several appearances of the scene."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jepa_mpc_mujoco.appearance import Appearance
from jepa_mpc_mujoco.plant import Plant as MujocoPlant
from jepa_mpc_mujoco.world import World
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, RobotOptions
from tqdm import tqdm

from .camera_choice import camera_indices
from .config import CollectConfig, RandomiseConfig
from .dataset import describe, save_objects
from .explore import exploration
from .objects import Surroundings, push_share, scene_of
from .periods import ticks_in
from .randomise import draw_appearance, draw_dynamics, view_count
from .robot import Robot
from .simulators import open_plant
from .travel import Traveller


@dataclass(frozen=True)
class Motion:
    """One episode: actions `[T, J]` in rad/s, positions and velocities `[T + 1, J]` in rad and rad/s at the frames, and
    frames `[T + 1, H, W, 3]` of the robot's own camera (`[T + 1, C, H, W, 3]` of C cameras), or None if they were not
    requested; poses of the free objects `[T + 1, O, 7]`."""

    actions: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    frames: np.ndarray | None
    objects: np.ndarray


def collect(
    urdf_xml: str,
    config: CollectConfig,
    randomise: RandomiseConfig,
    folder: Path,
    options: RobotOptions = AS_DESCRIBED,
) -> dict[str, Any]:
    """Writes the arrays of a `Dataset` to `folder`; returns the counts.

    Each episode has its own seed. Each view of an episode is rendered in MuJoCo from the recorded positions, with an
    appearance of its own, which several cameras see alike. If the robot was driven in Gazebo, the first view is that of
    Gazebo's camera. Raises ExportRefusedError for cameras that the robot does not have, and for a control period that
    is not a multiple of a tick; and the errors of `scene_of` and `Surroundings` for a scene.
    """
    episodes, periods, period_ms = config.episodes, config.periods, config.period_ms
    in_gazebo, views = spread(config.gazebo_episodes, episodes), view_count(config, randomise)
    around = scene_of(config)
    pushes = alternating(push_share(config, around), episodes, "collect.push_share")
    travels = np.zeros(episodes, dtype=bool)
    travels[~pushes] = alternating(config.travel_share, int((~pushes).sum()))
    with ExitStack() as stack:
        scene = stack.enter_context(closing(MujocoPlant(urdf_xml, options=options, world=World(around))))
        for note in scene.notes:
            print(note)
        cameras = camera_indices(scene.cameras, config.cameras, config.frame_size)
        simulated = Robot(scene, config.tracking_gain, frame_size=config.frame_size, cameras=cameras)
        surroundings = Surroundings(scene, around, cameras) if around else None
        foreign = None
        if config.gazebo_episodes:
            plant = stack.enter_context(closing(open_plant("gazebo", urdf_xml, options)))
            foreign = Robot(plant, config.tracking_gain, frame_size=config.frame_size)
        joints = len(scene.joint_names)
        frames = np.lib.format.open_memmap(
            folder / "frames.npy",
            mode="w+",
            dtype=np.uint8,
            shape=(episodes, views, periods + 1, *simulated.see().shape),
        )
        actions = np.empty((episodes, periods, joints), dtype=np.float32)
        positions = np.empty((episodes, periods + 1, joints), dtype=np.float32)
        velocities = np.empty_like(positions)
        objects = np.empty((episodes, periods + 1, len(scene.objects), 7), dtype=np.float32)
        for episode in tqdm(range(episodes), desc="collect", unit="episode"):
            rng = np.random.default_rng([config.seed, episode])
            anchored = rng.random() < randomise.anchored_share
            dynamics, delay_ms = draw_dynamics(rng, randomise, scene.link_names, scene.joint_names)
            if foreign is not None and in_gazebo[episode]:
                motion = drive(foreign, rng, periods, period_ms, delay_ms, seeing=True, travelling=travels[episode])
                frames[episode, 0] = motion.frames
            else:
                scene.set_dynamics(dynamics)
                motion = drive(
                    *(simulated, rng, periods, period_ms, delay_ms),
                    seeing=False,
                    travelling=travels[episode],
                    surroundings=surroundings,
                    pushing=pushes[episode],
                )
            for view in range(int(in_gazebo[episode]), views):
                appearance = draw_appearance(rng, randomise, scene.part_names)
                scene.set_appearance(Appearance() if view == 0 and anchored else appearance)
                for frame, (at, poses) in enumerate(zip(motion.positions, motion.objects, strict=True)):
                    if surroundings is not None:
                        surroundings.put(poses)
                    frames[episode, view, frame] = simulated.see_at(at)
            actions[episode], positions[episode] = motion.actions, motion.positions
            velocities[episode], objects[episode] = motion.velocities, motion.objects
    frames.flush()
    np.save(folder / "actions.npy", actions)
    np.save(folder / "positions.npy", positions)
    np.save(folder / "velocities.npy", velocities)
    np.save(folder / "in_gazebo.npy", in_gazebo)
    describe(folder, period_ms, config.cameras)
    save_objects(folder, scene.objects, objects)
    return {
        "episodes": episodes,
        "gazebo_episodes": int(in_gazebo.sum()),
        "views": views,
        "frames": episodes * views * (periods + 1),
        "joints": scene.joint_names,
        **({"cameras": list(config.cameras)} if config.cameras else {}),
        **({"pushes": int(pushes.sum())} if around else {}),
    }


def drive(
    robot: Robot,
    rng: np.random.Generator,
    periods: int,
    period_ms: int,
    delay_ms: int,
    seeing: bool,
    travelling: bool = False,
    surroundings: Surroundings | None = None,
    pushing: bool = False,
) -> Motion:
    """One episode from a random pose, of travels, pushes or random exploration. `seeing`: with the frames of its
    camera. `surroundings`: the objects around the robot, which pushes need."""
    limits, ticks, period_s = robot.plant.limits, ticks_in(period_ms), period_ms / 1000
    if surroundings is None:
        start = rng.uniform(limits.lowest_drawn, limits.highest_drawn)
    else:
        start = surroundings.arrange(rng)
    robot.reset(start, delay_ms)
    if surroundings is not None and pushing:
        target = surroundings.pusher(rng, period_s).target
    elif travelling:
        target = Traveller(rng, limits, period_s).target
    else:
        target = _played(rng, periods, limits.velocity, period_s)
    actions, positions, velocities, frames, objects = [], [], [], [], []
    for period in range(periods + 1):
        objects.append(np.empty((0, 7)) if surroundings is None else surroundings.poses())
        positions.append(robot.plant.position)
        velocities.append(robot.plant.velocity)
        if seeing:
            frames.append(robot.see())
        if period < periods:
            # Rounded as it is stored, so that the recorded action is exactly the one that was driven.
            actions.append(target(robot.limiter.position).astype(np.float32))
            for _ in range(ticks):
                robot.tick(actions[-1])
    seen = np.stack(frames) if seeing else None
    return Motion(np.stack(actions), np.stack(positions), np.stack(velocities), seen, np.stack(objects))


def alternating(share: float, count: int, setting: str = "collect.travel_share") -> np.ndarray:
    """Booleans `[count]`, a `share` of them True at equal distances; more of them do not change the first ones.

    Raises ValueError with the name of the `setting` for a share that is not in 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"{setting}: found {share:g}, expected 0 to 1.")
    return np.diff(np.floor(np.arange(count + 1) * share)) > 0


def _played(
    rng: np.random.Generator, periods: int, velocity: np.ndarray, period_s: float
) -> Callable[[np.ndarray], np.ndarray]:
    """Exploration, period by period, whatever the position is."""
    actions = iter(exploration(rng, periods, velocity, period_s))
    return lambda position: next(actions)


def spread(some: int, count: int) -> np.ndarray:
    """Booleans `[count]`, `some` of them True at equal distances. Raises ValueError if `some` is not in 0 to
    `count`."""
    if not 0 <= some <= count:
        raise ValueError(f"collect.gazebo_episodes: found {some}, expected 0 to {count}, the number of episodes.")
    return np.diff(np.arange(count + 1) * some // count) > 0
