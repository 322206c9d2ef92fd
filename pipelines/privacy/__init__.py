"""To be forgotten and to be told: who a person is in the workspace, where they are held, who was erased."""
