"""What each process of `torchrun` does in test_distributed.py: trains, and leaves its weights behind."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch
from tiny_run import JOINTS, TINY

from jepa_mpc_training import train as train_module
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.distributed import open_process_group
from jepa_mpc_training.train import train

# So few steps with the full weight would leave all latents on the few directions that show the joints.
CONFIG = replace(TINY.train, steps=12, batch=8, checkpoint_every=5, evaluate_every=4, joint_readout=0.3)


def main() -> None:
    """Trains on the data set in `--data`, in `--out`; with `--cut N` it dies before step N."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cut", type=int, default=-1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loss, losses, trained = train_module._loss, [], []

    def watched(jepa, dataset, episodes, config, photometry, seed):
        if seed[1] == options.cut:
            sys.exit(3)
        result = loss(jepa, dataset, episodes, config, photometry, seed)
        losses.append((seed, config.batch, float(result[0].detach())))
        trained[:] = [jepa]
        return result

    train_module._loss = watched
    with open_process_group("cpu") as group:
        parameter = torch.nn.Parameter(torch.zeros(2, 3))
        parameter.grad = torch.full((2, 3), float(group.rank))
        group.average_gradients([parameter])
        figures = train(Dataset.load(options.data), JOINTS, CONFIG, TINY.photometry, options.out, "same", group)
        seen = {
            "losses": losses,
            "mean_gradient": parameter.grad,
            "figures": figures,
            "readout": trained[0].readout.state_dict(),
            "weights": trained[0].encoder.state_dict() | trained[0].predictor.state_dict(),
        }
        torch.save(seen, options.out / f"rank-{group.rank}.pt")


if __name__ == "__main__":
    main()
