"""The error of this simulator."""

from jepa_mpc_sim.errors import StartupError


class GazeboError(StartupError):
    """Gazebo cannot be started, or has stopped answering. The message says what was found and what was expected."""
