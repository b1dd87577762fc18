"""What the relay does to messages, and the models that misbehave."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image, JointState

from jepa_mpc_faults import camera_faults, joint_faults
from jepa_mpc_faults.odd_models import make_odd_models
from jepa_mpc_faults.protobuf import read_fields, write_fields
from jepa_mpc_faults.run import chosen
from jepa_mpc_faults.settings import ROOT, SETTINGS
from jepa_mpc_faults.stamps import shifted, stamp_of
from jepa_mpc_faults.table import FAULTS

MODEL = ROOT / "models" / "reacher"


def image(stamp_ns: int = 5_000_000_000, shade: int = 7) -> Image:
    message = Image(height=4, width=6, step=18, encoding="rgb8", data=array("B", bytes([shade]) * 72))
    message.header.stamp = shifted(Time(), stamp_ns)
    return message


def states(stamp_ns: int = 1_000_000_000) -> JointState:
    message = JointState(name=["a", "b"], position=[1.0, 2.0], velocity=[3.0, 4.0], effort=[5.0, 6.0])
    message.header.stamp = shifted(Time(), stamp_ns)
    return message


def test_a_frozen_camera_repeats_its_first_picture_with_fresh_stamps() -> None:
    relay = camera_faults.frozen()
    relay(image(shade=1))
    [(delay_s, sent)] = relay(image(6_000_000_000, shade=2))
    assert (delay_s, sent.data[0], stamp_of(sent.header.stamp)) == (0.0, 1, 6_000_000_000)


def test_a_dark_picture_is_dark_and_still_shows_the_robot() -> None:
    relay = camera_faults.dark()
    assert [relay(image(shade=shade))[0][1].data[0] for shade in (0, 64, 255)] == [0, 4, 15]


def test_stamps_go_back_while_time_goes_on() -> None:
    relay = camera_faults.stamps_go_back()
    sent = [relay(image(5_000_000_000 + step))[0][1] for step in (0, 10, 20)]
    assert [stamp_of(one.header.stamp) for one in sent] == [5_000_000_000, 4_999_999_990, 4_999_999_980]


def test_a_burst_is_ten_pictures_with_stamps_of_their_own() -> None:
    stamps = {stamp_of(one.header.stamp) for _, one in camera_faults.burst()(image())}
    assert len(stamps) == 10


def test_another_resolution_is_a_whole_picture() -> None:
    [(_, sent)] = camera_faults.other_resolution()(image())
    assert (sent.height, sent.width, sent.step, len(sent.data)) == (2, 3, 9, 18)
    [(_, broken)] = camera_faults.wrong_size()(image())
    assert broken.height * broken.step > len(broken.data)


def test_a_late_camera_is_late_by_the_delay_and_a_part_of_the_jitter() -> None:
    relay = camera_faults.late(100, 20)()
    delays = [relay(image())[0][0] for _ in range(200)]
    assert 0.1 <= min(delays) < 0.105 < 0.115 < max(delays) <= 0.12


def test_joint_states_are_disturbed_as_their_names_say() -> None:
    [(_, reordered)] = joint_faults.reordered(None)(states())
    assert (reordered.name, list(reordered.position), list(reordered.velocity)) == (["b", "a"], [2.0, 1.0], [4.0, 3.0])
    [(_, added)] = joint_faults.added(None)(states())
    assert added.name[1:] == ["a", "b"]
    assert list(added.position)[1:] == [1.0, 2.0]
    [(_, missing)] = joint_faults.missing(None)(states())
    assert (missing.name, list(missing.position)) == (["a"], [1.0])
    [(_, broken)] = joint_faults.not_a_number(None)(states())
    assert math.isnan(broken.position[0])


class Other:
    """The second publisher of joint states."""

    def __init__(self) -> None:
        self.sent: list[JointState] = []
        self.relay = self
        self.other_joint_states = self

    def publish(self, message: JointState) -> None:
        self.sent.append(message)


def test_joint_states_in_pieces_have_every_joint_and_overtake_each_other() -> None:
    other = Other()
    relay = joint_faults.in_pieces(other)
    arrivals = []
    for step in range(30):
        for delay_s, message in relay(states(1_000_000_000 + 10_000_000 * step)):
            arrivals.append((0.01 * step + delay_s, list(message.name), stamp_of(message.header.stamp)))
    assert [list(message.name) for message in other.sent] == [["b"]] * 30
    assert {name for _, names, _ in arrivals for name in names} == {"a", "finger_joint"}
    late = [stamp for _, names, stamp in sorted(arrivals) if names == ["a"]]
    assert len(late) == 40
    assert late != sorted(late)


def test_a_second_publisher_agrees_or_contradicts_as_its_name_says() -> None:
    for disturbed, count, apart in (
        (joint_faults.repeated, 20, 0.0),
        (joint_faults.contradicted, 60, joint_faults.CONTRADICTION_RAD),
        (joint_faults.seldom_contradicted, 3, joint_faults.CONTRADICTION_RAD),
    ):
        other = Other()
        relay = disturbed(other)
        for step in range(60):
            [(_, sent)] = relay(states(1_000_000_000 + step))
            assert list(sent.position) == [1.0, 2.0]
        assert [list(message.position) for message in other.sent] == [[1.0 + apart, 2.0 + apart]] * count


def test_joint_states_are_silent_for_the_time_of_their_stamps() -> None:
    relay = joint_faults.silent_for(100_000_000)(None)
    passed_on = [bool(relay(states(1_000_000_000 + 10_000_000 * step))) for step in range(12)]
    assert passed_on == [False] * 10 + [True] * 2


def test_a_message_survives_reading_and_writing() -> None:
    data = (MODEL / "encoder.onnx").read_bytes()
    assert write_fields(read_fields(data)) == data


@pytest.mark.parametrize("broken", [b"\x0a\x05ab", b"\x0f", b"\x80"])
def test_bytes_that_are_no_message_are_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="found"):
        read_fields(broken)


def test_odd_models_differ_in_the_encoder_and_its_hash_alone(tmp_path: Path) -> None:
    make_odd_models(MODEL, tmp_path)
    for name in ("nan", "constant"):
        files = {path.name for path in MODEL.iterdir()}
        changed = {one for one in files if (tmp_path / name / one).read_bytes() != (MODEL / one).read_bytes()}
        assert changed == {"encoder.onnx", "manifest.json"}


def test_every_fault_has_a_name_of_its_own_and_a_setting() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 45
    assert {fault.setting for fault in FAULTS} == set(SETTINGS)


def test_faults_are_chosen_by_name_or_its_beginning_and_others_are_refused_with_the_list() -> None:
    assert [fault.name for fault in chosen(["pause"])] == ["pause"]
    assert len(chosen(["camera"])) > 5
    assert chosen(None) == list(FAULTS)
    with pytest.raises(SystemExit, match=r"(?s)no fault 'camara'.*camera silent"):
        chosen(["camara"])
