"""Every setting of a trained model: one dataclass for each stage."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jepa_mpc_sim.joint_limits import RobotOptions

TICK_MS = 20
"""Period of the command stream, as the planner node sends it."""

VIEWS = 2
"""Views of each motion, each with an appearance of its own. Without random appearances there is one
(randomise.view_count)."""

ADDED = "added"
"""Metadata of a field that earlier versions did not have: the value that they worked with. The fingerprint of a stage
contains the field only if it has another value (stage.py)."""

LATENT_PARTS = ("all", "joints", "objects")
"""What a head may learn from: all of a latent, its joint part alone, or that and the places of objects."""

GOALS = ("pose", "objects")
"""What a distance is one to: the pose of the robot and whatever else is seen, or the places of objects alone."""

FRAME_SIZE = 64
"""Default width and height of recorded frames, in pixels."""


PUSH_SHARE = 0.6
"""Share of the episodes with pushes where the scene has an object that can be pushed, unless it is set."""


def _added(default: Any, *before: Any) -> Any:
    """A field that earlier versions did not have. What they made counts as made with the value `before`, or else with
    the default."""
    return field(default=default, metadata={ADDED: before[0] if before else default})


@dataclass(frozen=True)
class CollectConfig:
    """Exploration in the simulators."""

    episodes: int = 1600
    gazebo_episodes: int = 0
    """How many of them are simulated in Gazebo; the others in MuJoCo."""
    periods: int = 40
    """Control periods of an episode."""
    period_ms: int = _added(100)
    """Control period: how long one raw action is held, a multiple of TICK_MS. There is a frame at the start of each."""
    travel_share: float = 0.5
    """Share of the episodes that go from pose to pose (travel.py); the others are random exploration."""
    seed: int = 0
    tracking_gain: float = 10.0
    """Position feedback of the joint controller, added to the desired velocity, in 1/s."""
    frame_size: int = FRAME_SIZE
    """Width and height of the recorded frames, in pixels, and of the input of an encoder of our own; 0: the camera's
    own size, which published encoders take."""
    cameras: tuple[str, ...] = _added(())
    """Two or more cameras of the URDF that the model sees through, e.g. `scene,wrist`; empty: its first one, or that of
    `--camera`."""
    scene: str = _added("")
    """A file of objects around the robot, as `--scene` of the MuJoCo simulator takes it; empty: the robot alone."""
    push_share: float = _added(-1.0)
    """Share of the episodes in which the robot pushes objects (pusher.py); the others are as without objects. Below 0:
    `PUSH_SHARE` where the scene has a free object."""


@dataclass(frozen=True)
class RecordingsConfig:
    """How recordings of a robot are cut into episodes of `collect.periods`, each of `collect.period_ms`."""

    tolerance_ms: float = 25.0
    """Maximum difference between the stamp of a frame and the time that it is used for."""
    joint_gap_ms: float = 150.0
    """Positions are not interpolated between joint states that are farther apart than this."""
    command_hold_ms: float = 500.0
    """How long a set-point of a Float64MultiArray, or an action of LeRobot, is in force if no other follows."""
    gap_ms: float = 500.0
    """Minimum silence that is reported as a gap instead of as dropped frames."""
    jump_ms: float = 500.0
    """Change of the stamps relative to the times of arrival that counts as a clock jump."""
    min_correlation: float = 0.3
    """Minimum correlation of each joint's measured velocity with its commanded velocity."""


@dataclass(frozen=True)
class RandomiseConfig:
    """Ranges of the random appearance of every recorded view and of the random dynamics of every motion."""

    nominal_share: float = 0.15
    """Share of the views and of the motions that keep the simulator's defaults."""
    anchored_share: float = 0.33
    """Share of the motions whose first view has the simulator's default appearance, for comparison with the others."""

    light_tilt_deg: float = 45.0
    """Maximum angle of the light to the vertical."""
    light_low: float = 0.25
    light_high: float = 0.8
    ambient_low: float = 0.2
    ambient_high: float = 0.65
    tint: float = 0.25
    """Maximum relative change of a part's red, green and blue. Hues stay recognisable."""
    pattern_share: float = 0.6
    """Share of the views with a pattern on the table."""
    camera_shift_m: float = 0.05
    camera_tilt_deg: float = 5.0
    """Maximum shift and tilt on each axis. Each view first draws a common factor, so that small ones are frequent."""
    fov: float = 0.04
    """Maximum relative change of the field of view."""

    mass_low: float = 0.7
    mass_high: float = 1.4
    damping_high: float = 0.4
    """Nm s/rad."""
    servo_gain_low: float = 0.3
    servo_gain_high: float = 1.5
    delay_high_ms: float = 150.0
    """Maximum delay from a command to the joint controller, in whole ticks of the command stream."""


@dataclass(frozen=True)
class PhotometryConfig:
    """Ranges of the random changes to the pixels of every view during training."""

    nominal_share: float = 0.15
    """Share of the views that are not changed."""
    brightness_low: float = 0.5
    brightness_high: float = 1.5
    contrast: float = 0.3
    channel_gain: float = 0.15
    """Maximum relative changes of contrast and of a colour channel."""
    shading: float = 0.4
    """Maximum loss of brightness over the image, as a gradient or behind the edge of a shadow."""
    noise_high: float = 15.0
    """Maximum standard deviation of the noise, in grey levels of 255."""
    noise_share: float = 0.5
    blur_share: float = 0.25
    """Share of the views that are blurred over 3 pixels, each by a random amount."""


@dataclass(frozen=True)
class EncoderConfig:
    """A published encoder, which is frozen; only a projection of its tokens is trained."""

    kind: str = ""
    """ijepa, vjepa, vjepa2 or dinov2; empty: an encoder of our own, trained from scratch."""
    weights: str = ""
    """Path of its weights, as published."""
    heads: int = 0
    """Attention heads; 0: those of config.json in the folder of the weights, or of the published sizes."""
    image_size: int = 0
    """Width and height of its input in pixels, if it can be chosen (vjepa2, dinov2); 0: as published."""
    frames: int = 2
    """How many times the image is repeated for encoders of clips (vjepa, vjepa2): an even number."""
    grid: int = 4
    """Its tokens are averaged over `grid` x `grid` areas of the image."""
    dtype: str = "float16"
    """Type of the features on disk: float16 or float32."""


@dataclass(frozen=True)
class TrainConfig:
    """The JEPA: encoder and predictor."""

    start: str = ""
    """A `jepa.pt` of the same sizes to continue from; empty: train from scratch."""
    steps: int = 6500
    batch: int = 48
    """Motions in a batch, each in all of its views."""
    block: int = _added(2)
    """Raw actions, of a control period each, in one predictor step."""
    window: int = _added(2)
    """Latents in the predictor's history, one predictor step apart."""
    rollout: int = 3
    """Predictor steps of a rollout in the loss."""
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup_steps: int = 200
    regulariser: float = 10.0
    invariance: float = 1.0
    """Weight of the difference between the latents of two views of one frame."""
    joint_readout: float = 3.0
    """Weight of the error of a head that reads the recorded joint positions from each latent, so that the latent shows
    every joint. The head is not exported. 0: no such head."""
    joint_readout_width: int = 64
    proprioception: bool = True
    """Whether the measured joint positions and velocities are a part of each latent, beside what the image shows.
    Goals are then read from images by a goal encoder (`GoalConfig`)."""
    joint_prediction: float = 5.0
    """Weight of the error of the predicted joint part."""
    tip_place: bool = _added(False)
    """Whether the joint part also has the place of the tip, which follows from the joint positions."""
    object_reading: float = _added(0.0)
    """Weight of the error of the places of objects, which the encoder then reads from the image as the last numbers
    that it shows. Recordings of scenes with free objects have the places. 0: no such numbers."""
    object_prediction: float = _added(5.0)
    """Weight of the error of the predicted places of objects."""
    projections: int = 64
    latent_dim: int = 32
    encoder: str = "patches"
    """Trunk of an encoder of our own: patches, convolution, deep or points (nets.py)."""
    patch: int = 4
    """Width and height of a patch, in pixels; twice as many divide those of a frame."""
    patch_width: int = 24
    local_width: int = 64
    """`patch_width`: channels of the trunk's first layer, with `patches` that of the patches; `local_width`: of the
    others."""
    points: int = 32
    """Points in the image that the trunk `points` finds."""
    encoder_width: int = 256
    predictor_width: int = 256
    held_out: float = 0.06
    """Share of the episodes that are held out from training, for the probe."""
    checkpoint_every: int = 200
    evaluate_every: int = 200
    """Steps between evaluations of the held-out rollout error; 0: never."""
    patience: int = 0
    """Evaluations without an improvement before training stops, with the best weights; 0: all steps are trained."""
    seed: int = 0


@dataclass(frozen=True)
class PredictorConfig:
    """Further training of the predictor on the frozen latents, which is fast: contact takes many more examples than an
    encoder can see."""

    enabled: bool = False
    steps: int = 12000
    batch: int = 512
    rollout: int = 4
    """Predictor steps of a rollout in the loss."""
    learning_rate: float = 1e-3
    seed: int = 0


@dataclass(frozen=True)
class GoalConfig:
    """The goal reader: joint positions from the picture of a goal."""

    steps: int = 3000
    batch: int = 96
    """Moments in a batch, each in one of its views."""
    learning_rate: float = 2e-3
    network: str = "points"
    """Its trunk: points, convolution, deep or patches (nets.py)."""
    channels: int = 16
    """Channels of its first layer; the trunks `convolution` and `deep` have twice as many in the others,
    `deep` but for the last."""
    points: int = 16
    """Points in the image that it finds."""
    width: int = 256
    takes_latent: bool = _added(False, True)
    """Whether it also takes what the encoder shows."""
    link_places: float = _added(1.0, 0.0)
    """Weight of the error of the places that the joint positions put the links at. 0: every joint counts the same."""
    seed: int = 0


@dataclass(frozen=True)
class DistanceConfig:
    """The temporal-distance head on the frozen latents."""

    steps: int = 5000
    batch: int = 512
    learning_rate: float = 1e-3
    width: int = 256
    embedding: int = 32
    offset: float = 15.0
    """Distance in steps beyond which pushing two states apart is no longer rewarded."""
    slack: float = 0.25
    """Root mean square excess over one step that the constraint allows."""
    same: float = 4.0
    """Weight of the squared distance between two views of one frame."""
    queries: int = 8
    """Weighted means over the tokens of a latent that has several (`train distance`)."""
    picture_share: float = _added(0.0, 0.5)
    """Share of the goals whose joints are read from their pictures. Where a joint cannot be read, the distance learns
    to overlook it, also in goals whose joint positions are known. 0: these goals alone."""
    latent_part: str = _added("", "all")
    """What of the latents the distance depends on: all, joints (their joint part alone), or objects (that and the
    places of objects). Empty: joints where exploration moves nothing but the robot, objects where the encoder reads
    their places, else all, because recordings may show other things that move."""
    goal: str = _added("pose")
    """What the goal is: pose, or objects (their places alone, `StepsToObjects`)."""
    near_m: float = _added(0.02)
    """Objects count as at their goal within this distance."""
    discount: float = _added(0.98)
    """Of a predictor step, towards goals of objects."""
    expectile: float = _added(0.9)
    """Of the steps to goals of objects: 0.5 is those of an average recording, 1 those of the fastest."""
    seed: int = 0


@dataclass(frozen=True)
class InverseConfig:
    """The inverse dynamics on the frozen latents: the actions from a latent to a goal."""

    enabled: bool = True
    steps: int = 4000
    batch: int = 512
    learning_rate: float = 1e-3
    width: int = 256
    ahead: int = 30
    """Maximum number of periods from a moment to its goal."""
    picture_share: float = _added(0.0, 0.5)
    """As in `DistanceConfig`."""
    latent_part: str = _added("", "all")
    """As in `DistanceConfig`."""
    detour: float = 0.25
    """Detour in predictor steps, by the temporal distance, with which a recorded way counts 1/e of a direct one."""
    seed: int = 0


@dataclass(frozen=True)
class PlannerConfig:
    """The sampling planner (CEM) and its objective. The manifest has them as the model's defaults."""

    samples: int = 100
    iterations: int = 2
    elites: int = 10
    horizon: int = 5
    initial_std: float = 0.2
    """Initial standard deviation of an action, as a fraction of half its range."""
    min_std: float = 0.02
    """Minimum standard deviation, in the same unit."""
    action_penalty: float = 0.3
    """Cost of a plan at full speed, in predictor steps; rest costs 0."""
    rest_margin: float = 0.15
    """How much cheaper than rest, in predictor steps, a plan has to be at first to be followed."""
    proposal_margin: float = _added(0.3, 0.0)
    """How much cheaper than the proposal of the inverse dynamics, in predictor steps, a plan has to be to be
    followed."""
    objective: str = "temporal_distance"
    steps: str = "all"


@dataclass(frozen=True)
class EvaluateConfig:
    """Closed-loop evaluation in the simulators. Baselines and other conditions run half as many episodes."""

    episodes: int = 100
    gazebo_episodes: int = 0
    """Episodes in Gazebo."""


@dataclass(frozen=True)
class Config:
    """All stages of one model."""

    name: str = "reacher"
    robot: RobotOptions = field(default_factory=RobotOptions)
    collect: CollectConfig = field(default_factory=CollectConfig)
    recordings: RecordingsConfig = field(default_factory=RecordingsConfig)
    randomise: RandomiseConfig = field(default_factory=RandomiseConfig)
    photometry: PhotometryConfig = field(default_factory=PhotometryConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    predictor: PredictorConfig = field(default_factory=PredictorConfig)
    goal: GoalConfig = field(default_factory=GoalConfig)
    distance: DistanceConfig = field(default_factory=DistanceConfig)
    inverse: InverseConfig = field(default_factory=InverseConfig)
    planner: PlannerConfig = field(default_factory=PlannerConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)


_POSITIVE = {
    *("steps", "batch", "rollout", "learning_rate", "projections", "episodes", "periods", "ahead", "detour"),
    *(
        "period_ms",
        "block",
        "window",
        "width",
        "joint_readout_width",
        "latent_dim",
        "patch",
        "patch_width",
        "local_width",
        "points",
        "channels",
    ),
    *("encoder_width", "predictor_width", "embedding", "queries", "checkpoint_every"),
    *("samples", "iterations", "elites", "horizon"),
}
"""Settings of any stage that have to be above 0."""


def with_settings(config: Config, settings: Sequence[str]) -> Config:
    """The configuration with `STAGE.FIELD=VALUE` settings applied. Raises ValueError for one that it does not have."""
    for setting in settings:
        path, separator, text = setting.partition("=")
        stage, _, name = path.partition(".")
        section = getattr(config, stage, None)
        # The options of the robot have names of their own on the command line.
        if stage == "robot" or not separator or not dataclasses.is_dataclass(section) or name not in _names(section):
            raise ValueError(f"--set: found '{setting}', expected STAGE.FIELD=VALUE with a field of config.py.")
        kind = type(getattr(section, name))
        try:
            value = _VALUES.get(kind, kind)(text)
        except ValueError as error:
            raise ValueError(f"--set {path}: found '{text}', expected {kind.__name__}.") from error
        if kind is float and not math.isfinite(value):
            raise ValueError(f"--set {path}: found '{text}', expected a finite number.")
        if kind in (int, float) and name in _POSITIVE and value <= 0:
            raise ValueError(f"--set {path}: found '{text}', expected a number above 0.")
        if name == "latent_part" and value not in ("", *LATENT_PARTS):
            raise ValueError(f"--set {path}: found '{text}', expected {' or '.join(LATENT_PARTS)}.")
        if setting.startswith("distance.goal=") and value not in GOALS:
            raise ValueError(f"--set {path}: found '{text}', expected {' or '.join(GOALS)}.")
        if name.endswith("_share") and not 0 <= value <= 1:
            raise ValueError(f"--set {path}: found '{text}', expected a share from 0 to 1.")
        config = dataclasses.replace(config, **{stage: dataclasses.replace(section, **{name: value})})
    return config


def simulated_in(simulator: str | None, config: Config) -> Config:
    """The configuration with all motions collected in `simulator`; None leaves it unchanged."""
    if simulator is None:
        return config
    episodes = config.collect.episodes if simulator == "gazebo" else 0
    return dataclasses.replace(config, collect=dataclasses.replace(config.collect, gazebo_episodes=episodes))


def with_encoder(kind: str | None, weights: Path | None, config: Config) -> Config:
    """The configuration with a published encoder and its file; None leaves the setting unchanged."""
    given = {"kind": kind, "weights": None if weights is None else str(weights)}
    changed = {name: value for name, value in given.items() if value is not None}
    return dataclasses.replace(config, encoder=dataclasses.replace(config.encoder, **changed))


def _boolean(text: str) -> bool:
    """Of on, off, True, False, 1 and 0, in any case. Raises ValueError for anything else."""
    values = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    if text.lower() not in values:
        raise ValueError(text)
    return values[text.lower()]


def _list(text: str) -> tuple[str, ...]:
    """Of names with commas between them; none of an empty text."""
    return tuple(text.split(",")) if text else ()


_VALUES = {bool: _boolean, tuple: _list}
"""How the values of a type are read, if not by the type itself."""


def _names(section: object) -> set[str]:
    return {field.name for field in dataclasses.fields(section)}
