"""The scales of LeRobot's numbers: degrees, shares of the range, and grippers from 0 to 100."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pytest
from jepa_mpc_sim.joint_limits import JointLimits, RobotOptions
from test_lerobot import PERIODS, DataSet

from jepa_mpc_training.config import CollectConfig, RecordingsConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.recordings.collect import collect_recordings
from jepa_mpc_training.recordings.errors import RecordingError
from jepa_mpc_training.recordings.lerobot_scales import scales_of
from jepa_mpc_training.recordings.options import add_options, source_from
from jepa_mpc_training.recordings.source import LerobotSource, identity, source_of

_JOINTS = ("shoulder_pan", "elbow_flex", "gripper")


def _limits(gripper: tuple[float, float] = (-0.2, 1.8), unit: str = "rad", elbow: float = 1.7) -> JointLimits:
    some = np.ones(3)
    lower, upper = np.array([-1.9, -elbow, gripper[0]]), np.array([1.9, elbow, gripper[1]])
    return JointLimits(("rad", "rad", unit), lower, upper, some, some, some)


def _words(seen: list[tuple[float, float]], limits: JointLimits | None = None, **source) -> list[str]:
    scales = scales_of("set", LerobotSource(("set",), **source), _JOINTS, limits or _limits(), np.array(seen))
    return [scale.words.removeprefix(f"{joint} ") for joint, scale in zip(_JOINTS, scales, strict=True)]


SHARE = "-100 to 100 for -1.9 to 1.9 rad", "-100 to 100 for -1.7 to 1.7 rad"
GRIPPER = "0 to 100 for -0.2 to 1.8 rad"


@pytest.mark.parametrize(
    ("seen", "source", "expected"),
    [
        ([(-1.5, 1.2), (-0.4, 1.1), (0.0, 1.5)], {}, ("in rad", "in rad", "in rad")),
        ([(-1.5, 1.2), (-0.4, 1.1), (2.0, 97.0)], {}, ("in rad", "in rad", GRIPPER)),
        ([(-104.0, 70.0), (-60.0, 90.0), (5.0, 95.0)], {}, ("in degrees", "in degrees", GRIPPER)),
        ([(-100.0, 70.0), (-60.0, 90.0), (0.0, 95.0)], {}, (*SHARE, GRIPPER)),
        ([(-46.0, 46.0), (-40.0, 30.0), (5.0, 95.0)], {"degrees": True}, ("in degrees", "in degrees", GRIPPER)),
        ([(-46.0, 46.0), (-40.0, 30.0), (5.0, 95.0)], {"normalised": True}, (*SHARE, GRIPPER)),
        (
            [(-46.0, 46.0), (-40.0, 30.0), (-10.0, 95.0)],
            {"degrees": True, "scales": (("gripper", "degrees"), ("elbow_flex", "100..-100"))},
            ("in degrees", "100 to -100 for -1.7 to 1.7 rad", "in degrees"),
        ),
    ],
)
def test_a_scale_is_that_of_the_data_set_or_the_one_that_is_passed(seen, source, expected) -> None:
    assert _words(seen, **source) == list(expected)


def test_positions_beyond_an_arm_in_degrees_are_shares_of_the_range() -> None:
    seen = [(-80.0, 80.0), (-80.0, 80.0), (0.0, 95.0)]
    assert _words(seen, _limits(elbow=0.5))[1] == "-100 to 100 for -0.5 to 0.5 rad"


def test_a_finger_in_m_keeps_its_unit_and_one_from_0_to_100_has_the_ends_of_its_range() -> None:
    arm = [(-104.0, 70.0), (-60.0, 90.0)]
    finger = _limits((0.0, 0.04), "m")
    assert _words([*arm, (0.0, 0.039)], finger)[2] == "in m"
    assert _words([*arm, (0.0, 99.0)], finger)[2] == "0 to 100 for 0 to 0.04 m"


@pytest.mark.parametrize(
    ("seen", "limits", "source", "message"),
    [
        (
            [(-46.0, 46.0), (-40.0, 30.0), (5.0, 95.0)],
            _limits(),
            {},
            r"shoulder_pan from -46 to 46; .*may be degrees or from -100 to 100.*--degrees or --normalised",
        ),
        (
            [(-300.0, 46.0), (-40.0, 30.0), (5.0, 95.0)],
            _limits(),
            {},
            r"neither rad nor degrees .*--scale shoulder_pan=-300..46",
        ),
        (
            [(-46.0, 46.0), (-40.0, 30.0), (-20.0, 95.0)],
            _limits(),
            {"degrees": True},
            r"gripper from -20 to 95.*=0\.\.",
        ),
        (
            [(-46.0, 46.0), (-40.0, 30.0), (0.0, 1.5)],
            _limits(),
            {"degrees": True},
            "gripper .*may be rad or from 0 to 1",
        ),
        (
            [(-1.0, 1.0)] * 3,
            _limits(),
            {"scales": (("griper", "0..100"),)},
            "joint 'griper', expected one of shoulder_pan",
        ),
        ([(-1.0, 1.0)] * 3, _limits(), {"scales": (("gripper", "m"),)}, r"in rad, expected .*--scale gripper=rad"),
        (
            [(-1.0, 1.0), (-1.0, 1.0), (0.0, 0.03)],
            _limits((0.0, 0.04), "m"),
            {"scales": (("gripper", "degrees"),)},
            r"in m, expected .*--scale gripper=m",
        ),
        (
            [(-80.0, 80.0), (-80.0, 80.0), (0.0, 80.0)],
            _limits(elbow=math.inf),
            {"normalised": True},
            r"continuous joint.*elbow_flex=degrees",
        ),
    ],
)
def test_a_scale_that_is_not_known_is_refused_with_what_to_pass(seen, limits, source, message) -> None:
    with pytest.raises(RecordingError, match=message):
        _words(seen, limits, **source)


def test_a_gripper_is_known_by_its_recorded_name() -> None:
    renamed = ("shoulder_pan", "elbow_flex", "6")
    seen = np.array([(-104.0, 70.0), (-60.0, 90.0), (5.0, 95.0)])
    assert scales_of("set", LerobotSource(("set",)), renamed, _limits(), seen)[2].words == "6 in degrees"
    source = LerobotSource(("set",), joint_names=(("6", "main_gripper"),))
    assert scales_of("set", source, renamed, _limits(), seen)[2].words == f"6 {GRIPPER}"


class TestTheCommandLine:
    def source(self, *options: str) -> LerobotSource:
        parser = argparse.ArgumentParser()
        parser.add_argument("--simulator")
        add_options(parser)
        source = source_from(parser.parse_args(["--lerobot", "set", *options]))
        assert isinstance(source, LerobotSource)
        return source

    def test_has_scales_by_joint(self) -> None:
        source = self.source("--normalised", "--scale", "gripper=0..100", "--scale", "wrist=-100..1e2")
        assert source.normalised
        assert source.scales == (("gripper", "0..100"), ("wrist", "-100..1e2"))
        assert source_of(json.loads(json.dumps(identity(source)))) == source

    @pytest.mark.parametrize(
        "text", ["gripper", "=0..1", "gripper=0", "gripper=1..1", "gripper=a..b", "gripper=0..inf"]
    )
    def test_refuses_what_is_no_scale(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"--scale: found .*gripper=0\.\.100"):
            self.source("--scale", text)

    def test_refuses_two_scales_of_the_arm(self) -> None:
        with pytest.raises(ValueError, match="--degrees and --normalised"):
            self.source("--degrees", "--normalised")


class ArmWithGripper(DataSet):
    """A joint in degrees and a gripper from 0 to 100, whose range in the URDF is -3 to 5 rad."""

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        return np.stack([np.rad2deg(positions[:, 0]), (positions[:, 1] + 3) / 8 * 100], axis=1)


_URDF = """<robot name="arm"><link name="a"/><link name="b"/><link name="c"/>
<joint name="pan" type="revolute"><parent link="a"/><child link="b"/><limit lower="-9" upper="9" velocity="2"/></joint>
<joint name="gripper" type="revolute"><parent link="b"/><child link="c"/>
<limit lower="-3" upper="5" velocity="2"/></joint></robot>"""


@pytest.mark.parametrize("with_statistics", [False, True])
def test_degrees_are_never_those_of_a_gripper(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], with_statistics: bool
) -> None:
    data = ArmWithGripper(in_video=False, names=("pan.pos", "gripper.pos"))
    path = data.write(tmp_path / "set")
    if with_statistics:
        # As LeRobot writes them, for every feature.
        every = np.concatenate([data.numbers(data.position(e, np.arange(n) / 30)) for e, n in enumerate(data.lengths)])
        statistics = {"observation.state": {"min": every.min(0).tolist(), "max": every.max(0).tolist()}}
        (path / "meta" / "stats.json").write_text(json.dumps(statistics))
    out = tmp_path / "out"
    out.mkdir()
    source = LerobotSource((str(path),), degrees=True)
    collect_recordings(_URDF, source, CollectConfig(periods=PERIODS), RecordingsConfig(), out, RobotOptions())
    dataset = Dataset.load(out)
    seconds = np.arange(PERIODS + 1) * 0.1
    assert dataset.positions[0] == pytest.approx(data.position(0, seconds), abs=1e-5)
    assert dataset.actions[0] == pytest.approx(np.diff(data.target(0, seconds), axis=0) / 0.1, abs=1e-4)
    assert "scales: pan in degrees, gripper 0 to 100 for -3 to 5 rad" in capsys.readouterr().out
