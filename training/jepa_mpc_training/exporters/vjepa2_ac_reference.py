"""V-JEPA 2-AC by its authors' code: encoder and predictor of the package vjepa2, and rotations of SciPy."""

from __future__ import annotations

import warnings
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .reference_packages import vjepa2_modules
from .vjepa2_ac_sizes import MAX_FRAMES, VjepaSizes

_POSE = 7


class VjepaReference:
    """Encoder and predictor in evaluation mode; implements `Reference`."""

    cost_scale = 1.0

    def __init__(self, sizes: VjepaSizes) -> None:
        self.sizes = sizes
        self.model = _build(sizes).eval()

    @torch.no_grad()
    def encode(self, *observation: Tensor) -> Tensor:
        image, pose = observation
        clip = image.unsqueeze(2).repeat(1, 1, self.sizes.tubelet, 1, 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            tokens = self.model.encoder(clip)
        return self._latent(F.layer_norm(tokens, (self.sizes.encoder_dim,)), pose)

    @torch.no_grad()
    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        visual, poses = history[:, :, : self.sizes.tokens], history[:, :, self.sizes.tokens, :_POSE]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about its choice of a CUDA kernel
            predicted = self.model.predictor(visual.flatten(1, 2), actions, poses)[:, -self.sizes.tokens :]
        moved = scipy_pose(poses[:, -1], actions[:, -1])
        return self._latent(F.layer_norm(predicted, (self.sizes.encoder_dim,)), moved)

    @torch.no_grad()
    def plan_cost(
        self, observation: list[Tensor], goal: list[Tensor], actions: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        latents = self.encode(*observation).expand(len(actions), -1, -1).unsqueeze(1)
        for step in range(actions.shape[1]):
            first = max(0, step + 1 - window)
            predicted = self.step(latents[:, first:], actions[:, first : step + 1])
            latents = torch.cat((latents, predicted.unsqueeze(1)), dim=1)
        last, wanted = latents[:, -1], self.encode(*goal)
        visual, goal_visual = last[:, : self.sizes.tokens].flatten(1), wanted[:, : self.sizes.tokens].flatten(1)
        return last, (visual - goal_visual).abs().mean(dim=-1)

    def _latent(self, visual: Tensor, pose: Tensor) -> Tensor:
        token = torch.zeros(len(visual), 1, self.sizes.encoder_dim)
        token[:, 0, :_POSE] = pose
        return torch.cat((visual, token), dim=1)


def scipy_pose(pose: Tensor, delta: Tensor) -> Tensor:
    """The pose `[B, 7]` after an action `[B, 7]`, with the rotations of SciPy in double precision."""
    from scipy.spatial.transform import Rotation

    before, by = (Rotation.from_euler("xyz", each[:, 3:6].double().numpy()) for each in (pose, delta))
    angles = torch.from_numpy((by * before).as_euler("xyz")).to(pose.dtype)
    gripper = (pose[:, 6:] + delta[:, 6:]).clamp(0, 1)
    return torch.cat((pose[:, :3] + delta[:, :3], angles, gripper), dim=1)


def random_vjepa2_ac(sizes: VjepaSizes, seed: int) -> VjepaReference:
    """Random weights with which every layer, the actions and the poses change the prediction."""
    torch.manual_seed(seed)
    reference = VjepaReference(sizes)
    with torch.no_grad():
        for name, parameter in reference.model.named_parameters():
            if parameter.dim() == 2:
                # With the default start, a layer would add almost nothing.
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
            elif name.endswith("bias"):
                nn.init.normal_(parameter, std=0.1)
    return reference


def pack_vjepa2_ac(tensors: dict[str, Tensor]) -> dict[str, object]:
    """Weights as published, with the other content of such a file."""
    encoder = {
        key.replace("encoder.", "module.backbone.", 1): tensor
        for key, tensor in tensors.items()
        if key.startswith("encoder.")
    }
    encoder["module.backbone.pos_embed"] = torch.zeros(1, 1, len(tensors["encoder.norm.weight"]))
    predictor = {
        key.replace("predictor.", "module.", 1): tensor
        for key, tensor in tensors.items()
        if key.startswith("predictor.")
    }
    return {
        "encoder": encoder,
        "predictor": predictor,
        "target_encoder": encoder,
        "opt": {"state": {}, "param_groups": []},
        "scaler": None,
        "epoch": 1,
        "loss": 0.5,
        "batch_size": 1,
        "world_size": 1,
        "lr": 1e-4,
    }


def _build(sizes: VjepaSizes) -> nn.Module:
    encoders, predictors = vjepa2_modules()
    norm = partial(nn.LayerNorm, eps=1e-6)
    model = nn.Module()
    frames = MAX_FRAMES * sizes.tubelet
    model.encoder = encoders.VisionTransformer(
        img_size=(sizes.image_size, sizes.image_size),
        patch_size=sizes.patch_size,
        num_frames=frames,
        tubelet_size=sizes.tubelet,
        in_chans=sizes.channels,
        embed_dim=sizes.encoder_dim,
        depth=sizes.encoder_depth,
        num_heads=sizes.heads.encoder,
        mlp_ratio=sizes.encoder_mlp_dim / sizes.encoder_dim,
        norm_layer=norm,
        use_rope=True,
    )
    model.predictor = predictors.VisionTransformerPredictorAC(
        img_size=(sizes.image_size, sizes.image_size),
        patch_size=sizes.patch_size,
        num_frames=frames,
        tubelet_size=sizes.tubelet,
        embed_dim=sizes.encoder_dim,
        predictor_embed_dim=sizes.predictor_dim,
        depth=sizes.depth,
        num_heads=sizes.heads.predictor,
        mlp_ratio=sizes.mlp_dim / sizes.predictor_dim,
        norm_layer=norm,
        action_embed_dim=_POSE,
    )
    return model
