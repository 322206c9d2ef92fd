"""A row of kind feature_use without a feature."""

CODE = "events.use_without_feature"
TITLE = "Uses of a feature that do not say which"
ADVICE = "Have the service log the feature; depth and breadth of use cannot count these rows."
SEVERITY = "note"
NEEDS = ("feature",)
WHERE = "kind = 'feature_use' AND feature IS NULL AND reason IS NULL"
SHOW = ("at",)
