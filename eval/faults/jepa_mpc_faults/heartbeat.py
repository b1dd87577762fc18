"""A message at a steady rate, whose loss the node notices."""

from __future__ import annotations

from std_msgs.msg import Bool

from .relay import PLANNER
from .scene import Scene

STOP_TOPIC = f"/{PLANNER}/emergency_stop"


class Heart:
    """A publisher that sends at 20 Hz, from the executor's thread, while it beats."""

    def __init__(self, scene: Scene, kind: type, topic: str, value: float | bool) -> None:
        self.beats = True
        self._publisher = scene.relay.create_publisher(kind, topic, 10)
        self._timer = scene.relay.create_timer(0.05, lambda: self.beats and self._publisher.publish(kind(data=value)))


def prepare_heartbeat(scene: Scene) -> None:
    """The heartbeat begins before the activation, which the node refuses without."""
    scene.kept.setdefault("heart", Heart(scene, Bool, STOP_TOPIC, False))


def stop_heart(scene: Scene) -> None:
    scene.kept["heart"].beats = False


def start_heart(scene: Scene) -> None:
    scene.kept["heart"].beats = True
    scene.pass_time(0.3)
