"""Layouts of the names of weights: finds that of a checkpoint, and renames its weights to ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor

from .errors import ExportRefusedError

_SHOWN = 6


@dataclass(frozen=True)
class KeyLayout:
    """One naming of a family's weights: our names, with the parts in `renames` replaced."""

    name: str
    renames: tuple[tuple[str, str], ...] = ()
    """Pairs (ours, theirs); `{i}` stands for the number of a layer."""

    def to_theirs(self, key: str) -> str:
        """The name in this layout of one of our names."""
        return self._rename(key, self.renames)

    def to_ours(self, key: str) -> str:
        """Our name for a name of this layout; other names are returned unchanged."""
        return self._rename(key, [(theirs, ours) for ours, theirs in self.renames])

    @staticmethod
    def _rename(key: str, pairs: Iterable[tuple[str, str]]) -> str:
        for old, new in pairs:
            if match := re.match(re.escape(old).replace(re.escape("{i}"), r"(\d+)"), key):
                return new.replace("{i}", "".join(match.groups())) + key[match.end() :]
        return key


def weights_and_biases(*names: str) -> tuple[str, ...]:
    """The names of the weight and of the bias of each layer in `names`."""
    return tuple(f"{name}.{kind}" for name in names for kind in ("weight", "bias"))


def layers_under(keys: Iterable[str], prefix: str) -> int:
    """Number of numbered layers under `prefix`, which ends with a dot."""
    numbers = {int(match.group(1)) for key in keys if (match := re.match(re.escape(prefix) + r"(\d+)\.", key))}
    return max(numbers) + 1 if numbers else 0


def match_layout(
    tensors: dict[str, Tensor],
    layouts: Sequence[KeyLayout],
    expected_of: Callable[[dict[str, Tensor]], Iterable[str]],
    ignored: Sequence[str],
    subject: str,
) -> tuple[KeyLayout, dict[str, Tensor]]:
    """The layout whose keys are those of the checkpoint, and the tensors under our names.

    `expected_of` returns our keys for the given tensors, because the number of layers differs between models. `ignored`
    are prefixes of keys that planning does not need. Raises ExportRefusedError, with the nearest layout, if none fits.
    """
    nearest: tuple[int, KeyLayout, list[str], list[str]] | None = None
    for layout in layouts:
        ours = {layout.to_ours(key): tensor for key, tensor in tensors.items()}
        expected = set(expected_of(ours))
        used = {key for key in ours if not any(key.startswith(beginning) for beginning in ignored)}
        missing, unexpected = sorted(expected - used), sorted(used - expected)
        foreign = [key for key in tensors if layout.to_theirs(layout.to_ours(key)) != key]
        if not missing and not unexpected and not foreign:
            return layout, {key: ours[key] for key in sorted(expected)}
        extra = sorted({layout.to_theirs(key) for key in unexpected} | set(foreign))
        distance = len(missing) + len(extra)
        if nearest is None or distance < nearest[0]:
            nearest = (distance, layout, [layout.to_theirs(key) for key in missing], extra)
    if nearest is None:
        raise ValueError("match_layout: found no layouts, expected at least one.")
    _, layout, missing, extra = nearest
    raise ExportRefusedError(
        subject,
        found=f"{len(tensors)} tensors whose names fit no known layout; nearest is '{layout.name}', "
        f"without {_some(missing)}, and with {_some(extra)} in addition",
        expected=" or ".join(f"'{each.name}'" for each in layouts),
        remedy="Check the kind, and that the file holds the whole model.",
    )


def _some(keys: list[str]) -> str:
    if not keys:
        return "nothing"
    rest = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + rest
