"""The original DINO-WM's `model_latest.pth` is read without its code, and becomes a model folder."""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from published import ACTIONS, NORMALISERS
from safetensors.numpy import load_file
from torch import nn
from torch.nn import functional as F

from jepa_mpc_training.exporters.command import ENCODER_FILE, SEED, main, write_random_checkpoint
from jepa_mpc_training.exporters.dino_wm_original import FULL_SIZE, SMALL, OriginalDinoEncoder
from jepa_mpc_training.exporters.dino_wm_original_reference import OriginalDinoReference, random_original_dino_wm

KIND = "dino-wm-original"
MEASURED = [
    *("--proprioception", ",".join(f"joint_{of}:{joint}" for of in ("position", "velocity") for joint in "ab")),
    *("--proprioception-mean", "0,0,0,0", "--proprioception-std", "1,1,1,1"),
]
HEADS = ["--encoder-heads", "3", "--predictor-heads", "4"]
OPTIONS = [*ACTIONS, *NORMALISERS, *MEASURED, *HEADS]


class _Part(nn.Module):
    """Holds what a module of the original holds, under its name."""


@pytest.fixture
def theirs() -> Iterator[dict[str, type]]:
    """Classes under the names that the original's pickles have them by, for as long as one is written."""
    names = {
        "models.vit": ("ViTPredictor", "Transformer", "Attention", "FeedForward"),
        "models.proprio": ("Embedding",),
    }
    classes = {}
    sys.modules["models"] = types.ModuleType("models")
    for module, held in names.items():
        sys.modules[module] = types.ModuleType(module)
        for name in held:
            classes[name] = type(name, (_Part,), {"__module__": module})
            setattr(sys.modules[module], name, classes[name])
    yield classes
    for module in ("models", *names):
        sys.modules.pop(module, None)


def pickled(reference: OriginalDinoReference, theirs: dict[str, type], file: Path) -> None:
    """Writes whole modules, optimisers and a counter, as the original's training does."""

    def as_theirs(module: nn.Module, name: str) -> nn.Module:
        made = theirs[name]() if name in theirs else type(module)()
        for key, parameter in module._parameters.items():
            made.register_parameter(key, parameter)
        for key, buffer in module._buffers.items():
            setattr(made, key, buffer)
        for key, child in module._modules.items():
            kept = not type(child).__module__.startswith("jepa_mpc")
            made.add_module(key, child if kept and type(child) is not nn.Module else as_theirs(child, names[key]))
        return made

    names = {"transformer": "Transformer"}
    predictor = reference.model.predictor
    whole = theirs["ViTPredictor"]()
    whole.pos_embedding = predictor.pos_embedding
    whole.transformer = theirs["Transformer"]()
    whole.transformer.norm = predictor.transformer.norm
    layers = []
    for attention, feed_forward in predictor.transformer.layers:
        layers.append(nn.ModuleList((as_theirs(attention, "Attention"), as_theirs(feed_forward, "FeedForward"))))
    whole.transformer.layers = nn.ModuleList(layers)
    assert "bias" not in dict(whole.transformer.layers[0][0].named_buffers()), "a plain attribute, as published"
    embedders = {}
    for name in ("action_encoder", "proprio_encoder"):
        embedders[name] = theirs["Embedding"]()
        embedders[name].patch_embed = getattr(reference.model, name).patch_embed
    optimizer = torch.optim.AdamW(whole.parameters(), lr=1e-3)
    sum(parameter.sum() for parameter in whole.parameters()).backward()
    optimizer.step()
    optimizer.zero_grad()
    content = {
        "epoch": 7,
        "predictor": whole,
        "predictor_optimizer": optimizer,
        "decoder": nn.Linear(3, 4),
        **embedders,
    }
    torch.save(content, file)


def write(folder: Path, theirs: dict[str, type]) -> tuple[Path, OriginalDinoReference]:
    """`model_latest.pth`, the encoder's own file, and the model that they are of."""
    reference = random_original_dino_wm(SMALL, SEED)
    write_random_checkpoint(KIND, SMALL, folder / "weights.pt")
    (folder / "config.json").unlink()
    pickled(reference, theirs, folder / "model_latest.pth")
    return folder / "model_latest.pth", reference


def test_whole_modules_are_read_without_their_code(
    theirs: dict[str, type], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, reference = write(tmp_path, theirs)
    for module in ("models", "models.vit", "models.proprio"):
        del sys.modules[module]
    encoder = ["--encoder-weights", str(tmp_path / ENCODER_FILE)]

    assert main([KIND, str(file), str(tmp_path / "out"), *encoder, *OPTIONS]) == 0

    assert "models.vit" not in sys.modules
    printed = capsys.readouterr().out
    errors = json.loads(printed[printed.rindex("{") :])
    assert max(errors.values()) <= 1e-4
    assert "licence MIT AND Apache-2.0" in printed
    golden = {name: torch.from_numpy(each) for name, each in load_file(tmp_path / "out" / "golden.safetensors").items()}
    expected = reference.step(golden["predictor.history"], golden["predictor.actions"])
    torch.testing.assert_close(golden["predictor.next"], expected, atol=1e-5, rtol=0)
    seen = reference.encode(golden["encoder.image"], golden["encoder.proprioception"])
    torch.testing.assert_close(golden["encoder.latent"], seen, atol=1e-5, rtol=0)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["cameras"][0]["mean"] == [0.5, 0.5, 0.5]
    assert manifest["cameras"][0]["width"] == SMALL.camera_size == 48
    assert len(manifest["proprioception"]["fields"]) == 4
    assert manifest["history"] == {"mode": "sliding", "window": 3, "warmup": "short", "actions": "paired"}


class Harmful:
    """Would leave a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def test_a_command_among_the_modules_is_not_run(
    theirs: dict[str, type], tmp_path: Path, refusal: Callable[..., str]
) -> None:
    file, _ = write(tmp_path, theirs)
    content = torch.load(file, weights_only=False)
    torch.save({**content, "decoder": Harmful(tmp_path / "trace")}, file)

    said = refusal(KIND, file, tmp_path / "out", *OPTIONS, "--encoder-weights", tmp_path / ENCODER_FILE)

    assert "a pickle that wants to import posix.system" in said
    assert not (tmp_path / "trace").exists()


def test_getattr_of_a_pickle_gets_nothing(tmp_path: Path, refusal: Callable[..., str]) -> None:
    class Reaching:
        def __reduce__(self) -> tuple[object, tuple[object, str]]:
            return getattr, (torch.nn.Linear, "__init__")

    torch.save({"predictor": Reaching(), "epoch": 1}, tmp_path / "model_latest.pth")

    said = refusal(KIND, tmp_path / "model_latest.pth", tmp_path / "out", *OPTIONS)

    assert "found no weights under predictor or action_encoder or proprio_encoder" in said


def test_an_encoder_is_asked_for_and_one_of_another_width_refused(
    theirs: dict[str, type], tmp_path: Path, refusal: Callable[..., str]
) -> None:
    file, _ = write(tmp_path, theirs)
    assert "--encoder-weights: found none" in refusal(KIND, file, tmp_path / "out", *OPTIONS)

    other = replace(SMALL, encoder_dim=30, encoder_mlp_dim=60)
    (tmp_path / "other").mkdir()
    write_random_checkpoint(KIND, other, tmp_path / "other" / "weights.pt")
    encoder = ["--encoder-weights", tmp_path / "other" / ENCODER_FILE]
    said = refusal(KIND, file, tmp_path / "out", *OPTIONS, *encoder)
    assert "tokens of the predictor: found 40 numbers; expected 46: 30 of the encoder, 6 of the proprioception" in said


def test_the_published_size_is_what_its_configuration_says() -> None:
    sizes = FULL_SIZE
    assert (sizes.tokens, sizes.width, sizes.latent_dim) == (196, 404, 394)
    assert (sizes.camera_size, sizes.image_size) == (224, 196)


def test_the_image_is_scaled_in_the_graph_as_the_published_code_scales_it(tmp_path: Path) -> None:
    encoder = OriginalDinoEncoder(nn.Identity(), FULL_SIZE)
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(image, size=(196, 196), mode="bilinear", antialias=True)
    torch.testing.assert_close(encoder.scaling @ image @ encoder.scaling.T, expected, atol=1e-4, rtol=0)
