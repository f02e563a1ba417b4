"""The verbs of the command line: configs parsed by tyro from a YAML file and dotted overrides.

Nothing heavy is imported before the arguments are understood, so that --help is quick.
"""

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tyro
import yaml
from pydantic import Field, ValidationError

from augment.config import AugmentConfig
from engine.config import EngineConfig, Settings
from engine.console import NOISE, complain, console, quiet, shown_as
from engine.errors import UserError
from eval.config import RunConfig
from train.config import TrainConfig

DEMO = Path(__file__).parent / "configs/demo.yaml"
REPRODUCE = DEMO.with_name("reproduce.yaml")
HELP = """usage: forethought VERB [CONFIG.yaml] [--option VALUE ...]

Make a language model learn what documents imply, and measure it.

  demo      the main job on the embedded model, in minutes: prints the table of arms and the report's path
  run       a whole job from a config: augment, train, evaluate, report
  augment   PATH...: write what the documents imply (JSON lines, Parquet, CSV, Markdown, HTML, text, folders)
  show      ID: where a training line comes from, back to its document
  train     EXAMPLES: finetune a model on a column of texts
  reproduce every data set of the paper in small, with figures and a table of its claims
  eval      measure a model, or adapters on it, on a benchmark
  score     ITEMS: log-likelihoods of choices at scale
  compare   RUN RUN...: finished runs side by side: settings, accuracies with differences, cost
  export    a benchmark for lm-evaluation-harness, or as a data set
  bench     measure the engine's throughput
  plan      what a run would do, and what it would cost, without doing it
  doctor    check machine, versions, GPU, storage and model, and say what to do

Everywhere: -v shows logs of engines and packages, which else stand in log.txt of the run or of what augment and train write;
--json makes every line on stderr a JSON object (before the verb where the verb has a --json FILE of its own).
`forethought VERB --help` lists a verb's options. Every option can stand in the YAML file too.
Exit status: 0, 1 where doctor finds what will not do, 2 for a mistake in what was asked, 3 where augment left out some of
the documents and did the others.
"""
T = TypeVar("T", bound=Settings)
Paths = Annotated[tuple[str, ...], tyro.conf.Positional]


class AugmentJob(Settings):
    """Write what documents imply: inferences with provenance, and examples to train on.

    What cannot be read or has no sentence is named with its reason, here and in skipped.parquet, and the rest is done.
    Exit status: 0 if all was read, 3 if some was left out, 2 for a mistake in what was asked.
    """

    paths: Paths = ()
    """Files or folders: .jsonl, .json, .parquet, .csv, .md, .html, .txt, .rst, .org; hidden files stay out."""
    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("augmented")
    """Folder for the results; running again resumes."""
    text_column: str | None = None
    """Column with the text, for tables."""
    formats: tuple[Literal["text", "prompt-completion", "messages", "hub"], ...] = ("text",)
    """Forms to write the examples in, besides examples.parquet: docs/outputs.md says which trainer reads which."""
    mix: float | None = Field(default=None, gt=0, lt=1)
    """Share of documents among the rows of documents and inferences; by default each row comes once."""
    mix_by: Literal["repeat", "sample"] = "repeat"
    """Reach `mix` by repeating rows of the kind that is too rare, or by leaving out rows of the other."""
    replay: str | None = None
    """File or folder of general text to mix in, against forgetting."""
    replay_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of the replayed text among the characters of all training examples."""
    validation: float = Field(default=0, ge=0, lt=1)
    """Share of examples for validation; documents that share a sentence or an inference fall on one side."""
    drop_repeated: int | None = Field(default=None, ge=1)
    """Keep only the first of paragraphs (100 characters or more) that stand verbatim in more than this many documents,
    such as headers and licences; what goes is in repeated.parquet. By default all paragraphs stay."""
    dry_run: bool = False
    """Only say what would be done."""
    calibrate: int | None = Field(default=None, ge=1)
    """With dry_run: make this many requests (512 do well) and estimate tokens, time and yield of all."""
    augment: AugmentConfig = AugmentConfig()
    engine: EngineConfig = EngineConfig()


class TrainJob(Settings):
    """Finetune a model on texts; writes an adapter or whole weights."""

    examples: Annotated[str, tyro.conf.Positional] = ""
    """A .parquet or .jsonl file with a column text (examples.parquet of `augment`)."""
    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("adapter")
    """Folder for the adapter or weights; running again resumes."""
    validation: Path | None = None
    """File of texts like the examples: training stops when the loss on them no longer falls."""
    seed: int = 0
    """Seed of order and initial adapter."""
    dry_run: bool = False
    """Only say what would be done."""
    train: TrainConfig = TrainConfig()


class ScoreJob(Settings):
    """Log-likelihoods of choices: a table of item_id, stem, choices, and optionally prefix and adapter."""

    items: Annotated[str, tyro.conf.Positional] = ""
    """A .parquet or .jsonl file."""
    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("scores")
    """Folder of Parquet parts; running again resumes."""
    engine: EngineConfig = EngineConfig()


class BenchJob(Settings):
    """Measure throughput on this machine."""

    what: Annotated[Literal["generate", "score", "train", "arms", "plane"], tyro.conf.Positional] = "score"
    """generate or score against the peers (extra `bench`); train against plain TRL; arms: trained and scored side by side
    against one after another; plane: rows through the pool with the fake engine."""
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None
    """Where to write the figures."""
    model: str = "pico"
    """The model."""
    rows: int | None = None
    """Prompts, questions, texts or (arms) facts; by default 1000, 100, 1000, 40 and, for plane, 20,000."""
    context: int | None = None
    """Words of a text that questions or prompts share; by default 4000 for score, none for generate."""
    peers: tuple[str, ...] | None = None
    """Peers to compare with, by default all: lm_eval and llm_generate for score; llm_generate, ray_data_llm and
    transformers for generate; trl for train; one_after_another for arms."""
    repeats: int = 3
    """Timings of each; the median counts."""
    engine: EngineConfig = EngineConfig()
    train: TrainConfig = TrainConfig()


class RunJob(RunConfig):
    """A whole job: augment, train and evaluate every arm, for every seed."""

    dry_run: bool = False
    """Only print the plan and the resolved config."""
    calibrate: int | None = Field(default=None, ge=1)
    """For plan: make this many requests (512 do well), some steps and some questions, and estimate tokens, time and yield."""


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
    verb, rest = arguments[0], list(arguments[1:])
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        if verb not in VERBS:
            raise UserError(f"There is no verb {verb!r}; choose from {', '.join(VERBS)}.")
        with quiet(f"forethought {' '.join(arguments)}"):
            try:
                return VERBS[verb](rest) or 0
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
        again = f"`forethought {' '.join(arguments)}` goes on from there"
        console.print(f"\nstopped; what is finished is kept: {again}", markup=False, soft_wrap=True)
        return 130


def parse(config: type[T], arguments: list[str], verb: str, preset: Path | None = None) -> T:
    """A config from a YAML file (one of the first two arguments; for `run` also a .json) and dotted overrides."""
    path, arguments = preset, list(arguments)
    endings = (".yaml", ".yml", ".json") if config is RunJob else (".yaml", ".yml")
    for place, argument in enumerate(arguments[:2]):
        if argument.endswith(endings) and not any(a.startswith("-") for a in arguments[: place + 1]):
            path = Path(arguments.pop(place))
            break
    try:
        default = config.model_validate(read_yaml(path)) if path else config()
    except ValidationError as error:
        raise UserError(explain(error, config, str(path))) from error
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return tyro.cli(config, args=arguments, default=default, prog=f"forethought {verb}")
    except SystemExit as stop:
        if not stop.code:  # --help
            raise
        raise UserError(option_fault(stop, told.getvalue(), config, verb)) from stop


def option_fault(stop: SystemExit, box: str, config: type[Settings], verb: str) -> str:
    """What tyro says in a box, as one sentence: its first part, and the options that it suggests."""
    cause: BaseException | None = stop
    while cause is not None:
        if isinstance(cause, ValidationError):
            return explain(cause, config, "the options")
        cause = cause.__context__
    rows = [line.strip("│ ") for line in box.splitlines() if not line.startswith(("╭", "╰"))]
    if "╭" not in box:  # an output that is not UTF-8 gets no frame, but the title as a row with a rule below
        rows = rows[2:]
    first, *others = re.split(r" ?[─-]{6,} ?", " ".join(rows))
    found = [name for part in others if part.startswith("Perhaps") for name in re.findall(r"--[\w.-]+", part)]
    meant = f"; perhaps you meant {' or '.join(dict.fromkeys(found))}" if found else ""
    return f"{first.strip().rstrip('.')}{meant}; `forethought {verb} --help` lists the options."


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; raises UserError where there is none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no valid YAML: {error}.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a mapping of settings.")
    return content


def explain(error: ValidationError, config: type[Settings], where: str) -> str:
    """The first fault of a config as one sentence, with the valid keys where a key is unknown."""
    fault = error.errors()[0]
    # tyro builds each part of a config on its own: the fault then does not name the part
    part = next((n for n, f in config.model_fields.items() if getattr(f.annotation, "__name__", "") == error.title), "")
    key = ".".join(map(str, (part, *fault["loc"]) if part else fault["loc"]))
    if fault["type"] == "extra_forbidden":
        owner: Any = config
        for name in fault["loc"][:-1]:
            owner = owner.model_fields[name].annotation
        return f"{where}: there is no setting {key}; choose from {', '.join(owner.model_fields)}."
    message = fault["msg"].removeprefix("Value error, ")
    return f"{where}: {key or 'config'} is {fault.get('input')!r}: {message}."


def _run(config: RunJob) -> None:
    from eval.runs.plan import print_plan
    from eval.runs.run import run_job

    settings = RunConfig(**{name: getattr(config, name) for name in RunConfig.model_fields})
    if config.dry_run:
        print_plan(settings, config.calibrate)
    else:
        run_job(settings)


def verb_demo(arguments: list[str]) -> None:
    """demo: the shipped config."""
    _run(parse(RunJob, arguments, "demo", DEMO))


def verb_run(arguments: list[str]) -> None:
    """run: a config of the user."""
    _run(parse(RunJob, arguments, "run"))


def verb_plan(arguments: list[str]) -> None:
    """plan: run --dry-run."""
    _run(parse(RunJob, arguments, "plan").model_copy(update={"dry_run": True}))


def verb_augment(arguments: list[str]) -> int:
    """augment: documents in, inferences and examples out."""
    job = parse(AugmentJob, arguments, "augment")
    from forethought.jobs import augment_job

    return augment_job(job)


def verb_show(arguments: list[str]) -> None:
    """show: the chain of one training line."""
    from augment.results.show import ShowJob, show_job

    show_job(parse(ShowJob, arguments, "show"))


def verb_train(arguments: list[str]) -> None:
    """train: examples in, adapter or weights out."""
    job = parse(TrainJob, arguments, "train")
    from forethought.jobs import train_job

    train_job(job)


def verb_reproduce(arguments: list[str]) -> None:
    """reproduce: the shipped settings."""
    from eval.runs.reproduce import ReproduceJob, reproduce

    reproduce(parse(ReproduceJob, arguments, "reproduce", REPRODUCE))


def verb_eval(arguments: list[str]) -> None:
    """eval: the untrained arms of a run, or adapters."""
    from forethought.jobs import EvalJob, eval_job

    eval_job(parse(EvalJob, arguments, "eval"))


def verb_score(arguments: list[str]) -> None:
    """score: items in, scores out."""
    job = parse(ScoreJob, arguments, "score")
    from forethought.jobs import score_job

    score_job(job)


def verb_compare(arguments: list[str]) -> None:
    """compare: finished runs side by side."""
    from eval.report.compare import CompareJob, compare_job

    compare_job(parse(CompareJob, arguments, "compare"))


def verb_export(arguments: list[str]) -> None:
    """export: a benchmark for other tools."""
    from eval.export.job import ExportJob, export_job

    export_job(parse(ExportJob, arguments, "export"))


def verb_bench(arguments: list[str]) -> None:
    """bench: throughput."""
    job = parse(BenchJob, arguments, "bench")
    if job.what == "train":
        from eval.bench.train import bench_train

        bench_train(job.model, job.train, job.repeats, job.rows, job.peers, job.json_file)
        return
    if job.what == "arms":
        from eval.bench.arms import bench_arms

        bench_arms(job.model, job.engine, job.train, job.rows, job.peers, job.json_file)
        return
    from engine.bench.throughput import bench

    bench(job.what, job.model, job.engine, job.rows, job.context, job.repeats, job.peers, job.json_file)


def verb_doctor(arguments: list[str]) -> int:
    """doctor: what this machine lacks."""
    from forethought.doctor.report import DoctorJob, doctor

    return doctor(parse(DoctorJob, arguments, "doctor"))


VERBS: dict[str, Callable[[list[str]], int | None]] = {
    "demo": verb_demo,
    "run": verb_run,
    "augment": verb_augment,
    "show": verb_show,
    "train": verb_train,
    "reproduce": verb_reproduce,
    "eval": verb_eval,
    "score": verb_score,
    "compare": verb_compare,
    "export": verb_export,
    "bench": verb_bench,
    "plan": verb_plan,
    "doctor": verb_doctor,
}
