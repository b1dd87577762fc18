"""The world file for Gazebo Classic: the world of modern Gazebo with the robot and the project's plugin."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from jepa_mpc_sim.cameras import Camera
from jepa_mpc_sim.held_joints import MovedRobot
from jepa_mpc_sim.urdf import UrdfError

PHYSICS_STEP_S = 0.001
STATE_PERIOD_S = 0.01
"""Period of the states that are sent while Gazebo's own clock runs."""


def classic_world(
    world_sdf: str,
    model_sdf: str,
    urdf: ElementTree.Element,
    camera: Camera,
    joints: list[str],
    plugin: str,
    socket: str,
) -> str:
    """The text of the world file.

    `world_sdf` is the world of modern Gazebo, whose system plugins are built into Classic. `model_sdf` is the URDF,
    converted by libsdformat. `plugin` and `socket` are paths as Gazebo sees them. Raises UrdfError.
    """
    root = ElementTree.fromstring(world_sdf)
    world = root.find("world")
    if world is None:
        raise UrdfError(
            "world file", found="no <world>", expected="one", remedy="Give an SDF file of Gazebo with a <world>."
        )
    for system in world.findall("plugin"):
        world.remove(system)
    for physics in world.findall("physics"):
        world.remove(physics)
    world.append(_physics())
    model = ElementTree.fromstring(model_sdf).find("model")
    if model is None:
        raise UrdfError(
            "robot description",
            found="no <model> after its conversion by libsdformat",
            expected="one",
            remedy="Check it with: gz sdf -p FILE.",
        )
    colour_visuals(model, urdf)
    model.append(_plugin(camera, joints, plugin, socket))
    world.append(model)
    # Classic only warns about tags that its version of SDF does not have.
    root.set("version", "1.7")
    return ElementTree.tostring(root, encoding="unicode")


def refuse_followers(robot: MovedRobot) -> None:
    """Raises UrdfError for a joint that mimics one that is moved: Gazebo Classic lets it swing freely."""
    for follower in robot.followers:
        driver = robot.joint_names[follower.driver]
        others = [name for name in robot.joint_names if name not in {one.name for one in robot.followers} | {driver}]
        raise UrdfError(
            f"robot description, joint '{follower.name}'",
            found=f"<mimic> of joint '{driver}', which is moved",
            expected="no joint that follows another one, in Gazebo Classic",
            remedy="Simulate it in MuJoCo" + (f", or hold '{driver}': --joints {','.join(others)}." if others else "."),
        )


def gazebo_urdf(robot: MovedRobot) -> str:
    """The URDF for Gazebo's converter, in which an effort limit that is missing or 0, so that it stands for none, is
    written as -1."""
    root = copy.deepcopy(robot.root)
    for joint, effort in zip(robot.joint_names, robot.limits.effort, strict=True):
        limit = root.find(f"joint[@name='{joint}']/limit")
        if limit is not None and np.isinf(effort):
            limit.set("effort", "-1")
    return ElementTree.tostring(root, encoding="unicode")


def colour_visuals(model: ElementTree.Element, urdf: ElementTree.Element) -> None:
    """Gives each visual of the SDF model the colour of the URDF's material, which Classic's libsdformat drops."""
    colours = {
        material.get("name", ""): colour.get("rgba", "")
        for material in urdf.findall("material")
        if (colour := material.find("color")) is not None
    }
    for visual in urdf.iterfind("link/visual"):
        material = visual.find("material")
        rgba = colours.get("" if material is None else material.get("name", ""))
        if rgba is None:
            continue
        # libsdformat names them LINK_fixed_joint_lump__VISUAL_visual, followed by _1, _2 ... from the second one on.
        pattern = re.compile(rf"(.*__)?{re.escape(visual.get('name', ''))}(_visual)?(_\d+)?")
        for converted in model.iterfind("link/visual"):
            if pattern.fullmatch(converted.get("name", "")):
                _set_colour(converted, rgba)


def _set_colour(visual: ElementTree.Element, rgba: str) -> None:
    material = ElementTree.SubElement(visual, "material")
    for light in ("ambient", "diffuse"):
        ElementTree.SubElement(material, light).text = rgba
    ElementTree.SubElement(material, "specular").text = "0 0 0 1"


def _physics() -> ElementTree.Element:
    physics = ElementTree.Element("physics", {"type": "ode"})
    ElementTree.SubElement(physics, "max_step_size").text = str(PHYSICS_STEP_S)
    ElementTree.SubElement(physics, "real_time_update_rate").text = "0"
    # The direct solver. The iterative one starts from its last solution, in random order, so that no two runs from one
    # pose would be the same.
    solver = ElementTree.SubElement(ElementTree.SubElement(physics, "ode"), "solver")
    ElementTree.SubElement(solver, "type").text = "world"
    return physics


def _plugin(camera: Camera, joints: list[str], plugin: str, socket: str) -> ElementTree.Element:
    element = ElementTree.Element("plugin", {"name": "jepa_mpc_arm", "filename": plugin})
    ElementTree.SubElement(element, "socket").text = socket
    ElementTree.SubElement(element, "camera").text = camera.name
    ElementTree.SubElement(element, "state_period").text = str(STATE_PERIOD_S)
    for joint in joints:
        ElementTree.SubElement(element, "joint").text = joint
    return element


def world_file() -> Path:
    """The world file, which is also that of modern Gazebo."""
    return Path(__file__).resolve().parents[1] / "worlds" / "reacher.sdf"
