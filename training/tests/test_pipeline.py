"""The whole way from URDF to model folder, and what happens when it is run again."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.urdf import read_robot
from safetensors.numpy import load_file
from tiny_run import TINY, URDF, TinyRun

from jepa_mpc_training import __main__ as program
from jepa_mpc_training import stages
from jepa_mpc_training.card import write_card
from jepa_mpc_training.config import Config, PhotometryConfig, RandomiseConfig, simulated_in, with_settings
from jepa_mpc_training.evaluate import Timing, evaluate, runs_of
from jepa_mpc_training.export import golden_count
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stages import Pipeline
from jepa_mpc_training.train import Jepa

MANIFEST_FIELDS = {
    "": "format version name description licence graphs cameras latent proprioception history action goal objective "
    "plannerDefaults provenance golden",
    "cameras.0": "name topic width height channels colorOrder resize interpolation scale mean std",
    "latent": "tokens dim streams",
    "latent.streams.0": "name of update tokens dims weight",
    "proprioception": "fields mean std",
    "goal": "kind proprioception",
    "history": "mode window warmup",
    "action": "kind joints unit periodMs block mean std lower upper",
    "objective": "default steps",
    "plannerDefaults": "samples iterations elites horizon initialStd minStd actionPenalty restMargin proposalMargin",
    "provenance": "source createdBy dataset",
    "golden": "file sha256 tolerance",
    "golden.tolerance": "cpu webgpu",
    "graphs": "encoder goalEncoder predictor distance inverseDynamics",
    "graphs.encoder": "file sha256",
}


@pytest.mark.parametrize("path", MANIFEST_FIELDS)
def test_the_manifest_has_exactly_the_fields_of_the_contract(tiny: TinyRun, path: str) -> None:
    value = json.loads((tiny.model / "manifest.json").read_text())
    for key in filter(None, path.split(".")):
        value = value[int(key)] if key.isdigit() else value[key]
    assert set(value) == set(MANIFEST_FIELDS[path].split())


def test_what_the_motions_cover_is_among_the_figures(tiny: TinyRun) -> None:
    positions = np.load(tiny.run / "collect" / "positions.npy")
    for index, row in enumerate(tiny.figures["collect"]["coverage"]):
        assert row["joint"] == ("shoulder", "elbow")[index]
        lowest, highest = positions[..., index].min() - 1e-4, positions[..., index].max() + 1e-4
        assert lowest <= row["lowest"] < row["highest"] <= highest
        assert 0 < row["filled"] <= 1
        assert row["speed"] > 0.5


def test_the_manifest_tells_the_robot_and_the_hashes_of_its_files(tiny: TinyRun) -> None:
    manifest = json.loads((tiny.model / "manifest.json").read_text())
    assert manifest["action"]["joints"] == ["shoulder", "elbow"]
    assert manifest["action"]["lower"] == [-2.0, -2.0]
    assert manifest["action"]["upper"] == [2.0, 2.0]
    for entry in (*manifest["graphs"].values(), manifest["golden"]):
        assert hashlib.sha256((tiny.model / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_graphs_have_the_names_and_shapes_of_the_contract(tiny: TinyRun) -> None:
    expected = {
        "encoder": ({"image": [None, 3, 64, 64], "proprioception": [None, 4]}, {"latent": [None, 1, 38]}),
        "goal_encoder": ({"image": [None, 3, 64, 64]}, {"latent": [None, 1, 38]}),
        "predictor": ({"history": [None, 2, 1, 38], "actions": [None, 4]}, {"next": [None, 1, 38]}),
        "distance": ({"latent": [None, 1, 38], "goal": [None, 1, 38]}, {"distance": [None]}),
        "inverse_dynamics": ({"latent": [None, 1, 38], "goal": [None, 1, 38]}, {"actions": [None, 2, 4]}),
    }
    for name, (inputs, outputs) in expected.items():
        model = onnx.load(tiny.model / f"{name}.onnx")
        onnx.checker.check_model(model)
        assert model.opset_import[0].version >= 17
        assert _shapes(model.graph.input) == inputs
        assert _shapes(model.graph.output) == outputs


def test_the_exported_graphs_give_the_golden_vectors_one_by_one(tiny: TinyRun) -> None:
    golden, model = load_file(tiny.model / "golden.safetensors"), ExportedModel(tiny.model)
    assert all(tensor.dtype == np.float32 and len(tensor) >= 4 for tensor in golden.values())
    for row in range(len(golden["predictor.next"])):
        one = slice(row, row + 1)
        following = model.predict(golden["predictor.history"][one], golden["predictor.actions"][one])
        away = model.distance(golden["distance.latent"][one], golden["distance.goal"][one])
        np.testing.assert_allclose(following, golden["predictor.next"][one], atol=1e-4)
        np.testing.assert_allclose(away, golden["distance.distance"][one], atol=1e-4)
        proposed = model.propose(golden["inverseDynamics.latent"][row], golden["inverseDynamics.goal"][row])
        np.testing.assert_allclose(proposed.reshape(2, 4), golden["inverseDynamics.actions"][row], atol=1e-4)


def test_pixels_through_the_manifest_give_the_golden_latent(tiny: TinyRun) -> None:
    golden, model = load_file(tiny.model / "golden.safetensors"), ExportedModel(tiny.model)
    camera = model.manifest["cameras"][0]
    image = golden["encoder.image"][0].transpose(1, 2, 0)
    pixels = (image * np.array(camera["std"]) + np.array(camera["mean"])) / camera["scale"]
    np.testing.assert_allclose(pixels, np.rint(pixels), atol=1e-2)
    spec = model.manifest["proprioception"]
    state = golden["encoder.proprioception"][0] * spec["std"] + spec["mean"]
    latent = model.encode(np.rint(pixels).astype(np.uint8), state[:2], state[2:])
    np.testing.assert_allclose(latent, golden["encoder.latent"][0], atol=1e-4)


@pytest.mark.parametrize(
    ("pixels", "count"), [(28 * 28, 8), (64 * 64, 8), (80 * 80, 5), (128 * 128, 4), (1920 * 1080, 4)]
)
def test_large_images_have_fewer_golden_vectors_but_as_many_as_the_node_asks_for(pixels: int, count: int) -> None:
    assert golden_count(pixels) == count


def test_a_second_run_does_nothing_and_gives_the_same_figures(
    tiny: TinyRun, urdf_xml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    again = Pipeline(urdf_xml, TINY, tiny.run, tiny.model).run("evaluate")
    assert capsys.readouterr().out.count("up to date") == 8
    assert again == tiny.figures


def test_a_changed_planner_leaves_data_and_weights_alone(
    tiny: TinyRun, urdf_xml: str, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _copy(tiny, tmp_path)
    changed = replace(TINY, planner=replace(TINY.planner, horizon=3))
    Pipeline(urdf_xml, changed, run, tmp_path / "model").run("export")
    printed = capsys.readouterr().out
    assert printed.count("up to date") == 4
    assert "inverse: made again, because its settings or inputs have changed" in printed
    assert json.loads((tmp_path / "model" / "manifest.json").read_text())["plannerDefaults"]["horizon"] == 3


def test_without_inverse_dynamics_the_model_has_no_such_graph_and_the_stages_before_are_kept(
    tiny: TinyRun, urdf_xml: str, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, model = _copy(tiny, tmp_path), tmp_path / "model"
    without = with_settings(TINY, ["inverse.enabled=off"])
    figures = Pipeline(urdf_xml, without, run, model).run("export")
    assert capsys.readouterr().out.count("up to date") == 5
    assert "inverse" not in figures
    assert not ExportedModel(model).proposes
    with pytest.raises(ExportRefusedError, match=r"--set inverse\.enabled=on"):
        Pipeline(urdf_xml, without, run, model).run("inverse")
    with pytest.raises(ExportRefusedError, match=r"inverseDynamics.*inverse\.enabled=on"):
        evaluate(urdf_xml, ExportedModel(model), TINY.planner, range(1), Timing(), "inverse")


def test_images_are_encoded_and_read_only_for_heads_that_take_them(
    tiny: TinyRun, urdf_xml: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_all, encode_all = stages.read_all, Jepa.encode_all
    done: list[str] = []
    monkeypatch.setattr(stages, "read_all", lambda *arguments: done.append("read") or read_all(*arguments))
    monkeypatch.setattr(Jepa, "encode_all", lambda *arguments: done.append("encoded") or encode_all(*arguments))
    for share, part, expected in (
        ("0", "joints", []),
        ("0", "all", ["encoded"]),
        ("0.5", "joints", ["encoded", "read"]),
    ):
        settings = [
            setting
            for head in ("distance", "inverse")
            for setting in (f"{head}.picture_share={share}", f"{head}.latent_part={part}", f"{head}.steps=61")
        ]
        done.clear()
        run = _copy(tiny, tmp_path / share / part)
        (run / "train" / "latents.pt").unlink()  # which the probe of the whole run has left
        Pipeline(urdf_xml, with_settings(TINY, settings), run, tmp_path / "model").run("inverse")
        assert sorted(done) == expected


def test_settings_of_the_inverse_dynamics_change_no_stage_before_them(urdf_xml: str, tmp_path: Path) -> None:
    def made_from(*settings: str) -> dict[str, str]:
        return Pipeline(urdf_xml, with_settings(TINY, settings), tmp_path, tmp_path)._made_from

    usual, other, longer = made_from(), made_from("inverse.steps=61"), made_from("planner.horizon=3")
    stages_before = ("collect", "train", "goal", "distance")
    assert [usual[stage] == other[stage] == longer[stage] for stage in stages_before] == [True] * 4
    assert usual["probe"] == other["probe"]
    assert len({each["inverse"] for each in (usual, other, longer)}) == 3
    assert usual["export"] != other["export"]
    off = made_from("inverse.enabled=off"), made_from("inverse.enabled=off", "inverse.steps=61")
    assert off[0]["export"] == off[1]["export"] != usual["export"]


def test_a_stage_whose_output_is_gone_is_done_again(
    tiny: TinyRun, urdf_xml: str, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _copy(tiny, tmp_path)
    (run / "distance" / "distance.pt").unlink()
    Pipeline(urdf_xml, TINY, run, tmp_path / "model").run("distance")
    printed = capsys.readouterr().out
    assert printed.count("up to date") == 3
    assert f"distance: made again, because {run / 'distance' / 'distance.pt'} is gone" in printed
    assert (run / "distance" / "distance.pt").exists()


def test_the_card_carries_the_figures_of_the_run(tiny: TinyRun) -> None:
    card = (tiny.model / "MODEL_CARD.md").read_text()
    for value in tiny.figures["probe"]["r2"]:
        assert f"{value:.4f}" in card
    for result in tiny.figures["evaluate"]["policies"].values():
        assert f"{result['success']} / {result['episodes']}" in card
    assert "inverse dynamics alone" in card
    for line in tiny.figures["inverse"]["read_out"]:
        assert f"- {line}" in card


def test_the_card_says_what_was_done(tiny: TinyRun) -> None:
    card = _card(tiny, TINY)
    assert "# tiny" in card
    assert "- Robot: reacher, 2 joints (shoulder, elbow), target velocities" in card
    assert "Success: the link `fingertip` within 5 cm" in card
    assert "every joint slower than 0.1 rad/s at some" in card
    assert "Appearance and dynamics: the simulator's defaults, not randomised." in card
    assert "Pixels during training: as recorded." in card
    assert "all driven in MuJoCo, each in 1 view; 204 frames" in card
    assert "reads the joint positions from each latent (weight 3)" in card
    assert "in this scene, from this camera pose and in this light" in card
    assert "Two views of one pose" not in card
    assert "- the latent" in card

    recorded = _card(tiny, replace(TINY, randomise=RandomiseConfig()), recordings=["monday.mcap"])
    assert "cut from recordings of a robot (monday.mcap)" in recorded
    assert "Appearance and dynamics: those of the recordings." in recorded
    assert "random motion" not in recorded

    unread = _card(tiny, replace(TINY, train=replace(TINY.train, joint_readout=0.0)))
    assert "no head reads the joint positions from the latents" in unread
    assert "camera frame, joint positions and velocities in" in unread


def test_the_card_says_how_much_was_randomised(tiny: TinyRun) -> None:
    varied = replace(TINY, randomise=RandomiseConfig(), photometry=PhotometryConfig())

    def card(**collected: int) -> str:
        return _card(tiny, varied, views=2, **collected)

    in_mujoco = card(episodes=12, gazebo_episodes=0)
    # Of the two views, 15 % and in a third of the motions the first one look as the simulator has them.
    assert "randomised in 71% of the views: light, tints" in in_mujoco
    assert "in 85% of the motions: masses, friction, servo gain and delay (up to 150 ms)." in in_mujoco
    assert "noise and blur randomised in 85% of the views" in in_mujoco
    assert "each in 2 views" in in_mujoco
    assert "with its camera within the ranges above" in in_mujoco

    both = card(episodes=12, gazebo_episodes=6)
    assert "6 driven in MuJoCo and 6 in Gazebo (one view each from there)" in both
    assert "randomised in 57% of the views" in both
    assert "in as many of those in MuJoCo: masses, friction and servo gain." in both

    in_gazebo = card(episodes=12, gazebo_episodes=12)
    assert "all driven in Gazebo (one view each from there)" in in_gazebo
    assert "randomised in 42% of the views" in in_gazebo
    assert "masses" not in in_gazebo


def test_the_card_names_what_the_data_lack(tiny: TinyRun) -> None:
    assert "Missing in the data" not in _card(tiny, TINY, missing=[])
    lacking = _card(tiny, TINY, missing=["elbow moved over 12 % of its range: record motion of it over the rest"])
    assert "- Missing in the data: elbow moved over 12 % of its range: record motion of it over the rest." in lacking


def test_the_card_names_the_robot_of_the_urdf_its_tip_and_its_units(tiny: TinyRun) -> None:
    slides = URDF.read_text().replace('name="elbow" type="revolute"', 'name="elbow" type="prismatic"')
    renamed = slides.replace('<robot name="reacher"', '<robot name="gantry"')
    card = _card(tiny, replace(TINY, robot=RobotOptions(tip="distal_link")), renamed)
    assert "- Robot: gantry, 2 joints" in card
    assert "the link `distal_link` within 5 cm" in card
    assert "every joint slower than 0.1 rad/s or 0.1 m/s" in card
    assert "- Robot: tiny, 2 joints" in _card(tiny, TINY, slides.replace('<robot name="reacher"', "<robot"))


def test_rows_of_the_closed_loop_are_named_for_the_objective_of_the_planner() -> None:
    temporal, fast, squared, *_ = runs_of(TINY.planner, Timing(), 10, proposes=False)
    assert (temporal, squared) == ("planner, temporal distance", "planner, squared latent distance")
    assert fast.startswith("the same, 30 Hz camera")
    alone = runs_of(replace(TINY.planner, objective="squared_latent_distance"), Timing(), 10, proposes=False)
    assert list(alone)[::2] == ["planner, squared latent distance", "random actions"]
    assert alone["planner, squared latent distance"][3] == 10


def test_another_weight_of_the_joint_read_out_trains_again_on_the_same_data(urdf_xml: str, tmp_path: Path) -> None:
    def made_from(setting: str) -> dict[str, str]:
        return Pipeline(urdf_xml, with_settings(TINY, [setting]), tmp_path, tmp_path)._made_from

    first, other = made_from("train.joint_readout=3"), made_from("train.joint_readout=0")
    assert first["collect"] == other["collect"]
    assert first["train"] != other["train"]


@pytest.mark.parametrize(
    ("options", "name", "run", "model"),
    [
        ([], "reacher", "training/runs/reacher", "models/reacher"),
        (["--urdf", "my_arm.urdf"], "my_arm", "training/runs/my_arm", "models/my_arm"),
        (["--urdf", "my_arm.urdf", "--run", "/r", "--model", "/m"], "m", "/r", "/m"),
        (["@options.args"], "my arm", "training/runs/my_arm", "models/my arm"),
    ],
)
def test_run_and_folders_are_named_after_the_robot_and_a_model_after_its_folder(
    options: list[str], name: str, run: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    class Stand:
        def __init__(self, *arguments: object) -> None:
            given.extend(arguments)

        def run(self, last: str) -> dict[str, dict[str, object]]:
            return {last: {}}

    monkeypatch.setattr(stages, "Pipeline", Stand)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_arm.urdf").write_text(URDF.read_text())
    (tmp_path / "options.args").write_text(
        f"# A comment\n--urdf my_arm.urdf\n\n--model '{program.ROOT}/models/my arm'\n"
    )
    program.main(["collect", "--threads", "1", *options])
    _, config, run_folder, model_folder, *_ = given
    assert config.name == name
    assert (run_folder, model_folder) == (program.ROOT / run, program.ROOT / model)


@pytest.mark.parametrize("stage", ["export", "probe"])
def test_a_stage_with_the_name_of_a_command_takes_a_file_of_options(
    stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "options.args").write_text("--set train.stepz=7")
    with pytest.raises(SystemExit, match="2"):
        program.main([stage, f"@{tmp_path}/options.args"])
    assert "jepa_mpc_training: error: --set: found 'train.stepz=7'" in capsys.readouterr().err


def test_a_file_of_options_with_an_open_quotation_mark_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "options.args").write_text("--threads 1\n--set 'train.steps=7\n")
    with pytest.raises(SystemExit, match="2"):
        program.main(["collect", f"@{tmp_path}/options.args"])
    assert "found the line --set 'train.steps=7 (No closing quotation)" in capsys.readouterr().err


def test_settings_of_the_command_line_keep_their_types_and_refuse_strangers() -> None:
    assert with_settings(Config(), ["train.steps=7", "planner.min_std=0.5"]).train.steps == 7
    assert with_settings(Config(), ["collect.travel_share=1", "inverse.picture_share=0"]).collect.travel_share == 1
    wrong = ("train.stepz=7", "train.steps=many", "name=x", "train.steps")
    out_of_range = ("inverse.detour=0", "inverse.detour=nan", "inverse.ahead=-3", "planner.horizon=0", "train.patch=0")
    shares = ("collect.travel_share=2", "distance.picture_share=-0.1", "randomise.nominal_share=1.01")
    for bad in (*wrong, *out_of_range, *shares):
        with pytest.raises(ValueError, match="--set"):
            with_settings(Config(), [bad])


def test_all_motions_are_collected_in_the_simulator_that_is_named() -> None:
    config = with_settings(Config(), ["collect.gazebo_episodes=5"])
    assert simulated_in(None, config).collect.gazebo_episodes == 5
    assert simulated_in("mujoco", config).collect.gazebo_episodes == 0
    assert simulated_in("gazebo", config).collect.gazebo_episodes == config.collect.episodes


def _card(tiny: TinyRun, config: Config, urdf: str = URDF.read_text(), **collected: object) -> str:
    """The text of a card with other figures of the stage collect, in one line. The run's own card is kept."""
    before = (tiny.model / "MODEL_CARD.md").read_text()
    figures = tiny.figures | {"collect": tiny.figures["collect"] | collected}
    card = write_card(tiny.model, config, read_robot(urdf), ["shoulder", "elbow"], figures)
    (tiny.model / "MODEL_CARD.md").write_text(before)
    return " ".join(card.split())


def _copy(tiny: TinyRun, folder: Path) -> Path:
    """The tiny run's folder, free to change."""
    return shutil.copytree(tiny.run, folder / "run")


def _shapes(values) -> dict[str, list[int | None]]:
    return {
        value.name: [None if dim.dim_param else dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in values
    }
