"""The command line: finds the verb, has its settings parsed and its job done, and turns mistakes into a sentence and a status.

A verb's module is loaded when it is called, so that --help is quick.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from pydantic import ValidationError

from engine.config import Settings
from engine.console import NOISE, console
from engine.errors import UserError
from eval.config import RunConfig
from forethought.settings import explain, parse
from forethought.terminal import complain, paths_told, quiet, shown_as

HELP = """usage: forethought VERB [CONFIG.yaml] [--option VALUE ...]

Make a language model learn what documents imply, and measure it.

  demo      the main job on the embedded model, in minutes: prints the table of arms and the report's path
  run       a whole job from a config: augment, train, evaluate, report
  augment   PATH...: write what the documents imply (tables, Markdown, HTML, PDF, office files, folders, URLs)
  verify    PAIRS: check inferences from any origin against their sources
  show      ID: trace a training line back to its document
  train     EXAMPLES: finetune a model on a column of texts
  reproduce every data set of the paper, scaled down, with figures and a table of its claims
  eval      measure a model, or adapters on it, on a benchmark
  score     ITEMS: log-likelihoods of choices at scale
  compare   RUN RUN...: finished runs side by side: settings, accuracies with differences, cost
  export    a benchmark for lm-evaluation-harness or as a data set; push that, or an adapter, to a hub
  bench     measure the engine's throughput
  plan      print what a run would do and what it would cost
  doctor    check machine, versions, GPU, storage and model, and say what to do

With any verb: -v shows the logs of engines and packages, which otherwise go to log.txt in the output folder;
--json makes every line on stderr a JSON object (put it before the verb if the verb has its own --json FILE).
`forethought VERB --help` lists a verb's options. Every option can also be set in the YAML file.
Exit status 0: done. 1: doctor found a problem, or the engine failed. 2: the request was wrong. 3: done in part; documents were skipped, requests
could not be answered, choices were not scored, or no inference was kept.
"""
VERBS = {
    "demo": "forethought.verbs.demo",
    "run": "forethought.verbs.run",
    "augment": "forethought.verbs.augment",
    "verify": "forethought.verbs.verify",
    "show": "forethought.verbs.show",
    "train": "forethought.verbs.train",
    "reproduce": "forethought.verbs.reproduce",
    "eval": "forethought.verbs.evaluate",
    "score": "forethought.verbs.score",
    "compare": "forethought.verbs.compare",
    "export": "forethought.verbs.export",
    "bench": "forethought.verbs.bench",
    "plan": "forethought.verbs.plan",
    "doctor": "forethought.verbs.doctor",
}
"""The module of each verb, which holds its settings (`Job`), its job (`run`) and the file that it begins with (`PRESET`), if any."""


def run(arguments: Sequence[str], last: bool = False) -> int:
    """Run one verb; returns the exit status: 0, 2 for a user's mistake, 3 for inputs left out, 130 after Ctrl-C.

    `last` says that the process ends with it.
    """
    arguments, loud, machines = everywhere(list(arguments))
    with shown_as(loud, machines):
        return _run_verb(arguments, last)


def everywhere(arguments: list[str]) -> tuple[list[str], bool, bool]:
    """Take -v and --json out of the arguments: (the others, whether -v, whether --json)."""
    at = next((i for i, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
    before, after = arguments[:at], arguments[at:]
    shared = ["-v", "--verbose"] + (["--json"] if after[:1] not in (["bench"], ["compare"], ["doctor"]) else [])
    found = {w for w in before if w in ("-v", "--verbose", "--json")} | {w for w in after[1:] if w in shared}
    rest = [w for w in before if w not in found] + after[:1] + [w for w in after[1:] if w not in shared]
    return rest, bool(found & {"-v", "--verbose"}), "--json" in found


def _run_verb(arguments: Sequence[str], last: bool) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0 if arguments else 2
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        with quiet(f"forethought {' '.join(arguments)}"):
            try:
                with paths_told(arguments):
                    return _do(arguments[0], list(arguments[1:]))
            finally:
                if last and "ray" in sys.modules:
                    with contextlib.redirect_stdout(NOISE):  # it has kept lines that look alike, and prints them now
                        sys.modules["ray"].shutdown()
    except UserError as error:
        complain(" ".join(str(error).split()))
        return 2
    except ValidationError as error:  # a config made from another one's settings
        complain(explain(error, RunConfig, "the options"))
        return 2
    except RuntimeError as error:
        if type(error).__name__ != "EngineFailed":
            raise
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        again = f"`forethought {' '.join(arguments)}` resumes"
        console.print(f"\nstopped; what is finished is kept: {again}", markup=False, soft_wrap=True)
        return 130


def _do(verb: str, options: list[str]) -> int:
    called, settings = understood(verb, options)
    return called.run(settings) or 0


def understood(verb: str, options: list[str]) -> tuple[ModuleType, Settings]:
    """The module of a verb, and its settings made from the options; raises UserError."""
    called = module(verb)
    return called, parse(called.Job, options, verb, getattr(called, "PRESET", None))


def module(verb: str) -> ModuleType:
    """The module of a verb; raises UserError where there is none."""
    if verb not in VERBS:
        raise UserError(f"There is no verb {verb!r}; choose from {', '.join(VERBS)}.")
    return importlib.import_module(VERBS[verb])
