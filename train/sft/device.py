"""Where a training runs: decided once, where it is started, and handed to the process that trains."""

import os

from engine.cluster.start import start_ray
from engine.config import EngineConfig
from engine.errors import UserError
from engine.models import has_gpu
from train.config import TrainConfig


def trains_on_gpu(config: TrainConfig, cluster: bool = False) -> bool:
    """Whether a training takes GPUs: as train.gpu says, else where there are any.

    Those of the Ray cluster count where the training runs on one: with workers, or as a task (`cluster`); the driver's machine
    often has none. Raises UserError where GPUs are asked for and there are none.
    """
    if config.gpu is False:
        return False
    if config.workers or cluster:
        import ray

        # a local Ray that does not run yet will count this machine's GPUs
        if not ray.is_initialized() and "RAY_ADDRESS" not in os.environ:
            found, where = has_gpu(), "PyTorch sees none on this machine"
        else:
            start_ray(EngineConfig())
            found, where = bool(ray.cluster_resources().get("GPU")), "the Ray cluster has none"
    else:
        found, where = has_gpu(), "PyTorch sees none on this machine"
    if config.gpu and not found:
        raise UserError(f"train.gpu asks for a GPU, but {where}: leave it unset, or set it to false.")
    return found
