"""Exporters of published world models: a checkpoint becomes a model folder of docs/model-contract.md."""
