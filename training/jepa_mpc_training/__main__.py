"""The command line: `python -m jepa_mpc_training STAGE`, a stage of stages.py or all.

`export KIND …`, `probe MODEL DATA` and `train distance MODEL DATA` have command lines of their own."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class _Parser(argparse.ArgumentParser):
    """Takes options from files as well: `@FILE` stands for the words of all its lines, without comments."""

    def convert_arg_line_to_args(self, arg_line: str) -> list[str]:
        try:
            return shlex.split(arg_line, comments=True)
        except ValueError as error:
            self.error(f"@FILE: found the line {arg_line} ({error}), expected each quotation to end on its line.")


def main(arguments: list[str] | None = None) -> None:
    """Runs a stage and those that it needs; `all` runs every stage and writes the model card. `@FILE` reads options
    from a file."""
    # MuJoCo reads the rendering backend when it is first imported. This one needs no display and no GPU.
    os.environ.setdefault("MUJOCO_GL", "osmesa")
    # By default the threads of PyTorch spin while they wait for each other, which doubles the time of a step if another
    # program runs on the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # NumPy only multiplies small matrices, to scale frames. While the renderer's threads run, several threads of NumPy
    # take eight times the processor time of one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = sys.argv[1:] if arguments is None else arguments
    # A stage takes options alone; the commands of the same names take a folder or a kind first.
    is_stage = len(given) < 2 or given[1].startswith(("-", "@"))
    if given[:1] == ["export"] and not is_stage:
        from .exporters.command import main as export_published

        sys.exit(export_published(given[1:]))
    if given[:1] == ["probe"] and not is_stage:
        from .probe_folder import main as probe_folder

        sys.exit(probe_folder(given[1:]))
    if given[:2] == ["train", "distance"]:
        from .attach_distance import main as train_distance

        sys.exit(train_distance(given[2:]))
    import torch
    from jepa_mpc_sim.joint_limits import add_options as add_robot_options
    from jepa_mpc_sim.joint_limits import options_from
    from jepa_mpc_sim.mesh_files import with_mesh_paths
    from jepa_mpc_sim.scene import SceneError
    from jepa_mpc_sim.urdf import UrdfError

    from .collapse import CollapseError
    from .config import Config, simulated_in, with_encoder, with_settings
    from .distributed import DeviceError, open_process_group
    from .exporters.encoders.kinds import ENCODERS
    from .exporters.errors import ExportRefusedError
    from .recordings.errors import RecordingError
    from .recordings.options import add_options, source_from
    from .simulators import SIMULATORS
    from .stages import STAGES, Pipeline

    parser = _Parser(prog="jepa_mpc_training", description=main.__doc__, fromfile_prefix_chars="@")
    parser.add_argument("stage", choices=(*STAGES, "all"))
    parser.add_argument("--urdf", type=Path, default=ROOT / "urdf" / "reacher.urdf", help="robot and camera")
    # torchrun takes `--run` for an abbreviation of its own options.
    parser.add_argument(
        "--run",
        "--run-folder",
        type=Path,
        help="data and checkpoints (default: training/runs/NAME, after the file of the URDF)",
    )
    parser.add_argument("--model", type=Path, help="model folder to write (default: models/NAME)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch threads (default: all)")
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where the JEPA is trained; cuda: one GPU a process"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.FIELD=VALUE",
        help="e.g. train.steps=500, planner.horizon=4",
    )
    parser.add_argument(
        "--simulator",
        choices=SIMULATORS,
        help="collect all motions in it; --set collect.gazebo_episodes=N mixes both",
    )
    parser.add_argument(
        "--encoder",
        choices=tuple(ENCODERS),
        help="train on the features of a published encoder, which is kept unchanged",
    )
    parser.add_argument("--encoder-weights", type=Path, metavar="FILE", help="its file of weights, as published")
    add_robot_options(parser)
    add_options(parser)
    options = parser.parse_args(arguments)
    try:
        config = simulated_in(options.simulator, with_settings(Config(), options.set))
        config = replace(config, robot=options_from(options))
        source = source_from(options)
        urdf_xml = with_mesh_paths(options.urdf.read_text(encoding="utf-8"), options.urdf.parent)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    name = options.urdf.stem
    run = options.run or ROOT / "training" / "runs" / name
    model = options.model or ROOT / "models" / name
    config = replace(with_encoder(options.encoder, options.encoder_weights, config), name=model.resolve().name)
    torch.set_num_threads(options.threads)
    start = time.monotonic()
    try:
        with open_process_group(options.device) as group:
            pipeline = Pipeline(urdf_xml, config, run, model, source, group)
            figures = pipeline.run(STAGES[-1] if options.stage == "all" else options.stage)
        if not group.is_main:
            return
    except ExportRefusedError as error:
        sys.exit(str(error))
    except (RecordingError, UrdfError, SceneError, DeviceError, CollapseError) as error:
        sys.exit(f"jepa_mpc_training: error: {error}")
    if options.stage != "all":
        print(json.dumps(figures[options.stage], indent=2))
    print(f"{options.stage}: {(time.monotonic() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
