"""Writes MODEL_CARD.md of a model folder, with the figures of the run that made the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jepa_mpc_sim.tip import tip_link
from jepa_mpc_sim.urdf import Robot

from .config import Config, TrainConfig
from .exporters.encoders.read_encoder import FrozenEncoder
from .tasks import (
    MIN_START_DISTANCE_M,
    PUSH_M,
    PUSHED_DISTANCE_M,
    SUCCESS_DISTANCE_M,
    SUCCESS_SPEED_RAD_S,
    Push,
    Reach,
)


def write_card(
    folder: Path,
    config: Config,
    robot: Robot,
    joints: list[str],
    figures: dict[str, dict[str, Any]],
    encoder: FrozenEncoder | None = None,
) -> str:
    """Writes the card from the figures of the stages (`probe`, `train`, `evaluate`, ...); returns its text.

    `joints`: those of the `robot` that are moved. `encoder`: the published encoder that the model was trained on.
    """
    probe, evaluation = figures["probe"], figures["evaluate"]
    size = sum(file.stat().st_size for file in folder.iterdir() if file.name != "MODEL_CARD.md") / 1e6
    trained, distance, collected = config.train, config.distance, figures["collect"]
    held_s = config.collect.period_ms / 1000
    text = f"""# {config.name}

A JEPA with a temporal-distance head: {_inputs(trained, collected)} in, joint velocities out (through a planner).
{_origin(trained, encoder)} by `python -m jepa_mpc_training all` of this repository, which prints and writes this page.

- Robot: {robot.name or config.name}, {_count(joints, "joint")} ({", ".join(joints)}), target velocities held for
  {held_s:g} s, predictor step {held_s * trained.block:g} s, history of {trained.window} latents.
- Data: {_data(collected)}; {_frames(collected)}; no rewards.{_missing(collected)}
- Appearance and dynamics: {_appearance(config, collected)}
- Pixels during training: {_pixels(config)}
- Training: prediction of the latents {_views(collected)} over {trained.rollout} steps, with SIGReg (LeJEPA),
  {figures["train"].get("steps", trained.steps)} steps of {trained.batch} sequences;
  {_joint_readout(trained)}; {_predictor(config)}{_goal_reader(config)}{_distance(config)} on frozen latents,
  {distance.steps} steps{_inverse(config)}.
- Licence: {"Apache-2.0" if encoder is None else encoder.kind.licence}. Size: {size:.1f} MB.
- Limits: trained on this robot, {_limits(config, collected)}, and on nothing else.

## Closed loop

Simulated robot in lockstep, development seeds. {_success(config, robot, joints)}

| policy | success | within {_near(config)} at the end | median error at the end | median time |
|---|---|---|---|---|
{_closed_loop_rows(evaluation["policies"])}

The planner in other conditions, the same for the goal image and every frame:

| condition | success | within {_near(config)} at the end | median error at the end | median time |
|---|---|---|---|---|
{_closed_loop_rows(evaluation["conditions"])}

## What the latents know

R2 of a linear read-out of sine and cosine of each joint's position from what the image shows, held-out episodes:
{_r2(joints, probe["r2"])}. In words:

{_bullets(probe["read_out"])}

{_proposals(figures)}Latents: standard deviation {figures["train"]["mean_std"]:.2f}, effective rank
{figures["train"]["effective_rank"]:.1f} of {trained.latent_dim}.
{_invariance(probe["invariance"])}
## What a planner can do with them

From held-out starts to held-out goals that are pictures:

{_bullets(probe["verdicts"])}

{_costs(probe)}## Speed

ONNX Runtime, one thread, on the machine that trained it: {_speed(evaluation["speed"])}.
"""
    (folder / "MODEL_CARD.md").write_text(text)
    return text


def _origin(trained: TrainConfig, encoder: FrozenEncoder | None) -> str:
    if encoder is not None:
        kind = encoder.kind
        return f"On {kind.title}, kept frozen ({kind.source}, licence {kind.licence}); projection and predictor trained"
    if trained.start:
        return "Trained further from the weights of an earlier run (training/README.md)"
    return "Trained from scratch"


def _data(collected: dict[str, Any]) -> str:
    episodes, in_gazebo = collected["episodes"], collected["gazebo_episodes"]
    if _is_recorded(collected):
        return f"{episodes} episodes, cut from recordings of a robot ({', '.join(collected['recordings'])})"
    where = "all driven in MuJoCo"
    if in_gazebo == episodes:
        where = "all driven in Gazebo (one view each from there)"
    elif in_gazebo:
        where = f"{episodes - in_gazebo} driven in MuJoCo and {in_gazebo} in Gazebo (one view each from there)"
    if objects := [row["object"] for row in collected.get("objects", [])]:
        where = f"{collected['pushes']} of them with pushes of {', '.join(objects)}, {where}"
    return f"{episodes} episodes of random motion, {where}, each in {_count(range(collected['views']), 'view')}"


def _missing(collected: dict[str, Any]) -> str:
    """What the data lack, one point each; empty if nothing is missing, or if an earlier version collected the data."""
    return "".join(f"\n- Missing in the data: {line}." for line in collected.get("missing", []))


def _is_recorded(collected: dict[str, Any]) -> bool:
    return "recordings" in collected


def _is_randomised(config: Config, collected: dict[str, Any]) -> bool:
    return config.randomise.nominal_share < 1 and not _is_recorded(collected)


def _appearance(config: Config, collected: dict[str, Any]) -> str:
    if _is_recorded(collected):
        return "those of the recordings."
    ranges = config.randomise
    if not _is_randomised(config, collected):
        return "the simulator's defaults, not randomised."
    drawn = f"{1 - ranges.nominal_share:.0%} of the motions"
    delay = f"delay (up to {ranges.delay_high_ms:g} ms)"
    dynamics = f"in {drawn}: {delay}"
    if collected["gazebo_episodes"] == 0:
        dynamics = f"in {drawn}: masses, friction, servo gain and {delay}"
    elif collected["gazebo_episodes"] < collected["episodes"]:
        dynamics += "; in as many of those in MuJoCo: masses, friction and servo gain"
    alike = ", all cameras alike" if _cameras(collected) else ""
    return f"""randomised in {_randomised_views(config, collected):.0%} of the views: light, tints, patterns on
  the table, camera pose (up to {ranges.camera_shift_m * 100:g} cm and {ranges.camera_tilt_deg:g} degrees) and field of
  view{alike}; {dynamics}."""


def _randomised_views(config: Config, collected: dict[str, Any]) -> float:
    """The share of all views that have a random appearance. First views have the simulator's own where they are from
    Gazebo's camera, and in the anchored motions."""
    episodes, in_gazebo, views = collected["episodes"], collected["gazebo_episodes"], collected["views"]
    own = in_gazebo + (episodes - in_gazebo) * config.randomise.anchored_share
    return (1 - config.randomise.nominal_share) * (episodes * views - own) / (episodes * views)


def _pixels(config: Config) -> str:
    changed = 1 - config.photometry.nominal_share
    if changed <= 0:
        return "as recorded."
    return f"brightness, contrast, white balance, shading, noise and blur randomised in {changed:.0%} of the views."


def _views(collected: dict[str, Any]) -> str:
    return "of every view from the history in every view" if collected["views"] > 1 else "from their history"


def _joint_readout(trained: TrainConfig) -> str:
    if not trained.joint_readout:
        return "no head reads the joint positions from the latents"
    return f"a head that is not exported reads the joint positions from each latent (weight {trained.joint_readout:g})"


def _count(things: Sequence[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _success_speed(robot: Robot, joints: Sequence[str]) -> str:
    """The speed below which joints count as at rest, in the units of the joints."""
    units = {robot.joint(name).unit for name in joints}
    return " or ".join(f"{SUCCESS_SPEED_RAD_S:g} {unit}/s" for unit in ("rad", "m") if unit in units)


def _inputs(trained: TrainConfig, collected: dict[str, Any]) -> str:
    cameras = _cameras(collected)
    frames = f"frames of {len(cameras)} cameras" if cameras else "camera frame"
    return f"{frames}, joint positions and velocities" if trained.proprioception else frames


def _cameras(collected: dict[str, Any]) -> list[str]:
    """Names of the cameras; empty if there is one."""
    return collected.get("cameras", [])


def _frames(collected: dict[str, Any]) -> str:
    each = f" of each of the cameras {', '.join(_cameras(collected))}" if _cameras(collected) else ""
    return f"{collected['frames']} frames{each}"


def _predictor(config: Config) -> str:
    further = config.predictor
    if not further.enabled:
        return ""
    return f"the predictor further on frozen latents, {further.steps} steps of {further.batch} stretches; "


def _distance(config: Config) -> str:
    if _is_of_objects(config):
        return """then, with the places of objects that the encoder
  was trained to read, the steps to goals of them by expectile regression"""
    return """then quasimetric reinforcement learning
  for the distance"""


def _goal_reader(config: Config) -> str:
    if not config.train.proprioception:
        return ""
    return f"a reader of the joint positions from a picture, {config.goal.steps} steps; "


def _inverse(config: Config) -> str:
    if not config.inverse.enabled:
        return ""
    return f"""; then inverse dynamics, which
  propose actions to the planner, {config.inverse.steps} steps"""


def _proposals(figures: dict[str, dict[str, Any]]) -> str:
    """How well the inverse dynamics know held-out actions; empty without them."""
    if "inverse" not in figures:
        return ""
    return f"""The inverse dynamics on held-out episodes, root mean squares:

{_bullets(figures["inverse"]["read_out"])}

"""


def _near(config: Config) -> str:
    """The distance from the goal that counts as there."""
    return f"{100 * (PUSHED_DISTANCE_M if _is_of_objects(config) else SUCCESS_DISTANCE_M):g} cm"


def _is_of_objects(config: Config) -> bool:
    return config.distance.goal == "objects"


def _success(config: Config, robot: Robot, joints: Sequence[str]) -> str:
    """What counts as success, and how problems are drawn."""
    slow = f"every joint slower than {_success_speed(robot, joints)}"
    if _is_of_objects(config):
        low, high = (round(100 * distance) for distance in PUSH_M)
        return f"""Success: the object within {_near(config)} of where the
picture of the goal shows it, at rest, and {slow}, at some moment within {Push.duration_ms // 1000} s. The object starts
{low} to {high} cm from its goal, the robot anywhere above the table."""
    apart = f"at least {MIN_START_DISTANCE_M:g} m apart"
    return f"""Success: the link `{tip_link(robot, joints, config.robot.tip)}` within
{_near(config)} of its place at the goal and {slow} at some moment within {Reach.duration_ms // 1000} s.
Start and goal uniform over the joint range, with that link {apart}. {_goals(config.train)}"""


def _goals(trained: TrainConfig) -> str:
    """What the goals of the closed loop are."""
    if not trained.proprioception:
        return "Goals are pictures."
    return "Goals are pictures, whose joint positions are read by the goal encoder, unless a row says otherwise."


def _limits(config: Config, collected: dict[str, Any]) -> str:
    if _is_recorded(collected):
        return "in the scene and from the camera pose of its recordings"
    several = bool(_cameras(collected))
    if _is_randomised(config, collected):
        return f"in this scene, with its {'cameras' if several else 'camera'} within the ranges above"
    return f"in this scene, from {'these camera poses' if several else 'this camera pose'} and in this light"


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _invariance(rows: dict[str, dict[str, float]]) -> str:
    """The section on two views of one pose; empty if there was one view."""
    if not rows:
        return ""
    lines = "\n".join(
        f"| {name} | {row['views_latent']:.2f} | {row['step_latent']:.2f} "
        f"| {row['views_steps']:.2f} steps | {row['step_steps']:.2f} steps |"
        for name, row in rows.items()
    )
    return f"""
Two views of one pose against two poses one step apart in one view, root mean squares:

| views | latents: same pose | latents: one step | distance: same pose | distance: one step |
|---|---|---|---|---|
{lines}
"""


def _closed_loop_rows(results: dict[str, dict[str, Any]]) -> str:
    rows = []
    for name, result in results.items():
        settled = result["median_settled_s"]
        count = result["episodes"]
        rows.append(
            f"| {name} | {result['success']} / {count} | {result['final_within']} / {count} "
            f"| {result['median_final_m'] * 100:.1f} cm | {'-' if settled is None else f'{settled:.1f} s'} |"
        )
    return "\n".join(rows)


def _r2(joints: list[str], values: list[float | None]) -> str:
    return ", ".join(
        f"{joint} {'-' if value is None else f'{value:.4f}'}" for joint, value in zip(joints, values, strict=True)
    )


def _costs(probe: dict[str, Any]) -> str:
    """The section on the costs of poses; empty if goals are no poses."""
    if "costs" not in probe:
        return ""
    return f"""## The two costs against the true distance

Mean and standard deviation over held-out pairs, by the minimum number of steps between the poses at full speed.

| true steps | pairs | mean true steps | temporal distance | squared latent distance |
|---|---|---|---|---|
{_cost_rows(probe["costs"])}

Rank correlation with the true distance (near: below 1 step, middle: 1 to 5, far: above 5):

| cost | near | middle | far |
|---|---|---|---|
{_correlation_rows(probe["rank_correlation"])}

"""


def _cost_rows(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        (low, high), temporal, squared = row["true_steps"], row["temporal_distance"], row["squared_latent_distance"]
        lines.append(
            f"| {low:g} to {high:g} | {row['pairs']} | {row['mean_true_steps']:.2f} "
            f"| {temporal[0]:.2f} +- {temporal[1]:.2f} | {squared[0]:.3f} +- {squared[1]:.3f} |"
        )
    return "\n".join(lines)


def _correlation_rows(correlations: dict[str, dict[str, float | None]]) -> str:
    lines = []
    for cost, ranges in correlations.items():
        cells = ["-" if value is None else f"{value:.2f}" for value in ranges.values()]
        lines.append(f"| {cost.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _speed(speed: dict[str, float]) -> str:
    return ", ".join(f"{name.removesuffix('_ms').replace('_', ' ')} {value:.2f} ms" for name, value in speed.items())
