"""Vector-quantised autoencoders: a picture becomes a grid of codes from a learned book, and comes back from it."""

from engine.families.vqvae import vqvae

ENTRIES = (vqvae.ENTRY,)
