"""Generative adversarial networks: a generator and a discriminator that learn against each other."""

from engine.families.gan import dcgan, gan_2014, gan_modern

ENTRIES = (gan_modern.ENTRY, dcgan.ENTRY, gan_2014.ENTRY)
