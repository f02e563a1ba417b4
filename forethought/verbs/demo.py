"""`forethought demo`: a run with the shipped config, on the embedded model."""

from pathlib import Path

from forethought.verbs.run import Job, run

__all__ = ["PRESET", "Job", "run"]
PRESET = Path(__file__).parents[1] / "configs/demo.yaml"
