"""The command line: help, quick start, shipped configs, and one clear sentence for every mistake of a user."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from forethought.cli import VERBS, run
from forethought.settings import parse
from forethought.verbs import reproduce, train
from forethought.verbs.run import Job

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted([*(ROOT / "forethought" / "configs").glob("*.y*ml"), *(ROOT / "examples").glob("*.y*ml")])
HEAVY = ("torch", "vllm", "ray", "trl", "transformers", "datasets", "matplotlib", "datasketch", "pandas")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with one file of each wrong kind."""
    monkeypatch.chdir(tmp_path)
    files = {
        "broken.yaml": "arms: [icl\nname: x",
        "list.yaml": "- a\n- b\n",
        "empty.yaml": "",
        "unknown.yaml": "nme: x\n",
        "nested.yaml": "train: {epoch: 3}\n",
        "type.yaml": "train: {epochs: many}\n",
        "arms.yaml": "arms: [icl, magic]\n",
        "slash.yaml": "name: a/b\n",
        "negative.yaml": "engine: {replicas: 0}\n",
        "seeds.yaml": "seeds: [1, 1]\n",
        "docs/a.jsonl": '{"body": "femp are more dangerous than glon.", "n": 1}\n',
        "headings/a.md": "# Only\n\n## Headings\n",
        "blank/a.txt": "  \n",
        "picture.png": "not text",
        "fine.txt": "femp are more dangerous than glon.",
        "no-config/model.safetensors": "x",
        "pickled/config.json": "{}",
        "pickled/pytorch_model.bin": "x",
        "examples.jsonl": '{"body": "x"}\n',
        "numbers.jsonl": '{"text": 1}\n',
        "blank.jsonl": '{"text": "  "}\n',
        "damaged.parquet": "no parquet",
        "items.jsonl": '{"item_id": "a", "stem": "So:"}\n',
        "flat.jsonl": '{"item_id": "a", "stem": "So:", "choices": " yes"}\n',
        "twice.jsonl": '{"item_id": "a", "stem": "So:", "choices": [" yes"]}\n' * 2,
        "prompts/silent.md": "Say something.",
        "malformed/all_prompts_train.jsonl": '{"prompt": "x"}\n',
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    (tmp_path / "empty").mkdir()
    return tmp_path


MISTAKES = {
    "frob": "no verb 'frob'; choose from demo, run, augment, verify, show, train, reproduce, eval, score, compare, export, bench, plan, doctor",
    "run missing.yaml": "Cannot read missing.yaml: No such file",
    "run broken.yaml": "broken.yaml is not valid YAML",
    "run latin.yaml": "latin.yaml is not valid YAML",
    "run list.yaml": "list.yaml must hold a mapping of settings",
    "run empty.yaml": "empty.yaml must hold a mapping of settings",
    "run unknown.yaml": "no setting nme; choose from name, out, model, arms, adapter, seeds",
    "run nested.yaml": "no setting train.epoch; choose from method, rank, targets, split, loss, epochs",
    "run type.yaml": "train.epochs is 'many': Input should be a valid number",
    "run arms.yaml": "unknown arms magic; choose from pretrained, icl, finetuned",
    "run --arms finetuned+repeat+local": "the arm finetuned+repeat+local: nothing can be added to repeat, which is a control",
    "run --arms finetuned+sourced": "finetuned+sourced needs inferences: name their operators, or local",
    "run --arms finetuned+qa": "unknown arms finetuned+qa; choose from pretrained, icl",
    "run --arms finetuned+local+distilled --train.method full": "needs train.method lora and train.packing off",
    "run --train.steps 5 --train.tokens 5": "steps and tokens both set the length of training: give only one",
    "run --benchmark derivatoids --arms finetuned+gold --dry-run": "finetuned+gold needs a benchmark that knows everything that follows",
    "run --benchmark syllogisms --benchmark.facts 2 --dry-run": "benchmark.facts is 2; choose from 6 to 341",
    "reproduce --methods --steps 5": "remove --steps and set --train.tokens",
    "run slash.yaml": "name is 'a/b': the name must be a plain folder name",
    "run negative.yaml": "engine.replicas is 0: Input should be greater than or equal to 1",
    "run seeds.yaml": "give at least one seed, and each seed only once",
    "run --train.epochs many": "--train.epochs: could not convert string to float: 'many'; `forethought run --help`",
    "run --train.epochs -1": "train.epochs is -1.0: Input should be greater than 0",
    "run --train.epoch 1": "--train.epoch, 1; perhaps you meant --train.epochs",
    "run --train.sft {bad": "--train.sft: Expecting property name",
    "run --train.sft": "Missing value for argument '--train.sft'",
    "run --benchmark foo": "invalid choice 'foo'",
    "run stray": "Unrecognized options: stray; `forethought run --help` lists the options",
    "run --arms icl magic": "unknown arms magic; choose from pretrained",
    "run --name a/b": "the name must be a plain folder name",
    "run --model ./nowhere": "There is no model './nowhere': give pico, a folder with config.json, or a hub name",
    "run --model no-config": "no-config is not a model folder: it has no config.json",
    "run --model pickled": "pickled has no .safetensors file",
    "plan --model pickled": "pickled has no .safetensors file",
    "run --benchmark celebrities": "celebrities needs benchmark.data",
    "run --benchmark celebrities --data empty": "empty has no all_prompts_train.jsonl",
    "run --benchmark celebrities --data malformed": "all_prompts_train.jsonl, line 1 is not a JSON object",
    "run --benchmark.facts 100000": "benchmark.facts is 100000; choose from 1 to 512",
    "run --benchmark.articles 31": "benchmark.articles is 31; choose from 1 to 30",
    "run --augment.operators foo": "no operator 'foo'; choose from connect, deduce, entities",
    "run --augment.prompts nowhere": "augment.prompts: there is no folder nowhere",
    "run --augment.prompts prompts --augment.operators silent": "never shows the sentence; put {{ text }}",
    "augment": "augment: give at least one file or folder of documents",
    "augment nowhere.jsonl": "no file or folder nowhere.jsonl",
    "augment empty": "The folder empty has no file to read",
    "augment blank": "No document could be read from blank",
    "augment picture.png": "picture.png has an unsupported format: give .jsonl",
    "augment docs": "has no column text, prompt + completion, content or document",
    "augment docs --text-column txt": "no column 'txt': set the text column to one of its columns: body, n",
    "augment docs --text-column n": "holds int values, not text",
    "augment fine.txt --augment.operators foo": "no operator 'foo'; choose from connect, deduce, entities",
    "augment fine.txt --model pickled": "pickled has no .safetensors file",
    "augment headings --dry-run": "no sentences, only headings, tables or code; set augment.split none",
    "augment fine.txt --augment.samples 0": "augment.samples is 0",
    "augment fine.txt --formats parquet": "invalid choice 'parquet'",
    "augment fine.txt --system Plainly.": "--system only applies to the format messages: add messages to --formats",
    "augment fine.txt --mix 1.5": "mix is 1.5: Input should be less than 1",
    "augment fine.txt --replay nowhere.txt": "no file or folder nowhere.txt",
    "show": "show: give an example_id, inference_id, request_id or doc_id",
    "show abcd": "augmented holds no tables of `augment` or `run`",
    "augment fine.txt --rounds 0": "augment.rounds is 0",
    "train": "train: give a file of examples",
    "train nowhere.parquet": "no file nowhere.parquet; `forethought augment` writes examples.parquet",
    "train examples.jsonl": "examples.jsonl has no column text; it has body",
    "train numbers.jsonl": "the column text must hold text, not",
    "train blank.jsonl": "blank.jsonl has no row with text",
    "train damaged.parquet": "damaged.parquet cannot be read as .parquet",
    "train fine.txt": "fine.txt is not a readable table: give one of .jsonl",
    "train examples.jsonl --model no-config": "it has no config.json",
    "eval --name a/b": "the name must be a plain folder name",
    "eval --adapter empty": "empty is not an adapter folder: it has no adapter_config.json",
    "eval --benchmark celebrities": "celebrities needs benchmark.data",
    "score": "give a .parquet or .jsonl file with item_id, stem and choices",
    "score nowhere.parquet": "no file 'nowhere.parquet'",
    "score items.jsonl": "The table lacks choices; it has item_id, stem",
    "score flat.jsonl": "The column choices holds String and needs lists of text",
    "score twice.jsonl": "1 rows repeat a item_id",
    "score damaged.parquet": "damaged.parquet cannot be read",
    "score fine.txt": "fine.txt is not a readable table: give one of .jsonl",
    "bench wat": "invalid choice 'wat'",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_sentence_with_its_remedy(line, place, capsys):
    before = sorted(place.rglob("*"))
    assert run(line.split()) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1, told.err
    assert told.err.startswith("error: ")
    assert MISTAKES[line] in told.err
    assert told.out == ""
    assert sorted(place.rglob("*")) == before  # no run folder, no result


def test_a_run_with_other_settings_is_left_alone(place, capsys):
    folder = place / "runs" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"name": "mine", "model": "other"}))
    line = "run --name mine --engine.kind fake --arms icl --benchmark.facts 2"
    assert run(line.split()) == 2
    assert "runs/mine holds a run with other settings: choose another --name or delete it" in capsys.readouterr().err
    assert [p.name for p in folder.iterdir()] == ["config.json"]
    (folder / "config.json").rename(folder / "thesis.txt")
    assert run(line.split()) == 2
    assert "runs/mine exists but is not a run" in capsys.readouterr().err


def test_help_lists_every_verb(capsys):
    assert run(["--help"]) == run(["-h"]) == run(["help"]) == 0
    told = capsys.readouterr()
    assert all(f"\n  {verb} " in told.out for verb in VERBS)
    assert run([]) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        run([verb, "--help"])
    assert stop.value.code == 0
    told = capsys.readouterr()
    assert f"usage: forethought {verb}" in told.out
    assert "--engine.replicas" in told.out or verb in ("train", "compare", "export", "show", "doctor")
    assert told.err == ""


def test_plan_shows_stages_and_writes_nothing(place, capsys):
    before = sorted(place.rglob("*"))
    assert run("plan --benchmark.facts 3 --seeds 0 1 --arms icl finetuned+local".split()) == 0
    shown = capsys.readouterr().out
    assert "60 documents in 2 worlds" in shown
    assert "facts: 3" in shown
    assert sorted(place.rglob("*")) == before


def test_dry_runs_of_augment_and_train_write_nothing(place, capsys):
    pl.DataFrame({"text": ["one", "two", "three"]}).write_parquet(place / "three.parquet")
    before = sorted(place.rglob("*"))
    assert run(["augment", "docs", "--text-column", "body", "--dry-run"]) == 0
    assert "1 documents, 2 requests of 1 samples" in capsys.readouterr().err
    assert run(["train", "three.parquet", "--dry-run", "--train.batch", "2", "--train.epochs", "2"]) == 0
    told = capsys.readouterr().err
    assert "3 examples, 14 tokens in 3 rows, 3 steps of 2, lora" in told
    assert "padding" not in told
    pl.DataFrame({"text": ["one", "two " * 40, "three", "four " * 41]}).write_parquet(place / "uneven.parquet")
    before = sorted(place.rglob("*"))
    uneven = ["train", "uneven.parquet", "--dry-run", "--train.batch", "2", "--train.epochs", "8"]
    assert run(uneven) == 0
    assert "with --train.bucketing, which draws like lengths together, 0%" in capsys.readouterr().err
    assert run([*uneven, "--train.bucketing"]) == 0
    assert "padding" not in capsys.readouterr().err
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("path", CONFIGS, ids=[str(p.relative_to(ROOT)) for p in CONFIGS])
def test_every_shipped_config_loads(path):
    config = reproduce.Job if path.stem == "reproduce" else Job
    assert parse(config, [], "run", path).arms


@pytest.mark.parametrize("name", ["fsdp2", "zero3"])
def test_every_shipped_sharding_config_loads(name):
    from trl import SFTConfig

    job = parse(
        train.Job, ["texts.parquet", str(ROOT / f"train/sft/configs/{name}.yaml"), "--train.workers", "8"], "train"
    )
    assert (job.examples, job.train.method, job.train.shares(8)) == ("texts.parquet", "full", (2, 1))
    assert job.train.shares(4) == (2, 2)  # the same batch on fewer workers
    sft = dict(job.train.sft)
    if name == "fsdp2":
        found = SFTConfig(output_dir="x", use_cpu=True, bf16=False, **sft)
        assert found.fsdp
        assert found.fsdp_config["version"] == 2
        assert found.fsdp_config["reshard_after_forward"]
    else:  # DeepSpeed itself is not installed here
        deepspeed = sft.pop("deepspeed")
        assert deepspeed["zero_optimization"]["stage"] == 3
        assert deepspeed["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"]
        batches = ("train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "train_batch_size")
        assert [deepspeed[key] for key in batches] == ["auto"] * 3
        assert not sft


def test_options_override_the_file(place):
    (place / "mine.yaml").write_text("name: mine\ntrain: {epochs: 7, rank: 4}\nengine: {vllm: {max_num_seqs: 3}}\n")
    job = parse(Job, ["mine.yaml", "--train.rank", "8", "--train.sft", '{"seed": 1}', "--seeds", "4"], "run")
    assert (job.name, job.train.epochs, job.train.rank, job.seeds) == ("mine", 7, 8, (4,))
    assert (job.engine.vllm, job.train.sft) == ({"max_num_seqs": 3}, {"seed": 1})


def test_the_command_line_starts_quickly_and_without_heavy_packages():
    code = (
        f"import sys, forethought.cli; forethought.cli.run(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert done.stdout.splitlines()[-1] == "[]"
    assert seconds < 1, f"{seconds:.2f} s of user time"


def test_no_verb_loads_heavy_packages_before_its_job_begins():
    """Its help and its mistakes are then told at once."""
    code = (
        "import sys, forethought.api; from forethought.cli import VERBS, module; [module(verb) for verb in VERBS]; "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_as_a_program_a_mistake_ends_with_status_2(encoding):
    command = [sys.executable, "-m", "forethought", "run", "--train.epoch", "1"]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: Unrecognized options: --train.epoch, 1; perhaps you meant --train.epochs; "
        "`forethought run --help` lists the options.\n"
    )
