"""Faults of the processes: planner worker, node, simulator."""

from __future__ import annotations

import signal
import time

from .fault import Action, Fault
from .processes import SlowedProcess, limit_memory, send
from .ros_faults import reset_if_needed
from .scene import NoAnswer, Scene

_SEEN_S = 0.2
"""Long enough for the reaction to the end of a worker."""
_RESTART_S = 3.0 - _SEEN_S
"""Planning again within 3 s of it."""
_SIMULATOR_S = 8.0


def worker_signal(number: signal.Signals) -> Action:
    """Signals the planner worker."""

    def inject(scene: Scene) -> None:
        worker = scene.system.worker
        if worker is None:
            raise NoAnswer("the node has no worker")
        scene.kept["worker"] = worker
        send(worker, number)

    return inject


def end_hung_worker(scene: Scene) -> None:
    """A worker that hangs is ended by the node. One that is left would keep memory."""
    worker = scene.kept.pop("worker")
    if scene.system.await_worker(worker, 5.0) is None:
        send(worker, signal.SIGCONT)
        raise NoAnswer("the node has not started another worker")


def out_of_memory(scene: Scene) -> None:
    """The worker gets no more memory, and is asked for plans that need more."""
    worker = scene.system.worker
    if worker is None:
        raise NoAnswer("the node has no worker")
    limit_memory(worker, 0)
    scene.set_parameter("sampling.samples", 5000)
    scene.begun_s = time.time()


def enough_memory(scene: Scene) -> None:
    scene.set_parameter("sampling.samples", 0)


def slow_worker(scene: Scene) -> None:
    """The worker gets a tenth of the processor."""
    worker = scene.system.worker
    if worker is None:
        raise NoAnswer("the node has no worker")
    scene.kept["slowed"] = SlowedProcess(worker, 0.1)


def worker_at_full_speed(scene: Scene) -> None:
    scene.kept.pop("slowed").end()


def node_signal(number: signal.Signals) -> Action:
    def inject(scene: Scene) -> None:
        scene.system.node.signal(number)

    return inject


def node_has_ended(scene: Scene) -> None:
    """The process has ended, its worker too, and the robot rests."""
    if not scene.system.node.wait(6.0):
        raise NoAnswer("the node has not ended within 6 s")
    status = scene.system.node.status
    if status not in (0, -signal.SIGKILL):
        raise NoAnswer(f"the node ended with status {status}")
    scene.pass_time(0.5, driving=False)
    if scene.record.velocity is not None and abs(scene.record.velocity).max() > 0.05:
        raise NoAnswer("the robot still moves")


def simulator_signal(number: signal.Signals) -> Action:
    def inject(scene: Scene) -> None:
        scene.system.simulator.signal(number)

    return inject


def restart_simulator(scene: Scene) -> None:
    """Another simulator takes its place, with its robot where the last one was."""
    scene.system.simulator.end()
    rest = scene.record.position
    scene.record.position = None
    scene.system.start_simulator()
    if not scene.until(lambda: scene.record.position is not None, _SIMULATOR_S, driving=False):
        raise NoAnswer("the simulator did not come back")
    scene.relay.set_state(rest)


def _worker(name: str, number: signal.Signals, rung: str, **options: object) -> Fault:
    return Fault(name, rung, worker_signal(number), recovery_s=_RESTART_S, **options)


_ENDS = ((signal.SIGINT, "node-ended"), (signal.SIGTERM, "node-ended"), (signal.SIGKILL, "node-killed"))

PROCESS_FAULTS = (
    *(_worker(f"worker gets {number.name}", number, "", goes_on=True) for number in (signal.SIGINT, signal.SIGTERM)),
    _worker("worker killed (SIGKILL)", signal.SIGKILL, "worker-died", rests=False, lasts_s=_SEEN_S),
    _worker("device lost (SIGABRT, as of its driver)", signal.SIGABRT, "worker-died", rests=False, lasts_s=_SEEN_S),
    Fault(
        "worker hung (SIGSTOP)",
        "worker-hangs",
        worker_signal(signal.SIGSTOP),
        end_hung_worker,
        recovery_s=6.0,
    ),
    Fault(
        "model 10x slower",
        "plan-late",
        slow_worker,
        worker_at_full_speed,
        goes_on=True,
        lasts_s=5.0,
        gap_ms=3000,
        note="where plans take longer than they may, one move is made after the other, from rest to rest",
    ),
    Fault(
        "worker out of memory",
        "worker-out-of-memory",
        out_of_memory,
        enough_memory,
        goes_on=True,
        lasts_s=4.0,
        gap_ms=6000,
        recovery_s=6.0,
        or_holds=True,
        ends_system=True,
        note="a run that fails is made smaller; where the process itself fails, it is started again",
    ),
    *(
        Fault(
            f"simulator gets {number.name}",
            "peer-lost",
            simulator_signal(number),
            restart_simulator,
            recovers=reset_if_needed,
            stalls=True,
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
    ),
    *(
        Fault(f"node gets {number.name}", rung, node_signal(number), node_has_ended, recovers=None, ends_system=True)
        for number, rung in _ENDS
    ),
)
