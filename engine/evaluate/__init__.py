"""Measuring what models make, without downloaded weights: a judge of our own, distances, frequencies, arithmetic."""
