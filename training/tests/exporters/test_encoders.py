"""Published encoders are read from every known form of their files, and give what other code gives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from published import needs_reference
from safetensors.torch import save_file

from jepa_mpc_training.exporters.command import main
from jepa_mpc_training.exporters.encoders.frozen_vit import GridPool, VitSizes
from jepa_mpc_training.exporters.encoders.kinds import ENCODERS
from jepa_mpc_training.exporters.encoders.read_encoder import FrozenEncoder, read_encoder
from jepa_mpc_training.exporters.encoders.reference import EncoderReference, published_weights, random_encoder
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.exporters.parity import TOLERANCE

LAYOUTS = [
    pytest.param(kind, layout, id=f"{kind}, {re.sub(r' .*[(]', ' (', each.name)}", marks=marks)
    for kind, encoder in ENCODERS.items()
    for layout, each in enumerate(encoder.layouts)
    for marks in [[] if kind == "vjepa" else [needs_reference]]
]


def write(kind: str, folder: Path, layout: int = 0, seed: int = 0, sizes: VitSizes | None = None) -> EncoderReference:
    """A random encoder's file as it is published, `weights.pt`, and config.json."""
    reference = random_encoder(kind, sizes or ENCODERS[kind].small, seed)
    torch.save(published_weights(kind, reference, layout), folder / "weights.pt")
    (folder / "config.json").write_text(json.dumps(reference.config()))
    return reference


def read(kind: str, folder: Path, **options: int) -> FrozenEncoder:
    size = ENCODERS[kind].small.image_size if ENCODERS[kind].image_size else 0
    return read_encoder(kind, folder / "weights.pt", **{"image_size": size, **options})


def error(encoder: FrozenEncoder, reference: EncoderReference) -> float:
    sizes = encoder.network.sizes
    image = torch.randn(3, 3, sizes.image_size, sizes.image_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return float((encoder.network(image) - reference.tokens(image)).abs().max())


@pytest.mark.parametrize(("kind", "layout"), LAYOUTS)
def test_encoder_step_rollout_and_cost_are_those_of_other_code(
    kind: str, layout: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([kind, "--random", "--layout", str(layout), str(tmp_path / "model")]) == 0

    printed = capsys.readouterr().out
    errors = json.loads(printed[printed.rindex("{") :])
    assert set(errors) == {"encoder", "one_step", "three_step_rollout", "cost"}
    assert max(errors.values()) <= TOLERANCE
    assert f"licence {ENCODERS[kind].licence}" in printed
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    assert manifest["licence"] == ENCODERS[kind].licence
    assert manifest["cameras"][0]["resize"] == ENCODERS[kind].resize


@pytest.mark.parametrize(("kind", "layout"), LAYOUTS)
def test_other_weights_are_found_out(kind: str, layout: int, tmp_path: Path) -> None:
    reference = write(kind, tmp_path, layout)
    encoder = read(kind, tmp_path)
    assert error(encoder, reference) <= TOLERANCE
    assert error(encoder, random_encoder(kind, ENCODERS[kind].small, 1)) > 1000 * TOLERANCE


@pytest.mark.parametrize("frames", [2, 4, 16])
@pytest.mark.parametrize("kind", ["vjepa", pytest.param("vjepa2", marks=needs_reference)])
def test_a_frame_that_is_repeated_along_time_is_one_frame_in(kind: str, frames: int, tmp_path: Path) -> None:
    reference = write(kind, tmp_path, sizes=replace(ENCODERS[kind].small, tubelets=frames // 2))
    encoder = read(kind, tmp_path, frames=frames)
    assert encoder.network.sizes.tokens == frames // 2 * 16
    assert error(encoder, reference) <= TOLERANCE


@pytest.mark.parametrize("kind", ["vjepa", *(pytest.param(k, marks=needs_reference) for k in ("ijepa", "vjepa2"))])
def test_where_patches_are_matters(kind: str, tmp_path: Path) -> None:
    reference = write(kind, tmp_path)
    encoder = read(kind, tmp_path)
    if encoder.network.sizes.rotary:
        # The layers share it.
        rotation = encoder.network.layers[0].rotation
        rotation.sine = rotation.sine.flip(0)
    else:
        encoder.network.positions.data = encoder.network.positions.data.flip(1)
    assert error(encoder, reference) > 100 * TOLERANCE


@needs_reference
def test_dinov2_is_scaled_to_another_size_as_the_reference_does_it(tmp_path: Path) -> None:
    reference = write("dinov2", tmp_path)
    assert error(read("dinov2", tmp_path, image_size=42), reference) <= TOLERANCE


@needs_reference
def test_registers_are_taken_and_left_out_of_what_comes_out(tmp_path: Path) -> None:
    reference = random_encoder("dinov2", ENCODERS["dinov2"].small, 0)
    weights = published_weights("dinov2", reference, 2)
    plain = tmp_path / "plain.pt"
    torch.save(weights, plain)
    torch.save({**weights, "register_tokens": torch.randn(1, 4, 24)}, tmp_path / "weights.pt")
    encoder = read_encoder("dinov2", tmp_path / "weights.pt", heads=3, image_size=28)
    assert encoder.network.sizes.extra_tokens == 5
    image = torch.randn(1, 3, 28, 28)
    with torch.no_grad():
        tokens = encoder.network(image)
        without = read_encoder("dinov2", plain, heads=3, image_size=28).network(image)
    assert tokens.shape == without.shape == (1, 16, 24)
    assert (tokens - without).abs().max() > 0.01


def test_the_slowly_moving_encoder_of_the_file_is_taken(tmp_path: Path) -> None:
    reference = write("vjepa", tmp_path)
    content = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert all((tensor == 0).all() for tensor in content["encoder"].values())
    assert error(read("vjepa", tmp_path), reference) <= TOLERANCE


@needs_reference
def test_safetensors_and_half_precision_are_read(tmp_path: Path) -> None:
    reference = write("ijepa", tmp_path)
    weights = published_weights("ijepa", reference, 1)
    save_file({name: tensor.half().contiguous() for name, tensor in weights.items()}, tmp_path / "model.safetensors")
    encoder = read_encoder("ijepa", tmp_path / "model.safetensors")
    assert error(encoder, reference) < 0.05


@needs_reference
def test_the_published_image_processor_s_normalisation_is_taken(tmp_path: Path, refusal: Callable[..., str]) -> None:
    write("ijepa", tmp_path)
    assert read("ijepa", tmp_path).camera.mean == (0.485, 0.456, 0.406)
    (tmp_path / "preprocessor_config.json").write_text('{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}')
    assert read("ijepa", tmp_path).camera.mean == (0.5, 0.5, 0.5)
    (tmp_path / "preprocessor_config.json").write_text('{"image_mean": 1}')
    with pytest.raises(ExportRefusedError, match="expected JSON with image_mean and image_std"):
        read("ijepa", tmp_path)


@pytest.mark.parametrize(("kind", "layout"), LAYOUTS)
def test_names_that_fit_no_layout_are_refused_with_the_nearest_one(kind: str, layout: int, tmp_path: Path) -> None:
    write(kind, tmp_path, layout)
    content = torch.load(tmp_path / "weights.pt", weights_only=True)
    weights = content.get("target_encoder", content)
    names = [name for name in weights if not name.startswith("predictor.")]
    moved = next(name for name in names if ".1." in name and ("fc1" in name or "intermediate" in name))
    weights[moved.replace(".1.", ".1.strange.", 1)] = weights.pop(moved)
    torch.save(content, tmp_path / "weights.pt")
    bare = moved.removeprefix("module.").removeprefix("backbone.")

    with pytest.raises(ExportRefusedError) as refused:
        read(kind, tmp_path)

    said = str(refused.value)
    assert f"nearest is '{ENCODERS[kind].layouts[layout].name}', without {bare}" in said
    assert f"and with {bare.replace('.1.', '.1.strange.', 1)} in addition" in said


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    write("vjepa", tmp_path)
    whole = (tmp_path / "weights.pt").read_bytes()
    for content in (b"", b"<html>not found</html>", whole[: len(whole) // 2]):
        (tmp_path / "weights.pt").write_bytes(content)
        with pytest.raises(ExportRefusedError, match="bytes that cannot be read"):
            read("vjepa", tmp_path)
    with pytest.raises(ExportRefusedError, match="no such file"):
        read("vjepa", tmp_path / "elsewhere")


def test_shapes_that_do_not_fit_and_nan_are_refused_by_name(tmp_path: Path) -> None:
    write("vjepa", tmp_path)
    content = torch.load(tmp_path / "weights.pt", weights_only=True)
    name = "module.backbone.blocks.1.attn.proj.weight"
    original = content["target_encoder"][name]
    for broken, said in ((original[:3], "size mismatch"), (original * torch.nan, "found NaN among its weights")):
        content["target_encoder"][name] = broken
        torch.save(content, tmp_path / "weights.pt")
        with pytest.raises(ExportRefusedError, match=said):
            read("vjepa", tmp_path)


def test_v_jepa_is_not_taken_for_v_jepa_2(tmp_path: Path) -> None:
    write("vjepa", tmp_path, sizes=replace(ENCODERS["vjepa"].small, image_size=112))
    assert read("vjepa", tmp_path).network.sizes.side == 14
    with pytest.raises(ExportRefusedError, match="Pass --encoder vjepa"):
        read("vjepa2", tmp_path)


def test_an_encoder_alone_is_no_model(tmp_path: Path, refusal: Callable[..., str]) -> None:
    said = refusal("vjepa", tmp_path / "vitl16.pth.tar", tmp_path / "out")
    assert "found an encoder alone" in said
    assert "train --encoder vjepa --encoder-weights FILE" in said
    assert "--layout: found 7; expected 0: published" in refusal("vjepa", "--random", "--layout", 7, tmp_path / "out")


@pytest.mark.parametrize("grid", [1, 2, 3, 4, 7])
def test_pooling_gives_every_patch_the_same_share(grid: int) -> None:
    sizes = VitSizes(image_size=56, patch_size=8, dim=5, depth=1, heads=1, mlp_dim=5, tubelets=2)
    tokens = torch.rand(2, sizes.tokens, 5)
    pooled = GridPool(sizes, grid)(tokens)
    assert pooled.shape == (2, grid**2, 5)
    torch.testing.assert_close(pooled.mean(1), tokens.mean(1))
