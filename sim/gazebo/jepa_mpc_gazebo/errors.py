"""What this simulator raises."""

from jepa_mpc_sim.errors import StartupError


class GazeboError(StartupError):
    """Gazebo cannot be started, or stopped answering; the message says what was found and what was expected."""
