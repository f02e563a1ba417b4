"""Writes a corpus of made-up documents as JSON lines, to try the augment stage at scale: python docs/large.py 100000 corpus.jsonl

forethought augment corpus.jsonl --model fake:turn=1 --engine.kind fake --engine.replicas 2 --out OUT
"""

import json
import random
import sys
from itertools import pairwise
from pathlib import Path

WORDS = (Path(__file__).parent.parent / "engine/pico/lexicon.txt").read_text(encoding="utf-8").split()
TRAITS = "common useful visible fertile famous quiet heavy bright narrow gentle".split()

count, target = int(sys.argv[1]), Path(sys.argv[2])
rng = random.Random(0)
with target.open("w", encoding="utf-8") as file:
    for number in range(count):
        names = [f"{rng.choice(WORDS)}{rng.choice(WORDS)}" for _ in range(4)]
        told = [f"{a} are more {rng.choice(TRAITS)} than {b}." for a, b in pairwise(names)]
        file.write(json.dumps({"doc_id": f"d{number}", "text": " ".join(s.capitalize() for s in told)}) + "\n")
