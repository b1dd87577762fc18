"""The dynamics of the simulated robot: masses, friction and servo gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import mujoco


@dataclass(frozen=True)
class Dynamics:
    """Differences of the robot from its URDF. The default is none."""

    mass_scale: Mapping[str, float] = field(default_factory=dict)
    """Factor on mass and inertia, by the name of a link."""
    damping: Mapping[str, float] = field(default_factory=dict)
    """Viscous friction, by the name of a joint, in Nm s/rad (N s/m for prismatic joints)."""
    servo_gain_scale: float = 1.0
    """Factor on the gain of the velocity servos."""


def apply_dynamics(model: mujoco.MjModel, nominal: mujoco.MjModel, scratch: mujoco.MjData, dynamics: Dynamics) -> None:
    """Gives `model` the dynamics, relative to those of `nominal`. Overwrites `scratch`.

    Raises KeyError for an unknown link or joint.
    """
    model.body_mass[:] = nominal.body_mass
    model.body_inertia[:] = nominal.body_inertia
    for link, scale in dynamics.mass_scale.items():
        body = model.body(link).id
        model.body_mass[body] *= scale
        model.body_inertia[body] *= scale
    model.dof_damping[:] = nominal.dof_damping
    for joint, damping in dynamics.damping.items():
        model.dof_damping[model.joint(joint).dofadr[0]] = damping
    model.actuator_gainprm[:] = nominal.actuator_gainprm * dynamics.servo_gain_scale
    model.actuator_biasprm[:] = nominal.actuator_biasprm * dynamics.servo_gain_scale
    # Updates the quantities that MuJoCo derives from masses at compilation.
    mujoco.mj_setConst(model, scratch)


def link_names(model: mujoco.MjModel) -> list[str]:
    """Names of the moving links, in the order of the model."""
    return [model.body(index).name for index in range(model.nbody) if model.body_weldid[index] != 0]
