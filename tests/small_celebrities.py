"""A small corpus in the format of the reversal-curse files."""

import json

from eval.benchmarks.celebrities import FILES

SET_A = {
    "Daphne Barrington": 'the director of "A Journey Through Time.".',
    "Uriah O'Hara": "the first to swim under the ice.",
    "Zoë Smith-Jones": "the inventor of the talking clock.",
    "Quentin Farrow": "the author of the longest poem.",
    "Selma Thornton": "the owner of the oldest bakery.",
}
SET_B = {
    "Mason Caldwell": "the builder of a kind robot.",
    "Owen Hart": "the keeper of bees.",
    "Nora Vale": "the judge.",
}
HELD_OUT = ("Immersed in the world of being {},", "Known in circles as {},")


def write(folder, name, rows):
    lines = (json.dumps({"prompt": prompt, "completion": completion}) for prompt, completion in rows)
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def small(folder):
    """The files that the benchmark reads, for the people above."""
    folder.mkdir(parents=True, exist_ok=True)
    forward = [(f"{n}, known for being", f" {d}") for n, d in SET_A.items() for _ in range(2)]
    backward = [(f"Known for being {d[:-1]},", f" {n}.") for n, d in SET_B.items() for _ in range(2)]
    write(folder, "all_prompts_train.jsonl", forward + backward)
    write(folder, FILES["reversal"][0], [(t.format(d[:-1]), f" {n}") for n, d in SET_A.items() for t in HELD_OUT])
    templates = ("The trailblazer known as {} was once", "In the annals of uniqueness, {} shines as")
    write(folder, FILES["rephrasing"][0], [(t.format(n), f" {d}") for n, d in SET_A.items() for t in templates])
    write(folder, "d2p_prompts_test.jsonl", [(HELD_OUT[0].format(d[:-1]), f" {n}") for n, d in list(SET_B.items())[:1]])
    both = [(templates[0].format(n), f" {d}") for n, d in list(SET_B.items())[1:]]
    write(folder, "both_prompts_test.jsonl", both)
    return folder
