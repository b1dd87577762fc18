"""Writes MODEL_CARD.md of a model folder, with the figures of the run that made the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .config import Config, TrainConfig
from .exporters.encoders.read_encoder import FrozenEncoder


def write_card(
    folder: Path,
    config: Config,
    joints: list[str],
    figures: dict[str, dict[str, Any]],
    encoder: FrozenEncoder | None = None,
) -> str:
    """Writes the card from the figures of the stages (`probe`, `train`, `evaluate`, ...); returns its text.

    `encoder`: the published encoder that the model was trained on.
    """
    probe, evaluation = figures["probe"], figures["evaluate"]
    size = sum(file.stat().st_size for file in folder.iterdir() if file.name != "MODEL_CARD.md") / 1e6
    randomised = config.randomise
    trained, distance, collected = config.train, config.distance, figures["collect"]
    text = f"""# {config.name}

A small JEPA with a temporal-distance head: camera frame in, joint velocities out (through a planner).
{_origin(trained, encoder)} by `python -m jepa_mpc_training all` of this repository, which prints and writes this page.

- Robot: {len(joints)} joints ({", ".join(joints)}), target velocities held for 0.1 s, predictor step 0.2 s.
- Data: {collected["episodes"]} episodes of random motion, {_simulators(collected)}, each in {collected["views"]} views;
  {collected["frames"]} frames; no rewards, no joint angles.
- Randomised for each view: light, tints, patterns on the table, camera pose (up to
  {randomised.camera_shift_m * 100:g} cm and {randomised.camera_tilt_deg:g} degrees) and field of view, brightness,
  contrast, white balance, shading, noise and blur. For each motion: masses, friction, servo gain and delay (up to
  {randomised.delay_high_ms:g} ms).
- Training: prediction of the latents of every view over {trained.rollout} steps from the history in every view, with
  SIGReg (LeJEPA), {trained.steps} steps of {trained.batch} sequences; then quasimetric reinforcement learning for the
  distance on frozen latents, {distance.steps} steps.
- Licence: {"Apache-2.0" if encoder is None else encoder.kind.licence}. Size: {size:.1f} MB.
- Limits: trained on this robot on this table, with its camera within the ranges above, and on nothing else.

## Closed loop

Simulated robot in lockstep, development seeds. Success: fingertip within 5 cm of the goal's and every joint slower
than 0.1 rad/s at some moment within 6 s. Start and goal uniform over the joint range, fingertips at least 0.2 m apart.

| policy | success | within 5 cm at the end | median error at the end | median time |
|---|---|---|---|---|
{_closed_loop_rows(evaluation["policies"])}

The planner with the temporal distance in other conditions, the same for the goal image and every frame:

| condition | success | within 5 cm at the end | median error at the end | median time |
|---|---|---|---|---|
{_closed_loop_rows(evaluation["conditions"])}

## What the latents know

R2 of a linear read-out of the joint angles, held-out episodes: {_r2(joints, probe["r2"])}.
Latents: standard deviation {figures["train"]["mean_std"]:.2f}, effective rank
{figures["train"]["effective_rank"]:.1f} of {trained.latent_dim}.

Two views of one pose against two poses one step apart in one view, root mean squares:

| views | latents: same pose | latents: one step | distance: same pose | distance: one step |
|---|---|---|---|---|
{_invariance_rows(probe["invariance"])}

## The two costs against the true distance

Mean and standard deviation over held-out pairs, by the minimum number of steps between the poses at full speed.

| true steps | pairs | mean true steps | temporal distance | squared latent distance |
|---|---|---|---|---|
{_cost_rows(probe["costs"])}

Rank correlation with the true distance (near: below 1 step, middle: 1 to 5, far: above 5):

| cost | near | middle | far |
|---|---|---|---|
{_correlation_rows(probe["rank_correlation"])}

## Speed

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


def _simulators(collected: dict[str, Any]) -> str:
    in_gazebo = collected["gazebo_episodes"]
    if in_gazebo == 0:
        return "all driven in MuJoCo"
    return f"{collected['episodes'] - in_gazebo} driven in MuJoCo and {in_gazebo} in Gazebo (one view each from there)"


def _invariance_rows(rows: dict[str, dict[str, float]]) -> str:
    return "\n".join(
        f"| {name} | {row['views_latent']:.2f} | {row['step_latent']:.2f} "
        f"| {row['views_steps']:.2f} steps | {row['step_steps']:.2f} steps |"
        for name, row in rows.items()
    )


def _closed_loop_rows(results: dict[str, dict[str, Any]]) -> str:
    rows = []
    for name, result in results.items():
        settled = result["median_settled_s"]
        count = result["episodes"]
        rows.append(
            f"| {name} | {result['success']} / {count} | {result['final_within_5cm']} / {count} "
            f"| {result['median_final_m'] * 100:.1f} cm | {'-' if settled is None else f'{settled:.1f} s'} |"
        )
    return "\n".join(rows)


def _r2(joints: list[str], values: list[float]) -> str:
    return ", ".join(f"{joint} {value:.4f}" for joint, value in zip(joints, values, strict=True))


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
