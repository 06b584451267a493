"""Packs in YAML and the demo company."""
