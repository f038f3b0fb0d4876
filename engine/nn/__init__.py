"""Layers and helpers that more than one family of models uses: torch only, no files, no threads."""
