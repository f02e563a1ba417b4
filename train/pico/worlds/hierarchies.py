"""Worlds of hierarchies: "grud are a type of abme. abme are rony.", told in documents of several sentences per topic.

A topic has a parent and own traits, parts, abilities and actions; what is said of a topic holds for all below it. Trees and words
are random; the wordings include those of the benchmark `semantic`: a language comes before the facts in it.
"""

from collections.abc import Sequence
from random import Random

from train.pico.worlds.base import Asked, Question, Use

Statement = tuple[str, ...]
"""Subject, relation, object; the relation of an action is its verb."""
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
ASKED_BACK = {
    "type": "What do the {o} include?",
    "trait": "What are the things that are {o}?",
    "part": "What are the things that have {o}?",
    "ability": "What are the things that can {o}?",
    "action": "What are the things that {v} {o}?",
}
"""Questions about a fact from its other end, as the operator `qa` asks them."""


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


OPERATORS = ("rephrase", "reverse", "deduce", "qa")
MOST = 48
"""Topics in the largest training context."""
SPLITS = ("rephrasing", "reversal", "syllogism", "longer")
DEEPEST = 5
"""Topics above the lowest one, at most."""


def english() -> str:
    """Every word and mark that may stand in a sentence beside names."""
    kinds: list[str] = [w for group in WORDINGS.values() for w in group]
    kinds += [w for group in (REWORDED, REVERSED, ASKED) for w in group.values()]
    starts = [start for group in STYLES.values() for start in group]
    return " ".join([*(phrase(("", "", ""), w) for w in kinds), *starts, "Q: A: ."])


def draw_facts(rng: Random, words: list[str], n: int) -> dict[str, list[Statement]]:
    """The own facts of `n` topics, parent first; a word describes one or, now and then, more of them."""
    fresh = iter(rng.sample(words, len(words)))
    topics = [next(fresh) for _ in range(n)]
    pools: dict[str, list[str]] = {kind: [] for kind in (*WORDINGS, "verb")}
    depth: dict[str, int] = {}
    told: dict[str, list[Statement]] = {}

    def fill(pool: str, again: float) -> str:
        if not pools[pool] or rng.random() >= again:
            pools[pool].append(next(fresh))
        return rng.choice(pools[pool])

    for i, topic in enumerate(topics):
        above = [t for t in topics[max(0, i - 12) : i] if depth[t] < DEEPEST]
        root = not above or (i == n // 2 and n > 12)
        own: set[Statement] = set()
        if not root:
            parent = rng.choice(above)
            depth[topic] = depth[parent] + 1
        else:
            depth[topic] = 0
        for kind, chance in (("trait", 0.75), ("part", 0.5), ("ability", 0.5)):
            while rng.random() < chance and len(own) < 5:
                own.add((topic, kind, fill(kind, 0.1)))
                chance *= 0.35
        if rng.random() < 0.4:
            other = rng.choice([t for t in topics if t != topic] or [next(fresh)])
            own.add((topic, fill("verb", 0.3), other if rng.random() < 0.3 else fill("action", 0.1)))
        own = own if (own and rng.random() > 0.08) or root else set()
        own = own or ({(topic, "trait", fill("trait", 0))} if root else own)
        told[topic] = [*([] if root else [(topic, "type", parent)]), *sorted(own)]
    return told


def inherited(told: dict[str, list[Statement]], topic: str) -> list[list[Statement]]:
    """What follows for a topic, by the number of facts that it takes less one: [own facts, of the parent, ...]."""
    levels, at = [], topic
    while True:
        levels.append([(topic, *fact[1:]) for fact in told[at]])
        if told[at][0][1] != "type":
            return levels
        at = told[at][0][2]


def draw(rng: Random, words: list[str], n: int) -> tuple[dict[str, list[Statement]], str]:
    """The own facts of `n` topics, and a document about each, in random order."""
    told = draw_facts(rng, words, n)
    facts = [fact for own in told.values() for fact in own]
    documents = [
        answers(rng, own)[0] if rng.random() < 1 / 6 else wiki(rng, rng.choice(list(STYLES)), own, facts, 6)[0]
        for own in told.values()
    ]
    return told, "".join(f"{text}\n" for text in rng.sample(documents, n))


def _pools(told: dict[str, list[Statement]]) -> dict[str, list[Statement]]:
    levels = [inherited(told, topic) for topic in told]
    own = [fact for of_one in levels for fact in of_one[0]]
    turned: list[Statement] = [(o, INVERSE + relation, s) for s, relation, o in own]
    second = [fact for of_one in levels for fact in (of_one[1] if len(of_one) > 1 else [])]
    further = [fact for of_one in levels for level in of_one[2:] for fact in level]
    return dict(zip(SPLITS, (own, turned, second, further), strict=True))


def lookup(rng: Random, words: list[str], n: int) -> tuple[str, Asked]:
    """`n` topics' documents and questions of all splits, four times as many as topics, at most 96."""
    told, context = draw(rng, words, n)
    pools = _pools(told)
    weights = {"rephrasing": 2, "reversal": 3, "syllogism": 4, "longer": 3}
    splits = [s for s in rng.choices(list(weights), list(weights.values()), k=min(4 * n, 96)) if pools[s]]
    return context, list(dict.fromkeys(cut(split, rng.choice(pools[split])) for split in splits))


def exam(rng: Random, words: list[str], n: int, most: int) -> tuple[str, list[Question]]:
    """A context of `n` topics and up to `most` questions per split with four choices each, where there are so many."""
    told, context = draw(rng, words, n)
    pools = _pools(told)
    true = {fact for split in SPLITS for fact in pools[split]}
    questions = []
    for split, pool in pools.items():
        for statement in rng.sample(pool, min(most, len(pool))):
            subject, relation, _ = statement
            alike = [s for s in pool if kind_of(s[1]) == kind_of(relation)]
            alike += [s for s in pools["rephrasing"] if split != "reversal" and kind_of(s[1]) == kind_of(relation)]
            others = [(subject, relation if split == "reversal" else s[1], s[2]) for s in rng.sample(alike, len(alike))]
            ends = {s[2]: s for s in others if s not in true and s[0] != s[2]}
            wrong = list(ends.values())[:3]
            if len(wrong) == 3:
                cuts = [cut(split, s) for s in (statement, *wrong)]
                questions.append(Question(split, cuts[0][0], [end for _, end in cuts], frozenset([0])))
    return context, questions


def _told(rng: Random, facts: Sequence[Statement]) -> str:
    style = rng.choice([*STYLES.values(), ("",)])
    return " ".join(f"{rng.choice(style)} {worded(rng, fact)}.".strip() for fact in facts)


def operator(rng: Random, words: list[str], name: str) -> Use:
    """One use of a local operator: one fact for `rephrase` and `reverse`; two or three for `deduce`, the last of them
    about the parent, or, in a quarter, about something else; a document about a topic for `qa`."""
    if name == "qa":
        return _questions(rng, words)
    a, b, c, d, verb = rng.sample(words, 5)

    def fact(subject: str, kind: str, value: str) -> Statement:
        return subject, verb if kind == "action" else kind, value

    kind = rng.choice(list(WORDINGS))
    if name == "deduce":
        facts = [fact(a, "type", b), fact(b, kind, c)]
        if rng.random() < 0.3:
            other = rng.choice([k for k in WORDINGS if k != kind])
            facts.append(fact(b, other, d))
        draw = rng.random()
        if draw < 0.25:
            facts = [facts[0], *((d if s == b else s, r, a if o == d else o) for s, r, o in facts[1:])]
            return Use(_told(rng, facts), [], frozenset())
        lines = [plain((a, *f[1:])) for f in facts[1:]]
        return Use(_told(rng, facts), lines, frozenset(lines))
    told = fact(a, kind, c)
    text = _told(rng, [told])
    if name == "rephrase":
        said = [phrase(told, w) + "." for w in WORDINGS[kind]]
        allowed = [s for s in said if not text.endswith(s)]
        return Use(text, rng.sample(allowed, 2), frozenset(allowed))
    line = phrase(told, REVERSED[kind]) + "."
    return Use(text, [line], frozenset([line]))


def _questions(rng: Random, words: list[str]) -> Use:
    """Questions with answers on each fact of a document, first as it is told, then from its other end."""
    told = draw_facts(rng, words, 4)
    own = rng.choice(list(told.values()))
    text, shown = wiki(rng, rng.choice(list(STYLES)), own, [fact for one in told.values() for fact in one], 4)
    if rng.random() < 0.3:
        fact = rng.choice(own)
        text, shown = _told(rng, [fact]), [fact]
    lines = list[str]()
    for fact in dict.fromkeys(shown):
        kind = kind_of(fact[1])
        lines.append(f"Q: {phrase(fact, ASKED[kind])} A: {plain(fact)}")
        lines.append(f"Q: {phrase(fact, ASKED_BACK[kind])} A: {phrase(fact, REVERSED[kind])}.")
    return Use(text, lines, frozenset(lines))
