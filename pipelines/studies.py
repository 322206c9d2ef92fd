"""The studies of a workspace: the shipped ones, and those of the user's that were promoted in it.

A study that is promoted from a file is copied to ``studies/<name>.toml``, so that ``retrain`` finds it after the file
or the workspace has moved. It takes the place of a shipped study of its name, for every command; to have the shipped
one back, delete the copy, or promote a file that equals the shipped one.
"""

import os
from pathlib import Path

from experiments.studies import load_study, shipped_studies
from experiments.study import Study
from experiments.tracking.registry import CHAMPION, aliased, has_runs
from pipelines.workspace import Workspace

FOLDER = "studies"


def own_studies(workspace: Workspace) -> tuple[str, ...]:
    """Names of the user's studies that were promoted in the workspace."""
    return tuple(sorted(path.stem for path in (workspace.home / FOLDER).glob("[!.]*.toml")))


def studies_to_retrain(workspace: Workspace) -> tuple[str, ...]:
    """Names of the shipped studies and of the workspace's own; a ranking, which takes minutes, once it is in force."""
    shipped = {name for name in shipped_studies() if load_study(name).kind != "rank" or _in_force(workspace, name)}
    return tuple(sorted({*shipped, *own_studies(workspace)}))


def _in_force(workspace: Workspace, name: str) -> bool:
    return has_runs(workspace.stores) and aliased(workspace.stores, name, CHAMPION) is not None


def find_study(workspace: Workspace, name_or_path: str) -> Study:
    """The study of this name, the workspace's own before a shipped one, or of this TOML file."""
    own = name_or_path in own_studies(workspace)
    return load_study(_copy_of(workspace, name_or_path) if own else name_or_path)


def remember_study(workspace: Workspace, name_or_path: str) -> None:
    """Copy the TOML of a study that was promoted from a file into the workspace, atomically.

    A study that equals the shipped one of its name is not copied, and ends what was remembered under the name.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        return
    study = load_study(path)
    copy = _copy_of(workspace, study.name)
    if study.name in shipped_studies() and load_study(study.name) == study:
        copy.unlink(missing_ok=True)
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    draft = copy.with_name(f".draft-{copy.name}")
    with draft.open("wb") as file:
        file.write(path.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(copy)


def _copy_of(workspace: Workspace, name: str) -> Path:
    return workspace.home / FOLDER / f"{name}.toml"
