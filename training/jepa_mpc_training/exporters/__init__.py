"""Exporters of published world models: from a checkpoint to a model folder (docs/model-contract.md)."""
