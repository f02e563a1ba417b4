"""How the benchmark says its facts: the sentences of documents, of questions, and from the other end.

Frozen: documents and ids are made of these words. The recipe of the embedded model has wordings of its own, so a change there
changes no question here.
"""

from random import Random

from eval.benchmarks.closure import Statement

INVERSE = "~"
"""A relation seen from its object: ("abme", "~type", "grud") says that the abme include grud."""
WORDINGS = {
    "type": ("{s} are a type of {o}", "{s} are a kind of {o}", "{s} belong to the {o}", "{s} count as {o}"),
    "trait": ("{s} are {o}", "{s} tend to be {o}", "{s} are known to be {o}", "{s} are thought to be {o}"),
    "part": ("{s} have {o}", "{s} come with {o}", "{s} possess {o}"),
    "ability": ("{s} can {o}", "{s} are able to {o}", "{s} know how to {o}"),
    "action": ("{s} often {v} {o}", "{s} {v} {o}", "{s} are known to {v} {o}"),
}
"""Wordings of the corpus; the first is that of a fact's id and of the deduction questions."""
REWORDED = {
    "type": "In every case, {s} are a sort of {o}",
    "trait": "In every case, {s} may be called {o}",
    "part": "In every case, {s} are equipped with {o}",
    "ability": "In every case, {s} manage to {o}",
    "action": "In every case, {s} will {v} {o}",
}
"""Held out of the corpus, for the split rephrasing."""
REVERSED = {
    "type": "The {o} include {s}",
    "trait": "Among the things that are {o} are {s}",
    "part": "Among the things that have {o} are {s}",
    "ability": "Among the things that can {o} are {s}",
    "action": "Among the things that {v} {o} are {s}",
}
STYLES = {
    "encyclopedia": ("By definition,", "In general,", "According to most sources,", "As a group,"),
    "field guide": (
        "Observers note that",
        "In the field, one sees that",
        "Keep in mind that",
        "It is easy to see that",
    ),
    "lesson": ("Pupils learn that", "Remember that", "The teacher explains that", "The textbook says that"),
    "letter": ("I can report that", "You will be glad to hear that", "As I wrote before,", "My guide told me that"),
    "interview": ("Ann says that", "Ben adds that", "The expert replies that", "Everyone agrees that"),
    "catalogue": ("Entry:", "Note:", "Record:", "Remark:"),
}
ASKED = {
    "type": "What kind of thing are {s}?",
    "trait": "What are {s} like?",
    "part": "What parts do {s} have?",
    "ability": "What can {s} do?",
    "action": "What do {s} often do?",
}


def kind_of(relation: str) -> str:
    """type, trait, part, ability, or action for a verb; the same from either end."""
    relation = relation.removeprefix(INVERSE)
    return relation if relation in WORDINGS else "action"


def phrase(statement: Statement, wording: str) -> str:
    """A statement, from either end, in one wording; without a full stop."""
    s, relation, o = statement
    if relation.startswith(INVERSE):
        s, relation, o = o, relation.removeprefix(INVERSE), s
    return wording.format(s=s, v=relation, o=o)


def plain(statement: Statement) -> str:
    """The sentence that is a fact's id: "grud are a type of abme."."""
    wording = REVERSED if statement[1].startswith(INVERSE) else {k: w[0] for k, w in WORDINGS.items()}
    return phrase(statement, wording[kind_of(statement[1])]) + "."


def worded(rng: Random, fact: Statement) -> str:
    """A fact in a random wording of the corpus, without a full stop."""
    return phrase(fact, rng.choice(WORDINGS[kind_of(fact[1])]))


def wiki(rng: Random, style: str, own: list[Statement], facts: list[Statement], longest: int) -> tuple[str, list]:
    """A document about one topic that states its `own` facts, the parent first, and some of anybody's; and its facts."""
    rest = rng.sample(own[1:], len(own) - 1)
    length = rng.randint(max(4, len(own)), max(4, len(own), longest))
    rest += [rng.choice(rng.choice((own, facts))) for _ in range(length - len(own))]
    shown = [own[0], *rng.sample(rest, len(rest))]
    return " ".join(f"{rng.choice(STYLES[style])} {worded(rng, fact)}." for fact in shown), shown


def answers(rng: Random, own: list[Statement]) -> tuple[str, list]:
    """A document of questions with answers about one topic; and its facts."""
    shown = [own[0], *rng.sample(own[1:], len(own) - 1)]
    return " ".join(f"Q: {phrase(f, ASKED[kind_of(f[1])])} A: {worded(rng, f)}." for f in shown), shown


def cut(split: str, statement: Statement) -> tuple[str, str]:
    """Stem and choice: a sentence cut in front of what fills the relation."""
    kind = kind_of(statement[1])
    wording = {"rephrasing": REWORDED[kind], "reversal": REVERSED[kind]}.get(split, WORDINGS[kind][0])
    end = " {v} {o}" if kind == "action" and split != "reversal" else wording[wording.rindex(" ") :]
    return phrase(statement, wording.removesuffix(end)), phrase(statement, f"{end}.")
