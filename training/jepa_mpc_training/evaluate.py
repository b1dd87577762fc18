"""Closed-loop evaluation in lockstep: simulated robot, exported model and planner, with the timing of the node."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from jepa_mpc_mujoco.plant import Plant as MujocoPlant
from jepa_mpc_mujoco.world import World
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, RobotOptions
from jepa_mpc_sim.scene import Scene
from tqdm import tqdm

from .camera_choice import camera_indices
from .conditions import NOMINAL, Condition
from .config import FRAME_SIZE, TICK_MS, PlannerConfig
from .exporters.errors import ExportRefusedError
from .objects import Surroundings
from .periods import ticks_in
from .planner import ActionSpace, CemPlanner
from .robot import Robot
from .runtime import ExportedModel
from .simulators import Simulator, open_plant
from .tasks import Push, Reach, Task

FINAL_TEST_SEED = 1000
"""Seeds from here on are reserved for the final test with the real node. Nothing is tuned on them."""


@dataclass(frozen=True)
class Timing:
    """When frames arrive and how long a plan takes."""

    frame_period_ms: float = 100.0
    plan_every: int = 1
    """Every n-th frame is planned from."""
    delay_ms: int = 60
    """Time from a frame to its plan."""

    def committed_periods(self, period_ms: float) -> int:
        """Control periods that begin before the plan from a frame can be there: at least one."""
        return max(1, math.ceil(self.delay_ms / period_ms))

    def frame_times(self, duration_ms: int) -> set[int]:
        """Times of the frames of an episode of `duration_ms`, in ms, on the simulators' grid of 2 ms."""
        count = int(duration_ms / self.frame_period_ms)
        times = (round(index * self.frame_period_ms / 2) * 2 for index in range(count + 1))
        return {time for time in times if time < duration_ms}


@dataclass(frozen=True)
class Episode:
    """The result of an episode: `final_m` is the distance at its end; `settled_s` is None if it did not succeed."""

    success: bool
    settled_s: float | None
    final_m: float
    final_speed: float


@dataclass(frozen=True)
class _Plan:
    from_ms: float
    actions: np.ndarray
    period_ms: float

    def at(self, time_ms: float) -> np.ndarray:
        """The raw action at a time `[J]`; zeros after the end of the plan."""
        index = int((time_ms - self.from_ms + 1e-6) // self.period_ms)
        return self.actions[index] if 0 <= index < len(self.actions) else np.zeros(self.actions.shape[1])


POLICIES = ("planner", "unaided", "inverse", "random", "nothing")
"""The planner, as the node plans; the same without the proposals of the inverse dynamics; the proposals alone; random
actions; none."""

Policy = Callable[[list[np.ndarray], np.ndarray, np.ndarray, float, np.random.Generator], np.ndarray]
"""(latent history, goal latent, committed actions, periods since the last plan, rng) -> raw actions `[K, J]`."""


class Eyes(Protocol):
    """What an episode needs of a model besides its policy."""

    @property
    def action_space(self) -> ActionSpace:
        """Bounds, normalisation and timing of the raw actions."""
        ...

    @property
    def window(self) -> int:
        """Latents in a history."""
        ...

    def encode(self, frame: np.ndarray, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Frame uint8 `[H, W, 3]`, or `[C, H, W, 3]` of C cameras, with joint positions and velocities `[J]` -> latent
        `[N, D]`."""
        ...

    def encode_goal(self, frame: np.ndarray, position: np.ndarray | None) -> np.ndarray:
        """The frame of a goal, and its joint positions `[J]`, if they are known -> latent `[N, D]`."""
        ...


def run_episode(
    robot: Robot,
    task: Task,
    model: Eyes,
    policy: Policy,
    seed: int,
    timing: Timing,
    condition: Condition = NOMINAL,
    captures_goal: bool = False,
) -> Episode:
    """One episode: commands at every tick, frames and plans at their own times, simulation in between.

    Joint positions and velocities are those at the time of each frame. The goal is a picture; with `captures_goal` its
    joint positions are known, too. Raises ExportRefusedError for a control period that is not a multiple of a tick.
    """
    space = model.action_space
    ticks, period_ms, step_ms = ticks_in(space.period_ms, "action.periodMs"), space.period_ms, space.step_ms
    rng, grain = np.random.default_rng([seed, 7]), np.random.default_rng([seed, 8])
    plant, joints = robot.plant, len(robot.plant.joint_names)
    goal = task.begin(robot, rng, condition.delay_ms)
    goal_latent = model.encode_goal(condition.develop(goal.frame, grain), goal.position if captures_goal else None)

    frames: deque[tuple[float, np.ndarray]] = deque(
        maxlen=math.ceil(model.window * step_ms / timing.frame_period_ms) + 1
    )
    plan: _Plan | None = None
    pending: list[tuple[float, _Plan]] = []
    last_planned_ms: float | None = None
    frame_index, settled_s = 0, None
    frame_times = timing.frame_times(task.duration_ms)
    for now, following in pairwise(sorted({*range(0, task.duration_ms + 1, TICK_MS), *frame_times})):
        if now in frame_times:
            seen = condition.develop(robot.see(), grain)
            frames.append((now, model.encode(seen, plant.position, plant.velocity)))
            if frame_index % timing.plan_every == 0:
                committed = np.stack(
                    [
                        _committed(plan, pending, now + period * period_ms, ticks, joints)
                        for period in range(timing.committed_periods(period_ms))
                    ]
                )
                shift = 0.0 if last_planned_ms is None else (now - last_planned_ms) / period_ms
                actions = policy(_history(frames, model.window, step_ms), goal_latent, committed, shift, rng)
                ready_ms = now + max(period_ms, timing.delay_ms)
                pending.append((ready_ms, _Plan(now, actions, period_ms)))
                last_planned_ms = now
            frame_index += 1
        if now % TICK_MS == 0:
            while pending and pending[0][0] <= now:
                plan = pending.pop(0)[1]
            robot.command(np.zeros(joints) if plan is None or task.is_held(now) else plan.at(now))
        robot.advance((following - now) / 1000)
        if following % TICK_MS == 0 and task.observe(robot, following) and settled_s is None:
            settled_s = following / 1000
    return Episode(settled_s is not None, settled_s, task.distance_m(robot), float(np.abs(plant.velocity).max()))


def evaluate(
    urdf_xml: str,
    model: ExportedModel,
    config: PlannerConfig,
    seeds: range,
    timing: Timing,
    policy: str = "planner",
    condition: Condition = NOMINAL,
    simulator: Simulator = "mujoco",
    tracking_gain: float = 10.0,
    frame_size: int = FRAME_SIZE,
    options: RobotOptions = AS_DESCRIBED,
    captures_goal: bool = False,
    scene: Scene = (),
    pushes: bool = False,
    object_moves: bool = False,
) -> dict[str, Any]:
    """Runs one episode for each of `seeds`; `policy` is one of POLICIES. A model with several cameras sees through
    those of their names. The robot is in a `scene` in MuJoCo; with `pushes` it has to push the first free object of it,
    which with `object_moves` is suddenly somewhere else at first (`Push`).

    `captures_goal`: the joint positions of the goal are known, not only its picture. The appearance of `condition`
    applies to MuJoCo alone. `frame_size` is that of the recordings. Raises ValueError for seeds that are reserved for
    the final test, ExportRefusedError for the policy "inverse" of a model without inverse dynamics, and for a robot
    without the model's cameras.
    """
    if seeds.stop > FINAL_TEST_SEED:
        raise ValueError(
            f"seeds: found {seeds}, expected them below {FINAL_TEST_SEED}: the others are reserved for the final test."
        )
    episodes = []
    with ExitStack() as stack:
        body = stack.enter_context(closing(MujocoPlant(urdf_xml, options=options, world=World(scene))))
        body.set_appearance(condition.appearance)
        plant = (
            body if simulator == "mujoco" else stack.enter_context(closing(open_plant(simulator, urdf_xml, options)))
        )
        names = tuple(model.cameras) if len(model.cameras) > 1 else ()
        cameras = camera_indices(plant.cameras, names, frame_size)
        robot = Robot(plant, tracking_gain, frame_size=frame_size, cameras=cameras)
        task = Push(Surroundings(body, scene, cameras), object_moves) if pushes else Reach(body.fingertip)
        progress = tqdm(seeds, desc=f"evaluate {policy}", unit="episode")
        for seed in progress:
            chosen = _policy(policy, model, config)
            episodes.append(run_episode(robot, task, model, chosen, seed, timing, condition, captures_goal))
            progress.set_postfix(success=f"{sum(e.success for e in episodes)}/{len(episodes)}")
    return _summary(episodes, config, timing, policy, seeds, task.near_m)


Run = tuple[PlannerConfig, Timing, str, int]
"""Settings, timing, policy and number of episodes."""


def runs_of(planner: PlannerConfig, usual: Timing, episodes: int, proposes: bool) -> dict[str, Run]:
    """What is evaluated with pictures as goals, by the name of its row in the model card: the planner as it is set, and
    what it is compared with. `usual`: the timing of all rows but one; `proposes`: whether the model has inverse
    dynamics."""
    fast = Timing(frame_period_ms=100 / 3, plan_every=2, delay_ms=80)
    squared = "squared_latent_distance"
    runs: dict[str, Run] = {
        f"planner, {planner.objective.replace('_', ' ')}": (planner, usual, "planner", episodes),
        "the same, 30 Hz camera, 15 plans/s, 80 ms late": (planner, fast, "planner", episodes // 2),
    }
    if planner.objective != squared:
        # The penalty is in steps, which would weigh too much against a squared latent distance.
        other = dataclasses.replace(planner, objective=squared, action_penalty=0.0, rest_margin=0.0)
        runs["planner, squared latent distance"] = (other, usual, "planner", episodes // 2)
    if proposes:
        runs["the planner without proposals"] = (planner, usual, "unaided", episodes // 2)
        runs["inverse dynamics alone"] = (planner, usual, "inverse", episodes // 2)
    return runs | {
        "random actions": (planner, usual, "random", episodes // 2),
        "do nothing": (planner, usual, "nothing", episodes // 2),
    }


def _summary(
    episodes: list[Episode], config: PlannerConfig, timing: Timing, policy: str, seeds: range, near_m: float
) -> dict[str, Any]:
    settled = [episode.settled_s for episode in episodes if episode.settled_s is not None]
    final = [episode.final_m for episode in episodes]
    return {
        "policy": policy,
        "planner": dataclasses.asdict(config),
        "timing": dataclasses.asdict(timing),
        "episodes": len(episodes),
        "success": sum(episode.success for episode in episodes),
        "failed_seeds": [seed for seed, episode in zip(seeds, episodes, strict=True) if not episode.success],
        "median_settled_s": float(np.median(settled)) if settled else None,
        "median_final_m": float(np.median(final)),
        "final_within": sum(distance < near_m for distance in final),
    }


def _policy(name: str, model: ExportedModel, config: PlannerConfig) -> Policy:
    space = model.action_space
    length = config.horizon * space.block
    if name in ("planner", "unaided"):
        planner = CemPlanner(model, space, config, model.stream_weights)
        is_aided = name == "planner" and model.proposes

        def plan(
            history: list[np.ndarray],
            goal: np.ndarray,
            committed: np.ndarray,
            shift: float,
            rng: np.random.Generator,
        ) -> np.ndarray:
            proposal = model.propose(history[-1], goal) if is_aided else None
            return planner.plan(np.stack(history), goal, committed, shift, rng, proposal)

        return plan
    if name == "inverse":
        if not model.proposes:
            raise ExportRefusedError(
                "policy inverse",
                found="a model without the graph inverseDynamics",
                expected="one with it",
                remedy="Train and export it with --set inverse.enabled=on, or choose another policy.",
            )
        return lambda history, goal, committed, shift, rng: model.propose(history[-1], goal).clip(
            space.lower, space.upper
        )
    if name == "random":
        return lambda history, goal, committed, shift, rng: rng.uniform(
            space.lower, space.upper, (length, len(space.lower))
        )
    if name == "nothing":
        return lambda history, goal, committed, shift, rng: np.zeros((length, len(space.lower)))
    raise ValueError(f"policy: found '{name}', expected one of {', '.join(POLICIES)}.")


def _history(frames: deque[tuple[float, np.ndarray]], window: int, step_ms: float) -> list[np.ndarray]:
    """The latents of the window, oldest first: those of the frames nearest to whole steps before the newest frame."""
    newest = frames[-1][0]
    wanted = [newest - step * step_ms for step in reversed(range(window))]
    return [min(frames, key=lambda frame: abs(frame[0] - at))[1] for at in wanted]


def _committed(
    plan: _Plan | None, pending: list[tuple[float, _Plan]], from_ms: float, ticks: int, joints: int
) -> np.ndarray:
    """The mean command of the period that starts at `from_ms`, over its ticks: `[J]`."""
    sent = np.zeros(joints)
    for tick in range(ticks):
        at = from_ms + tick * TICK_MS
        running = next((waiting for ready, waiting in reversed(pending) if ready <= at), plan)
        if running is not None:
            sent += running.at(at)
    return sent / ticks
