"""Topic of what the robot touches."""

from __future__ import annotations

from typing import Protocol

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from std_msgs.msg import Header

from .contacts import Contacts
from .messages import time_message

TOPIC = "~/contacts"
SELF_COLLISIONS, SURROUNDINGS = "self_collisions", "surroundings"
"""Names of the two parts of a message."""


class ContactsPlant(Protocol):
    """A plant that sees contacts."""

    def contacts(self) -> Contacts | None:
        """What touches now; None where no link that moves has a collision shape."""
        ...


class ContactTopic:
    """Publishes what touches, for scoring and never for planning."""

    def __init__(self, node: Node, plant: ContactsPlant) -> None:
        self._plant = plant
        self._publisher = node.create_publisher(DiagnosticArray, TOPIC, 5)

    def publish(self, stamp_ns: int) -> None:
        """Publishes what touches now."""
        self._publisher.publish(contacts_message(self._plant.contacts(), stamp_ns))


def contacts_message(contacts: Contacts | None, stamp_ns: int) -> DiagnosticArray:
    """Contacts -> DiagnosticArray with a status for each kind, whose entries are the pairs; without one for None."""
    message = DiagnosticArray(header=Header(stamp=time_message(stamp_ns)))
    if contacts is not None:
        kinds = {SELF_COLLISIONS: contacts.self_collisions, SURROUNDINGS: contacts.surroundings}
        message.status = [
            DiagnosticStatus(name=name, values=[KeyValue(key=first, value=second) for first, second in pairs])
            for name, pairs in kinds.items()
        ]
    return message
