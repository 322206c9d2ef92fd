"""The rights to erasure and to access: who a person is in the workspace, where their rows lie, who was erased."""
