"""The topic `~/speed_scale`, as an operator's slider or a safety scanner would send it."""

from __future__ import annotations

from collections.abc import Callable

from std_msgs.msg import Float64

from .fault import Outcome
from .heartbeat import Heart
from .ladder import Rung
from .relay import PLANNER
from .ros_faults import watch_refusal
from .scene import NoAnswer, Scene

_SCALE_TOPIC = f"/{PLANNER}/speed_scale"


def prepare_scale(scene: Scene) -> None:
    publisher = scene.relay.create_publisher(Float64, _SCALE_TOPIC, 10)
    scene.kept["scale"] = publisher
    if not scene.until(lambda: publisher.get_subscription_count() > 0, 2.0):
        raise NoAnswer(f"nobody subscribes to {_SCALE_TOPIC}")
    publisher.publish(Float64(data=1.0))


def scale_zero(scene: Scene) -> None:
    scene.kept["scale"].publish(Float64(data=0.0))


def scale_one(scene: Scene) -> None:
    publisher = scene.kept.pop("scale", None)
    if publisher is not None:
        publisher.publish(Float64(data=1.0))
        scene.pass_time(0.1)
        scene.relay.destroy_publisher(publisher)


def scale_outside(value: float) -> Callable[[Scene, Rung], Outcome]:
    """Refused and named; the robot goes on with the previous value."""

    def check(scene: Scene, rung: Rung) -> Outcome:
        try:
            prepare_scale(scene)
        except NoAnswer as error:
            return Outcome(failures=[str(error)])
        try:
            return watch_refusal(
                scene, rung, ("speed_scale",), lambda scene: scene.kept["scale"].publish(Float64(data=value))
            )
        finally:
            scale_one(scene)

    return check


def prepare_scale_stream(scene: Scene) -> None:
    scene.kept.setdefault("heart", Heart(scene, Float64, _SCALE_TOPIC, 1.0))
