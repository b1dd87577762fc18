"""The sizes of the random-weight cases."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Case:
    """Sizes of a predictor, and its planning budget. A model action is `block` raw actions of `joints` joints."""

    name: str
    description: str
    tokens: int
    """Tokens in one latent (N)."""
    dim: int
    """Width of a token (D)."""
    depth: int
    heads: int
    dim_head: int
    mlp_dim: int
    samples: int
    elites: int
    horizon: int
    """In predictor steps."""
    image_size: int
    """Width and height of the image that the small encoder takes, in pixels."""
    joints: int = 2
    block: int = 5
    window: int = 3
    action_embedding: int = 10
    """Width of the embedded action in each token (patch latents only)."""
    iterations: int = 30
    seed: int = 20261124

    @property
    def action_dim(self) -> int:
        """Entries of one model action (A_model)."""
        return self.joints * self.block


LEWM_18M = Case(
    name="lewm-18m",
    description="LeWM's predictor (stable-worldmodel 0.1.1 classes, sizes of its 18 M configuration), random weights",
    tokens=1,
    dim=192,
    depth=6,
    heads=16,
    dim_head=64,
    mlp_dim=2048,
    samples=300,
    elites=30,
    horizon=5,
    image_size=64,
)

DINO_PATCHES = Case(
    name="dino-patches",
    description="DINO-WM's predictor (stable-worldmodel 0.1.1 classes), 2 of its 6 layers, random weights",
    tokens=196,
    dim=384,
    depth=2,
    heads=16,
    dim_head=64,
    mlp_dim=2048,
    samples=8,
    elites=3,
    horizon=3,
    image_size=56,
)

# The same predictor on fewer patches, to measure how cost grows with the number of tokens.
DINO_FEWER = [
    replace(
        DINO_PATCHES,
        name=f"{DINO_PATCHES.name}-{tokens}",
        tokens=tokens,
        description=f"dino-patches on {tokens} patches",
    )
    for tokens in (16, 64)
]

CASES = {case.name: case for case in (LEWM_18M, DINO_PATCHES, *DINO_FEWER)}
