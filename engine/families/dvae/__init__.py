"""The discrete variational autoencoder of DALL-E: pictures as grids of codes, learned through a relaxed choice."""

from engine.families.dvae import dvae

ENTRIES = (dvae.ENTRY,)
