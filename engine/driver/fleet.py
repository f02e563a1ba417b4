"""Engines of one model, each in a Ray actor: started, replaced, given other weights, stopped."""

import contextlib
import os
import time
from collections.abc import Iterable
from typing import Any

from rich.markup import escape

from engine.adapters import room_ahead, room_for
from engine.cluster.start import attached, gpus_per_engine, lacking
from engine.config import EngineConfig
from engine.console import say
from engine.driver.failures import EngineFailed, cause_of
from engine.errors import UserError
from engine.models import check_alike, check_model
from engine.worker.actor import EngineActor

ROOM_SECONDS = 600.0
"""How long a cluster that is too small for an engine may take to grow."""
LOAD_SECONDS = 3600.0
"""How long an engine may take to start."""


class Fleet:
    """`actors` run; `restarts` counts those that died at work; `told` is the context length that was said last."""

    def __init__(self, model: str, config: EngineConfig):
        self.config = config
        self.model = self._checked(model)
        self.built = self.model  # what `load` swaps in is built like it, and may be gone by the next swap
        self.room = room_ahead(config)
        self.actors: list[Any] = []
        self.restarts = 0
        self.told = 0

    def serve(self, adapters: Iterable[str]) -> None:
        """Make room for these adapters; raises UserError where one cannot be served, before anything starts.

        Engines that lack the room are stopped; they start with it when they are needed.
        """
        if self.config.kind != "vllm":
            return
        needed = room_for(adapters, self.config.max_lora_rank)
        if not self.room.covers(needed):
            self.close()
            self.room |= needed

    def start(self) -> None:
        """Start all engines in the Ray that runs and wait for them; one that cannot start ends the job with its reason.

        A cluster may have lost a machine, or may grow: there one engine is enough to begin with.
        """
        import ray

        gpus = gpus_per_engine(self.config)
        if not attached() and (told := lacking(self.config, gpus, self.config.replicas)):
            raise UserError(told)
        for _ in range(self.config.replicas):
            self.launch()
        try:
            self._wait_for_room(gpus)
            starting = [actor.ready.remote() for actor in self.actors]
            ready, _ = ray.wait(starting, num_returns=1 if attached() else len(starting), timeout=LOAD_SECONDS)
            facts = ray.get(ready)
            if not ready:
                raise EngineFailed(f"no engine has started within {LOAD_SECONDS / 60:g} minutes")
            self._say_length(facts)
        except (UserError, EngineFailed):
            self.kill()
            raise
        except ray.exceptions.RayError as error:
            self.kill()
            raise cause_of(error) from None

    def _say_length(self, facts: list[dict[str, Any]]) -> None:
        """Say once where memory holds less than what the model could take."""
        most, longest = min(fact["max_model_len"] for fact in facts), facts[0]["longest"]
        if most < longest and most != self.told:
            self.told = most
            say(
                f"[yellow]note[/]: {escape(self.model)} takes {longest:,} tokens, and the memory of an engine holds {most:,}: longer rows "
                "end as errors; engine.kv_cache_gib (on a CPU), or gpu_memory_utilization in engine.vllm, gives it more"
            )

    def _wait_for_room(self, gpus: float) -> None:
        """Give a cluster time to grow, now that engines ask for room; raises UserError where it stays too small for one."""
        until = time.monotonic() + ROOM_SECONDS
        while told := lacking(self.config, gpus, 1):
            if time.monotonic() > until:
                raise UserError(told)
            time.sleep(1.0)

    def launch(self) -> Any:
        """One more actor, which starts its engine in the background."""
        import ray

        gpus = gpus_per_engine(self.config)
        # an engine on a CPU uses the cores that are there; Ray would otherwise pin it to one thread
        threads = max(1, len(os.sched_getaffinity(0)) // self.config.replicas)
        # Ray hides no cards from an actor that asks for none (see RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO)
        environment = {} if gpus else {"env_vars": {"OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}}
        plain: Any = EngineActor
        remote = ray.remote(plain).options(num_cpus=self.config.cpus, num_gpus=gpus, runtime_env=environment)
        self.actors.append(remote.remote(self.model, self.room.applied(self.config)))
        return self.actors[-1]

    def load(self, model: str) -> None:
        """Swap the weights of all engines, now or when they start; see `EnginePool.load`."""
        model = self._checked(model)
        if self.config.kind == "vllm":
            check_alike(self.built, model)
        self.model = model
        if not self.actors:
            return
        import ray

        try:
            ray.get([actor.load.remote(model) for actor in self.actors])
        except ray.exceptions.RayError as error:
            self.kill()
            raise cause_of(error) from None

    def remove(self, actor: Any) -> None:
        """End one engine at once."""
        import ray

        self.actors.remove(actor)
        ray.kill(actor)

    def kill(self) -> None:
        """End all engines at once."""
        for actor in list(self.actors):
            self.remove(actor)

    def close(self) -> None:
        """Stop the engines, in order, so that nothing is printed."""
        if not self.actors:
            return
        import ray

        for actor in self.actors:
            with contextlib.suppress(ray.exceptions.RayError):
                ray.get(actor.close.remote(), timeout=20)
        self.kill()

    def _checked(self, model: str) -> str:
        return check_model(model) if self.config.kind == "vllm" else model
