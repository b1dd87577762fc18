"""The stages in their order: collect, train, predictor, goal, distance, inverse, probe, export, evaluate."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jepa_mpc_sim.cameras import read_cameras
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, RobotOptions, joint_limits, moved_joints
from jepa_mpc_sim.tip import tip_link
from jepa_mpc_sim.urdf import Robot, read_robot
from torch import nn

from .benchmark import benchmark
from .camera_choice import camera_indices
from .card import write_card
from .collect import collect
from .conditions import CONDITIONS
from .config import FRAME_SIZE, CollectConfig, Config, DistanceConfig, InverseConfig
from .coverage import coverage
from .coverage import lines as coverage_lines
from .dataset import Dataset
from .distance import load_distance, train_distance
from .distributed import SINGLE_PROCESS, ProcessGroup
from .evaluate import Timing, evaluate, runs_of
from .export import Networks, export
from .exporters.errors import ExportRefusedError
from .features import Features, features_of, open_encoder, write_features
from .goal_reader import GoalEncoder, GoalReader, PictureReader, load_reader, read_all, train_reader
from .goal_reader import in_words as accuracy_in_words
from .inverse import Recorded, TowardsObjects, load_inverse, train_inverse
from .joint_code import EncoderWithJoints, joint_kinds
from .kinematics import LinkPlaces
from .nets import DistanceHead, Encoder, SeparateImages
from .object_motion import lines as object_lines
from .object_motion import object_motion
from .objects import by_content, free_objects, refuse_scene_of_recordings, scene_of
from .periods import require_long_episodes, ticks_in
from .predictor import Motions, load_predictor, train_predictor
from .probe import planning, probe
from .probed import Probed, squared_distance
from .randomise import view_count
from .recordings.collect import collect_recordings
from .recordings.source import Source, identity, remember, remembered, source_of
from .rollout_error import ROLLOUT_STEPS, rollout_errors
from .runtime import ExportedModel
from .stage import fingerprint, run_stage
from .steps_to_objects import ObjectNumbers, StepsToObjects, train_steps_to_objects
from .tip_place import TipPlace
from .train import Jepa, load_jepa, train

STAGES = ("collect", "train", "predictor", "goal", "distance", "inverse", "probe", "export", "evaluate")

_GAZEBO_HAS_ONE = "Leave it empty, or simulate in MuJoCo alone: Gazebo has one camera."


class Pipeline:
    """Makes one model, from URDF to model folder. A stage is skipped if it was done from the same inputs before."""

    def __init__(
        self,
        urdf_xml: str,
        config: Config,
        run_folder: Path,
        model_folder: Path,
        source: Source | None = None,
        group: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        """`source`: recordings to train on. None: those that the run's folder was made from, or else simulation.

        All processes of the `group` train the JEPA; the main process does everything else.
        """
        self._group = group
        self._urdf_xml = urdf_xml
        encoder = config.encoder
        if encoder.kind and config.collect.frame_size == FRAME_SIZE:
            # The default size is that of our own encoder. Published ones take the camera's own size.
            config = dataclasses.replace(config, collect=dataclasses.replace(config.collect, frame_size=0))
        # An encoder that cannot be used is refused before any work is done.
        self._encoder = open_encoder(encoder) if encoder.kind else None
        if self._encoder is None:
            Encoder(config.train, config.collect.frame_size)
            PictureReader(config.goal, 0, 1, config.collect.frame_size)
        ticks_in(config.collect.period_ms)
        self._recorded = remembered(run_folder) if source is None else identity(source)
        self._options_file = run_folder / "robot.json"
        if config.robot == AS_DESCRIBED and self._options_file.exists():
            known = json.loads(self._options_file.read_text())
            config = dataclasses.replace(config, robot=RobotOptions(**known | {"joints": tuple(known["joints"])}))
        robot = read_robot(urdf_xml)
        self._robot = robot
        self._joints = moved_joints(robot, config.robot)
        # A URDF that cannot be used is refused before any work is done. Recordings need no acceleration limits.
        self._limits = joint_limits(robot, self._joints, config.robot, needs_acceleration=self._recorded is None)
        self._tip = _moved_tip(robot, self._joints, config.robot.tip)
        self._require_cameras(config)
        if self._recorded is not None:
            refuse_scene_of_recordings(config.collect)
        scene = scene_of(config.collect)
        _require_places(config, free_objects(scene))
        config = with_latent_parts(config, self._recorded is not None or bool(free_objects(scene)))
        self._config = config
        self._run_folder = run_folder
        self._model_folder = model_folder
        self._latents: torch.Tensor | None = None
        self._goals: torch.Tensor | None = None
        views = view_count(config.collect, config.randomise)
        exploration = by_content(config.collect, scene)
        collected = fingerprint(urdf_xml, config.robot, exploration, config.randomise, views)
        if self._recorded is not None:
            cut = config.collect
            # As of settings that were added later: the default leaves the fingerprint as it was.
            added = [] if cut.period_ms == CollectConfig.period_ms else [cut.period_ms]
            collected = fingerprint(
                urdf_xml, config.robot, cut.periods, cut.frame_size, config.recordings, self._recorded, *added
            )
        seen = fingerprint(collected, config.photometry, encoder, self._encoder.sha256 if self._encoder else "")
        trained = fingerprint(seen, config.train)
        predicted = fingerprint(trained, config.predictor) if config.predictor.enabled else trained
        # Without proprioception there is no goal reader, and nothing depends on its settings.
        read = fingerprint(trained, config.goal) if config.train.proprioception else trained
        distanced = fingerprint(read, config.distance)
        # Heads do not depend on the predictor; what is made of all graphs does.
        forecast = [config.predictor] if config.predictor.enabled else []
        inverted = fingerprint(distanced, config.inverse, config.planner.horizon)
        # Without inverse dynamics nothing depends on their settings.
        graphs = inverted if config.inverse.enabled else distanced
        exported = fingerprint(graphs, config.name, config.planner, str(model_folder.resolve()), *forecast)
        self._made_from = {
            "collect": collected,
            "features": seen,
            "train": trained,
            "predictor": predicted,
            "goal": read,
            "distance": distanced,
            "probe": fingerprint(distanced, config.planner, "verdicts", *forecast),
            "inverse": inverted,
            "export": exported,
            "evaluate": fingerprint(exported, config.evaluate),
        }

    def _require_cameras(self, config: Config) -> None:
        """Raises ExportRefusedError for several cameras where there is one, and for those that the robot lacks."""
        chosen = config.collect.cameras
        if not chosen:
            return
        elsewhere = {
            "recordings": (
                self._recorded is not None,
                "Leave it empty: --lerobot-camera A,B chooses those of a LeRobot data set, a bag gives one camera.",
            ),
            "collect.gazebo_episodes": (config.collect.gazebo_episodes > 0, _GAZEBO_HAS_ONE),
            "evaluate.gazebo_episodes": (config.evaluate.gazebo_episodes > 0, _GAZEBO_HAS_ONE),
        }
        for what, (is_on, remedy) in elsewhere.items():
            if is_on:
                raise ExportRefusedError(
                    "collect.cameras",
                    found=f"{', '.join(chosen)} together with {what}",
                    expected="motions and evaluation in MuJoCo",
                    remedy=remedy,
                )
        camera_indices(read_cameras(self._robot.root), chosen, config.collect.frame_size)

    def run(self, last: str) -> dict[str, dict[str, Any]]:
        """Runs the stages up to and including `last`; returns the figures of each. After evaluate it writes the
        card. Raises ExportRefusedError for a stage that the settings leave out, for episodes that are too short to
        train on, and for recorded cameras that evaluate cannot simulate because the robot lacks them."""
        left_out = self._left_out()
        if last in left_out:
            raise ExportRefusedError(
                last,
                found=f"a model without it ({left_out[last]}=off)",
                expected="a stage of the model",
                remedy=f"Pass --set {left_out[last]}=on.",
            )
        if last != "collect":
            require_long_episodes(self._config.collect.periods, self._config.train)
        if last == "evaluate" and self._recorded is not None:
            # Recorded cameras are simulated in evaluate alone, which comes last.
            recorded = source_of(self._recorded).camera_names
            camera_indices(read_cameras(self._robot.root), recorded, self._config.collect.frame_size)
        figures = {}
        for name in STAGES[: STAGES.index(last) + 1]:
            if name in left_out:
                continue
            figures[name] = self._run_one(name)
            if name == "collect" and self._encoder is not None and last != name:
                figures["features"] = self._run_one("features")
        if last == STAGES[-1] and self._group.is_main:
            print(write_card(self._model_folder, self._config, self._robot, self._joints, figures, self._encoder))
        return figures

    def _left_out(self) -> dict[str, str]:
        """The stages that the settings leave out, each with the setting."""
        switches = {
            "goal": ("train.proprioception", self._config.train.proprioception),
            "inverse": ("inverse.enabled", self._config.inverse.enabled),
            "predictor": ("predictor.enabled", self._config.predictor.enabled),
        }
        return {stage: setting for stage, (setting, is_on) in switches.items() if not is_on}

    def _run_one(self, name: str) -> dict[str, Any]:
        folder = self._run_folder / name
        output = {
            "collect": folder / "frames.npy",
            "features": folder / "features.npy",
            "train": folder / "jepa.pt",
            "predictor": folder / "predictor.pt",
            "goal": folder / "reader.pt",
            "distance": folder / "distance.pt",
            "inverse": folder / "inverse.pt",
            "probe": folder / "rollout.png",
            "export": self._model_folder / "manifest.json",
            "evaluate": self._model_folder / "manifest.json",
        }[name]
        return run_stage(
            folder,
            name,
            self._made_from[name],
            output,
            lambda: getattr(self, f"_{name}")(folder),
            self._group,
            distributed=name == "train",
        )

    def _collect(self, folder: Path) -> dict[str, Any]:
        config = self._config
        if self._recorded is None:
            figures = collect(self._urdf_xml, config.collect, config.randomise, folder, config.robot)
        else:
            source = source_of(self._recorded)
            figures = collect_recordings(
                self._urdf_xml, source, config.collect, config.recordings, folder, config.robot
            )
            remember(self._run_folder, self._recorded)
        # Later commands need neither the recordings nor the options again.
        self._options_file.write_text(json.dumps(dataclasses.asdict(config.robot)) + "\n")
        dataset = self._dataset()
        covered = coverage(self._joints, self._limits, dataset.positions, dataset.velocities)
        print(*coverage_lines(covered), sep="\n")
        if dataset.objects is not None:
            moved = object_motion(dataset.object_names, dataset.objects, dataset.period_ms / 1000)
            print(*object_lines(moved), sep="\n")
            covered |= {"objects": moved["objects"], "missing": [*covered["missing"], *moved["missing"]]}
        return figures | covered

    def _features(self, folder: Path) -> dict[str, Any]:
        config = self._config
        return write_features(
            self._dataset(), self._encoder, config.encoder, config.photometry, folder, self._made_from["features"]
        )

    def _train(self, folder: Path) -> dict[str, Any]:
        config = self._config
        joints = joint_kinds(self._limits)
        made_from = self._made_from["train"]
        tip = None
        if config.train.tip_place:
            tip = TipPlace.of_robot(self._robot, self._joints, joints.prismatic, self._tip)
        return train(self._seen(), joints, config.train, config.photometry, folder, made_from, self._group, tip)

    def _predictor(self, folder: Path) -> dict[str, Any]:
        config, dataset = self._config, self._dataset()
        jepa = load_jepa(self._run_folder / "train" / "jepa.pt")
        recorded = (self._encoded(), torch.from_numpy(dataset.actions), torch.from_numpy(dataset.object_places))
        training, held_out = (
            Motions(*(values[some] for values in recorded)) for some in dataset.split(config.train.held_out)
        )
        return train_predictor(jepa, training, held_out, config.train, config.predictor, folder)

    def _goal(self, folder: Path) -> dict[str, Any]:
        config, jepa = self._config, self._jepa()
        places = LinkPlaces(self._robot, self._joints)
        held_out = config.train.held_out
        figures = train_reader(self._seen(), jepa, config.goal, config.photometry, held_out, folder, places)
        tip = figures["places_m"][self._tip]
        figures["read_out"] = accuracy_in_words(self._joints, jepa.joint_part.prismatic.tolist(), figures, tip)
        return figures

    def _distance(self, folder: Path) -> dict[str, Any]:
        training, _ = self._dataset().split(self._config.train.held_out)
        latents, goals = self._learned_from(self._config.distance)
        if self._config.distance.goal == "objects":
            return train_steps_to_objects(
                latents[training],
                torch.from_numpy(self._dataset().object_places[training]),
                self._object_numbers(),
                self._config.distance,
                self._config.train.block,
                folder,
            )
        return train_distance(
            latents[training],
            self._config.distance,
            self._config.train.block,
            folder,
            None if goals is None else goals[training],
            self._velocities(),
            self._unseen(self._config.distance.latent_part),
        )

    def _inverse(self, folder: Path) -> dict[str, Any]:
        config = self._config
        actions = torch.from_numpy(self._dataset().actions)
        latents, goals = self._learned_from(config.inverse)
        places = torch.from_numpy(self._dataset().object_places)
        training, held_out = (
            Recorded(latents[part], actions[part], None if goals is None else goals[part], places[part])
            for part in self._dataset().split(config.train.held_out)
        )
        towards = None
        if config.distance.goal == "objects":
            towards = TowardsObjects(self._object_numbers(), config.distance.near_m)
        figures = train_inverse(
            training,
            held_out,
            self._distance_head(),
            torch.from_numpy(self._limits.velocity).float(),
            config.planner.horizon,
            config.train.block,
            config.inverse,
            folder,
            self._velocities(),
            self._unseen(config.inverse.latent_part),
            towards,
        )
        print(*figures["read_out"], sep="\n")
        return figures

    def _probe(self, folder: Path) -> dict[str, Any]:
        head, of_poses = self._distance_head(), self._config.distance.goal == "pose"
        held_out = self._config.train.held_out
        seen = self._seen()
        errors = rollout_errors(self._jepa(), seen, seen.split(held_out)[1], ROLLOUT_STEPS)
        figures = probe(
            self._dataset(),
            self._joints,
            self._encoded(),
            head,
            errors,
            held_out,
            self._limits.velocity,
            self._config.train.block,
            folder,
            self._config.train.latent_dim,
            self._read_goals(),
            of_poses,
        )
        if self._config.train.proprioception:
            read = json.loads((self._run_folder / "goal" / "goal.json").read_text())["figures"]
            figures |= {"goal_reader": read, "read_out": [*figures["read_out"], *read["read_out"]]}
        figures |= planning(self._probed(head), errors, of_poses)
        print(*figures["read_out"], *figures["verdicts"], sep="\n")
        return figures

    def _probed(self, head: DistanceHead | StepsToObjects) -> Probed:
        """The model with the objective of its planner, and the held-out episodes."""
        planner, limits = self._config.planner, self._limits
        is_temporal = planner.objective == "temporal_distance"
        return Probed.of_episodes(
            self._dataset(),
            self._dataset().split(self._config.train.held_out)[1],
            self._encoded(),
            self._read_goals(),
            joints=self._joints,
            prismatic=[unit == "m" for unit in limits.units],
            lower=limits.lower,
            upper=limits.upper,
            velocity=limits.velocity,
            predictor=self._jepa().predictor,
            block=self._config.train.block,
            window=self._config.train.window,
            objective=head if is_temporal else squared_distance(head.used),
            unit=" steps" if is_temporal else "",
            horizon=planner.horizon,
            steps=planner.steps,
        )

    def _export(self, _folder: Path) -> dict[str, Any]:
        frozen, robot = self._encoder, self._robot.name or self._config.name
        provenance = {
            "source": self._source_in_words(),
            "createdBy": "python -m jepa_mpc_training all",
            "dataset": self._dataset_in_words(),
        }
        if frozen is not None:
            provenance["checkpointSha256"] = frozen.sha256
        joints = ", ".join(self._joints)
        about = {
            "description": f"{robot} ({joints}) before {self._cameras_in_words()}, with a temporal-distance head"
            + ("" if frozen is None else f", on the features of {frozen.kind.title}"),
            "licence": "Apache-2.0" if frozen is None else frozen.kind.licence,
            "provenance": provenance,
        }
        return export(self._urdf_xml, self._networks(), self._dataset(), self._config, about, self._model_folder)

    def _networks(self) -> Networks:
        jepa, head, dataset = self._jepa(), self._distance_head(), self._dataset()
        front, camera = nn.Identity(), None
        if self._encoder is not None:
            front = features_of(self._encoder, self._config.encoder, dataset.camera_count)
            camera = self._encoder.camera
        whole = jepa.encoder if camera is None else nn.Sequential(front, jepa.encoder).eval()
        inverse = load_inverse(self._run_folder / "inverse" / "inverse.pt") if self._config.inverse.enabled else None
        networks = Networks(whole, camera or jepa.camera, jepa.predictor, head, inverse, object_width=jepa.object_width)
        if dataset.cameras:
            networks = dataclasses.replace(networks, encoder=SeparateImages(whole).eval(), cameras=dataset.cameras)
        if jepa.joint_part is None:
            return networks
        return dataclasses.replace(
            networks,
            encoder=EncoderWithJoints(whole, jepa.joint_part).eval(),
            joint_part=jepa.joint_part,
            goal_encoder=GoalEncoder(front, jepa.encoder, self._reader(jepa), jepa.joint_part).eval(),
        )

    def _source_in_words(self) -> str:
        seen = "exploration" if self._recorded is None else "recordings of a robot"
        if self._encoder is None:
            return f"Trained from {seen} by training/ of this repository"
        kind = self._encoder.kind
        return (
            f"{kind.title}, code and weights of {kind.source}, licence {kind.licence}, as they are; projection, "
            f"predictor and distance trained from {seen} by training/ of this repository"
        )

    def _cameras_in_words(self) -> str:
        cameras = self._dataset().cameras
        return f"the cameras {', '.join(cameras)}" if cameras else "a camera"

    def _dataset_in_words(self) -> str:
        collected = self._config.collect
        if self._recorded is not None:
            names = ", ".join(Path(path).name for path in source_of(self._recorded).paths)
            return f"{len(self._dataset().frames)} episodes of {collected.periods} periods, cut from {names}"
        views = view_count(collected, self._config.randomise)
        return (
            f"{collected.episodes} episodes of {collected.periods} periods, {collected.gazebo_episodes} of "
            f"them in Gazebo, the others in MuJoCo, in {views} view{'s' if views > 1 else ''}, seed {collected.seed}"
        )

    def _evaluate(self, _folder: Path) -> dict[str, Any]:
        model = ExportedModel(self._model_folder)
        planner, episodes = self._config.planner, self._config.evaluate.episodes
        pushes = self._config.distance.goal == "objects"
        shared: dict[str, Any] = {
            "frame_size": self._config.collect.frame_size,
            "options": self._config.robot,
            "scene": scene_of(self._config.collect) if pushes else (),
            "pushes": pushes,
        }
        # The camera gives a frame at the start of each control period, as in the data.
        usual = Timing(frame_period_ms=float(self._config.collect.period_ms))
        runs = runs_of(planner, usual, episodes, model.proposes)
        policies = {
            name: evaluate(self._urdf_xml, model, settings, range(count), timing, policy, **shared)
            for name, (settings, timing, policy, count) in runs.items()
        }

        def planned(count: int, **changes: Any) -> dict[str, Any]:
            return evaluate(self._urdf_xml, model, planner, range(count), usual, **shared, **changes)

        if model.reads_goals and not pushes:
            policies["planner, joint positions of the goal known"] = planned(episodes, captures_goal=True)
        conditions = {name: planned(episodes // 2, condition=condition) for name, condition in CONDITIONS.items()}
        if pushes:
            conditions["the object is suddenly elsewhere while the robot stands still"] = planned(
                episodes // 2, object_moves=True
            )
        if count := self._config.evaluate.gazebo_episodes:
            conditions["in Gazebo"] = planned(count, simulator="gazebo")
        return {"policies": policies, "conditions": conditions, "speed": benchmark(model, planner.samples)}

    def _dataset(self) -> Dataset:
        return Dataset.load(self._run_folder / "collect")

    def _seen(self) -> Dataset:
        """What the JEPA is trained on: the recordings, or a published encoder's features of them."""
        if self._encoder is None:
            return self._dataset()
        return Features.of(self._dataset(), self._run_folder / "features" / "features.npy")

    def _jepa(self) -> Jepa:
        jepa = load_jepa(self._run_folder / "train" / "jepa.pt")
        if self._config.predictor.enabled:
            load_predictor(self._run_folder / "predictor" / "predictor.pt", jepa.predictor)
        return jepa

    def _distance_head(self) -> DistanceHead | StepsToObjects:
        return load_distance(self._run_folder / "distance" / "distance.pt")

    def _reader(self, jepa: Jepa) -> GoalReader:
        return load_reader(self._run_folder / "goal" / "reader.pt", self._seen(), jepa)

    def _velocities(self) -> int:
        """Numbers of a latent that are velocities."""
        return len(self._joints) if self._config.train.proprioception else 0

    def _object_numbers(self) -> ObjectNumbers:
        """Where latents have the places of objects."""
        shown, jepa = self._config.train.latent_dim, self._jepa()
        tip = shown + jepa.joint_part.size
        return ObjectNumbers(shown + jepa.joint_width, shown - jepa.object_width, shown, tip)

    def _unseen(self, latent_part: str) -> int:
        """How many numbers at the front of a latent a head overlooks that learns from this part."""
        shown, objects = self._config.train.latent_dim, self._dataset().object_places.shape[2]
        return {"all": 0, "objects": shown - objects, "joints": shown}[latent_part]

    def _learned_from(self, head: DistanceConfig | InverseConfig) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Latents `[E, V, T + 1, D]` that a head learns from, and goals that are read from pictures (`_read_goals`), or
        None. To encode and to read large images takes minutes, so a head that needs none of it gets none."""
        if head.picture_share > 0:
            return self._encoded(), self._read_goals()
        if head.latent_part != "joints":
            return self._encoded(), None
        joints = self._jepa().joint_part.of(torch.from_numpy(self._dataset().states)).unsqueeze(1)
        return torch.cat((joints.new_zeros(*joints.shape[:3], self._config.train.latent_dim), joints), dim=3), None

    def _read_goals(self) -> torch.Tensor | None:
        """What every frame is as a goal that is given as a picture: its latent, with the joints that are read from it
        `[E, V, T + 1, D]`. None without proprioception, where that is the frame's latent."""
        if not self._config.train.proprioception:
            return None
        if self._goals is None:
            jepa, seen = self._jepa(), self._seen()
            everything = np.arange(len(seen.frames))
            read = read_all(seen, everything, jepa, self._reader(jepa), self._config.photometry)
            shown = self._encoded()[..., : self._config.train.latent_dim]
            self._goals = torch.cat((shown, jepa.joint_part.at_rest(read)), dim=-1)
        return self._goals

    def _encoded(self) -> torch.Tensor:
        """Latents of every frame `[E, V, T + 1, D]`. To encode large images takes minutes, so they are kept on disk."""
        if self._latents is None:
            file, made_from = self._run_folder / "train" / "latents.pt", self._made_from["train"]
            kept = torch.load(file, weights_only=True) if file.exists() else {}
            if kept.get("made_from") == made_from:
                self._latents = kept["latents"]
            else:
                jepa = load_jepa(self._run_folder / "train" / "jepa.pt")
                self._latents = jepa.encode_all(self._seen(), self._config.photometry)
                torch.save({"made_from": made_from, "latents": self._latents}, file)
        return self._latents


def _moved_tip(robot: Robot, moved: Sequence[str], chosen: str) -> str:
    """The link whose position counts. Raises UrdfError if it does not exist, and ExportRefusedError if none of the
    joints moves it."""
    tip, links = tip_link(robot, moved, chosen), LinkPlaces(robot, moved).links
    if tip not in links:
        raise ExportRefusedError(
            "--tip",
            found=f"'{tip}', which none of {', '.join(moved)} moves",
            expected=f"one of the links {', '.join(links)}",
            remedy=f"Name one of these, e.g. --tip {links[-1]}.",
        )
    return tip


def _require_places(config: Config, objects: Sequence[str]) -> None:
    """Raises ExportRefusedError for settings that need the places of objects where the data has none, or where the
    encoder does not read them."""
    if config.train.object_reading and not objects:
        raise ExportRefusedError(
            "train.object_reading",
            found=f"{config.train.object_reading:g}, with {config.collect.scene or 'no scene'}",
            expected="a scene with a free object, whose places the simulator records",
            remedy="Pass --set collect.scene=FILE with a free object in it, or leave out train.object_reading.",
        )
    if config.distance.goal == "objects":
        if not config.train.object_reading:
            raise _without_places("distance.goal", "objects")
        if not (config.train.tip_place and config.train.proprioception):
            raise ExportRefusedError(
                "distance.goal",
                found="objects, without the place of the tip",
                expected="latents with it",
                remedy="Pass --set train.tip_place=on, and leave train.proprioception on.",
            )
        if config.evaluate.gazebo_episodes:
            raise ExportRefusedError(
                "evaluate.gazebo_episodes",
                found=f"{config.evaluate.gazebo_episodes}, with distance.goal=objects",
                expected="pushes in MuJoCo",
                remedy="Leave it out: Gazebo shows the robot without the objects.",
            )


def _without_places(setting: str, found: str) -> ExportRefusedError:
    return ExportRefusedError(
        setting,
        found=f"{found}, with train.object_reading=0",
        expected="latents with the places of objects",
        remedy="Pass --set train.object_reading=5.",
    )


def with_latent_parts(config: Config, others_move: bool) -> Config:
    """The configuration with the part of the latents that each head learns from. `others_move`: whether the data may
    show motion of something else than the robot, as recordings and scenes with free objects do. Raises
    ExportRefusedError for the joint part of latents without one."""
    usual = "joints" if config.train.proprioception and not others_move else "all"
    if usual == "all" and config.train.object_reading:
        usual = "objects"
    for stage in ("distance", "inverse"):
        section = getattr(config, stage)
        part = section.latent_part or usual
        if part == "joints" and not config.train.proprioception:
            raise ExportRefusedError(
                f"{stage}.latent_part",
                found="joints, with train.proprioception=off",
                expected="latents with a joint part",
                remedy=f"Pass --set {stage}.latent_part=all, or leave train.proprioception on.",
            )
        if part == "objects" and not config.train.object_reading:
            raise _without_places(f"{stage}.latent_part", part)
        config = dataclasses.replace(config, **{stage: dataclasses.replace(section, latent_part=part)})
    return config
