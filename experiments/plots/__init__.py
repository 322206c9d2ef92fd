"""Pictures of models, drawn without a screen: one look, charts of any target, segmentations."""
