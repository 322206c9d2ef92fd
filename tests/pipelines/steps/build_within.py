"""Build and read a study's dataset with only so much more memory than the program has to begin with.

``python build_within.py <home> <study.toml> <megabytes>``: run by a test in a process of its own.
"""

import resource
import sys
from pathlib import Path

import numpy as np

from experiments.dataset import read_dataset
from experiments.studies import load_study
from pipelines.steps.dataset import build_dataset
from pipelines.workspace import Workspace


def limit(megabytes: int) -> None:
    """Allow so many megabytes of data beyond what is allocated now."""
    status = Path("/proc/self/status").read_text()
    now_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData"))
    most = now_kb * 1024 + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


if __name__ == "__main__":
    home, study, megabytes = sys.argv[1:]
    limit(int(megabytes))
    dataset = read_dataset(build_dataset(Workspace(Path(home)), load_study(study)))
    print(len(dataset.frame), float(np.nansum(dataset.inputs.to_numpy())))
