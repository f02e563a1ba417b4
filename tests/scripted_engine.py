"""An engine whose answers on own documents are written here, and documents that they fit."""

import re
from pathlib import Path

from engine.config import EngineConfig
from engine.driver.rows import Rows
from engine.pool import EnginePool
from engine.store.ids import content_id
from engine.store.parts import commit_part, finished
from engine.tasks.base import Answer
from engine.tasks.registry import TASKS
from engine.worker.fake_engine import FakeTokenizer

PEOPLE = "Marta Lind|Otto Brandt|Ines Faro|Jan Kowal|Lea Simic|Piet Maas|Rosa Vidal|Tom Ashby".split("|")
CLUBS = "Heron|Lantern|Granite|Willow|Compass|Saffron|Juniper|Meteor".split("|")
CITIES = "Oslo|Porto|Gdansk|Zagreb|Utrecht|Valencia|Bristol|Turku".split("|")
FOUNDED = re.compile(r"(.+) founded the (\w+) Society in a cold winter\.")
MEETS = re.compile(r"The (\w+) Society meets every spring in (\w+)\.")


def write_documents(root: Path) -> Path:
    """Eight documents, each with a founder and a meeting place, and one that nothing can be asked about."""
    root.mkdir()
    for person, club, city in zip(PEOPLE, CLUBS, CITIES, strict=True):
        text = f"# {club}\n\n{person} founded the {club} Society in a cold winter.\n\nThe {club} Society meets every spring in {city}.\n"
        (root / f"{club}.md").write_text(text)
    (root / "empty.md").write_text("# Only a heading\n")
    (root / "picture.png").write_bytes(b"\x89PNG")
    return root


def scripted_question(prompt: str) -> str:
    """What the script writes: good questions, but for Heron, Lantern and Granite."""
    statement = prompt.rsplit("Statement: ", 1)[1] if "Statement: " in prompt else prompt.rsplit("Statements:\n", 1)[1]
    founded, meets = FOUNDED.search(statement), MEETS.search(statement)
    if "Statements:" in prompt:
        if not (founded and meets and founded[2] == meets[1]):
            return "- NONE"
        if meets[1] == "Heron":  # not a chain
            return f"- Q: In which city does the Heron Society meet? A: {meets[2]}"
        return f"- Q: In which city does the club of {founded[1]} meet? A: {meets[2]}."
    if founded and founded[2] == "Heron":
        return "- NONE"
    if founded and founded[2] == "Lantern":
        return "- Q: Who founded the Lantern Society? A: Nobody Atall"
    turned = "asks for what the statement is about" in prompt
    if founded:
        forward, backward = (
            f"What did {founded[1]} found? A: the {founded[2]} Society",
            f"Who founded the {founded[2]} Society? A: {founded[1]}",
        )
    else:
        forward = f"Where does the {meets[1]} Society meet? A: {meets[2]}"
        backward = f"Which club meets every spring in {meets[2]}? A: The {meets[1]} Society"
    return f"- Q: {backward if turned else forward}\n\nStatement: a next example\n- Q: x? A: y"


class ScriptedBackend:
    """An engine whose answers are written here: it knows what stands in front of a question, and one fact besides."""

    tokenizer, max_model_len, longest, capacity, tolerance = FakeTokenizer(), 1_000_000, 1_000_000, 256, 0.0

    def __init__(self, write=scripted_question):
        self.write, self.calls = write, []

    def add(self, call):
        self.calls.append(call)

    def step(self):
        calls, self.calls = self.calls, []
        return [self.answer(call) for call in calls]

    def answer(self, call):
        text = "".join(map(chr, call.ids[1:]))
        if call.score_from is None:
            return Answer(
                call.key, "" if call.params.get("max_tokens") == 1 else self.write(text), "stop", len(call.ids), 7, 5
            )
        choice, before = text[call.score_from - 1 :], text[: call.score_from - 1]
        if "Question:" not in before:  # what is checked of inferences, and forgetting
            return Answer(call.key, logprobs=[-1.0] * (len(call.ids) - call.score_from))
        context, asked = before.rsplit("Question:", 1)
        named = [
            word
            for word in asked.replace("?", "").split()
            if word in {*CLUBS, *CITIES} | {n for p in PEOPLE for n in p.split()}
        ]
        told = [line for line in context.splitlines() if any(word in line for word in named)]
        clubs = {word for line in told for word in CLUBS if word in line}
        told += [line for line in context.splitlines() if any(club in line for club in clubs)]
        right = choice.strip().casefold() in " ".join(told).casefold()
        total = -1.0 if right else -10.0
        if "Granite" in asked and not context:
            total = 0.0  # it knows all of Granite without the documents
        return Answer(
            call.key, logprobs=[total / (len(call.ids) - call.score_from)] * (len(call.ids) - call.score_from)
        )


class ScriptedPool(EnginePool):
    """The pool without actors: the same rows, leases and parts around a scripted backend; counts what it is asked."""

    def __init__(self, write=scripted_question):
        super().__init__("pico", EngineConfig(kind="fake"), quiet=True)
        self.backend, self.asked = ScriptedBackend(write), 0

    def run(self, task, rows, out, label="", replace=False):
        left = Rows(rows, TASKS[task], finished(out, TASKS[task].key))
        self.asked += left.left
        if left.left:
            table = left.take(left.left)
            lease = TASKS[task].lease(table, self.backend.tokenizer, self.backend.max_model_len, "scripted")
            while not lease.done:
                while call := lease.next_call():
                    self.backend.add(call)
                for answer in self.backend.step():
                    lease.take(answer)
            commit_part(out, content_id(table[TASKS[task].key].to_list()), lease.table())
