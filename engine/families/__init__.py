"""The kinds of generative models: one folder each, found through `engine.family.Families`."""
