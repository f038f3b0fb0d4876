"""Variational autoencoders: an encoder and a decoder that agree on a Gaussian latent space."""

from engine.families.vae import vae

ENTRIES = (vae.ENTRY,)
