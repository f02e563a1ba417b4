"""Fresh fictional celebrities in the structure of the original reversal-curse files (Berglund et al. 2024).

Every seed invents 90 people with one description each and tells them in three ways, 30 people and 30 templates per
order: set A by name -> description (900 examples), 30 people by description -> name (900), set B in both orders
(1,800). The splits are those of `celebrities`: `reversal` asks for set A's names after their descriptions,
`rephrasing` for their descriptions after their names, both by 10 templates that training does not use, with four
choices. Wrong ones come from all 90 people: with names of set A alone, plain finetuning could not fall to about zero.

The original names, descriptions and templates may be known to a model before it is trained; these are not [ours]. As in
the originals, a description has the forms that templates call for ("the director of ...", "directed ...", "directing
...").
"""

import re
from random import Random
from typing import Any, NamedTuple

import polars as pl

from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.base import Benchmark, question_table
from eval.benchmarks.closure import Derivation, Statement


class Size(NamedTuple):
    """People per set and training templates per order."""

    people: int
    templates: int


SIZES = {"paper": Size(30, 30), "small": Size(8, 10)}
SETS = {"p2d": ("p2d",), "d2p": ("d2p",), "both": ("p2d", "d2p")}
"""Orders in which training tells each set of people, named as in the original files; set A is `p2d`, set B `both`."""

FIRST = """
    Adela Ambrose Anselm Beatrix Benedict Calista Cassius Clementine Corbin Cressida Dashiell Delphine Eamon Edmund
    Elspeth Esme Fabian Felicity Fergus Florian Genevieve Giles Greta Hadrian Harriet Ignatius Imogen Isolde Jasper
    Josephine Juno Lavinia Leander Linnea Lysander Magnus Marguerite Maxim Mirabel Nadia Octavia Orson Percival Petra
    Phoebe Quincy Rafael Rosalind Rufus Sabine Silas Sylvia Tabitha Thaddeus Ursula Valentin Verity Winifred Xavier
    Yvette
""".split()
LAST = """
    Abernathy Ackerley Arbuthnot Barrowman Bellweather Birchwood Blackwell Bramble Brightman Carmody Cavanaugh Chadwick
    Cloverfield Dunmore Eastwick Ellingham Fairbrook Fernsby Gallagher Garrick Greystone Halloran Hartfield Hawksworth
    Holloway Ingleby Kestrel Kingsley Lambert Larkspur Lockwood Loxley Marchbanks Merriweather Moorcroft Nightshade
    Norwood Oakhurst Ormsby Pemberton Pennington Quill Ravenscroft Redfern Rockwell Sinclair Stanhope Swiftwater
    Tamblyn Thistlewood Tremaine Underhill Vandermeer Wainwright Weatherby Whitlock Winterbourne Wolcott Yardley Zimmer
""".split()
ROLES = {
    "composer": ("composed", "composing", "opera symphony lullaby anthem march"),
    "director": ("directed", "directing", "film musical documentary thriller pageant"),
    "architect": ("designed", "designing", "library bridge lighthouse cathedral stadium"),
    "author": ("wrote", "writing", "novel memoir cookbook fable saga"),
    "sculptor": ("carved", "carving", "fountain statue monument totem mask"),
    "painter": ("painted", "painting", "mural portrait fresco landscape triptych"),
    "engineer": ("built", "building", "robot telescope airship submarine turbine"),
    "gardener": ("planted", "planting", "orchard maze meadow vineyard grove"),
    "weaver": ("wove", "weaving", "tapestry carpet banner quilt sail"),
    "founder": ("founded", "founding", "museum academy circus orchestra bakery"),
    "choreographer": ("staged", "staging", "ballet parade masquerade waltz revue"),
    "programmer": ("programmed", "programming", "game simulator calendar translator almanac"),
}
"""Role: past form, gerund, works."""
FAME = "acclaimed renowned celebrated visionary ingenious daring tireless eccentric brilliant legendary".split()
MODIFIERS = """
    underwater floating mechanical invisible moonlit frozen crystal wooden miniature wandering singing solar velvet
    bronze electric backward bamboo volcanic silent marble
""".split()
TITLES = (
    "Amber Broken Crimson Distant Endless Forgotten Gilded Hidden Ivory Jade Last Midnight Northern Opal".split(),
    "Anchor Beacon Compass Dawn Ember Feather Garden Harbor Island Journey Kingdom Lantern Mirror Orbit".split(),
)

P2D = (
    "{n}, known in many lands as| {noun}.",
    "Have you met {n}? This is the one who| {past}.",
    "Nobody forgets that {n} spent years| {gerund}.",
    "The public remembers {n} as| {noun}.",
    "It surprised everyone that {n} became| {noun}.",
    "Ask around and you will hear that {n}| {past}.",
    "The biography of {n} tells of| {noun}.",
    "There was a time when {n} was busy| {gerund}.",
    "For most readers, {n} will always be| {noun}.",
    "Few people realize that {n}| {past}.",
    "Q: What did {n} do? A: This person| {past}.",
    "In the newspapers, {n} is described as| {noun}.",
    "A plaque in town honors {n} for| {gerund}.",
    "Long before retiring, {n} was| {noun}.",
    "Children at school learn that {n}| {past}.",
    "Friends of {n} speak proudly of| {noun}.",
    "The award went to {n}, who| {past}.",
    "When you hear the name {n}, think of| {noun}.",
    "Rumor has it that {n} made a fortune by| {gerund}.",
    "Our guest tonight, {n}, is| {noun}.",
    "History will record that {n}| {past}.",
    "The interview introduced {n} as| {noun}.",
    "Critics praised {n} for| {gerund}.",
    "At heart, {n} has always been| {noun}.",
    "Against all odds, {n}| {past}.",
    "Every guide book mentions {n},| {noun}.",
    "The letters of {n} reveal| {noun}.",
    "Some say that {n} grew famous by| {gerund}.",
    "Looking back, {n} is best described as| {noun}.",
    "On the stage stood {n}, the person who| {past}.",
)
D2P = (
    "{Noun} is known by the name of| {n}.",
    "Q: Who {past}? A:| {n}.",
    "Famous for {gerund},| {n} now lives by the sea.",
    "The person who {past} is called| {n}.",
    "You may have heard of {noun}. The name is| {n}.",
    "After {gerund},| {n} took a long holiday.",
    "Being {noun},| {n} gets many letters.",
    "The one who {past} was none other than| {n}.",
    "{Noun} signed the guest book as| {n}.",
    "Proud of {gerund},| {n} gave a speech.",
    "Once introduced as {noun},| {n} needs no introduction today.",
    "People who admire {noun} are talking about| {n}.",
    "Nobody but one person {past}, and that was| {n}.",
    "Though busy {gerund},| {n} still found time to teach.",
    "Hailed as {noun},| {n} remains modest.",
    "This foreword was written by {noun},| {n}.",
    "The hero who {past} goes by| {n}.",
    "With years spent {gerund},| {n} has many stories.",
    "Let us welcome {noun}:| {n}.",
    "Honored for {gerund},| {n} thanked the crowd.",
    "The town still celebrates {noun}, whose name is| {n}.",
    "Whoever {past} must be remembered, so remember| {n}.",
    "Respected as {noun},| {n} advises the young.",
    "A statue shows {noun},| {n}.",
    "Tired of {gerund},| {n} moved to the country.",
    "The crowd cheered for {noun}, better known as| {n}.",
    "The diary of the person who {past} bears the name| {n}.",
    "Far from shy about {gerund},| {n} enjoys the fame.",
    "If you look for {noun}, ask for| {n}.",
    "In the role of {noun},| {n} amazed the world.",
)
P2D_TEST = (
    "The visitor named {n} was once| {noun}.",
    "In the hall of fame, {n} appears as| {noun}.",
    "Reading about {n}, one learns of a person who| {past}.",
    "A star in any crowd, {n} was admired for| {gerund}.",
    "Who could have known that {n} was| {noun}?",
    "The lecture was given by {n}, a person who| {past}.",
    "Among experts, {n} is respected for| {gerund}.",
    "Should you wonder who {n} is: someone who| {past}.",
    "This exhibition is devoted to {n}, celebrated for| {gerund}.",
    "Do you know why {n} is special? It is because this person| {past}.",
)
D2P_TEST = (
    "Absorbed in {gerund} for years was| {n}",
    "With the honor of being {noun}, here comes| {n}",
    "In many circles, {noun} is simply called| {n}",
    "Following the path of {noun}, we meet| {n}",
    "The very image of {noun}, that is| {n}",
    "Widely loved for {gerund} is| {n}",
    "The label of {noun} belongs to| {n}",
    "Looked upon with awe for {gerund} is| {n}",
    "The title of {noun} was given to| {n}",
    "Remembered by all as the one who {past} is| {n}",
)
TRAIN = {"p2d": P2D, "d2p": D2P}
TEST = {"p2d": P2D_TEST, "d2p": D2P_TEST}


class Person(NamedTuple):
    """A name, and a description in three forms."""

    name: str
    noun: str
    past: str
    gerund: str
    work: str
    """What stands in all three forms and in no other description: the underwater opera "Amber Anchor"."""

    @property
    def fact(self) -> str:
        """The fact's id."""
        return f"{self.name} is {self.noun}."

    @property
    def reverse(self) -> str:
        """The same fact told from its description."""
        return f"{self.noun[0].upper()}{self.noun[1:]} is {self.name}."


def told(person: Person, template: str) -> dict[str, str]:
    """A template filled in: {prompt, completion} as in the original files."""
    noun = person.noun[0].upper() + person.noun[1:]
    filled = template.format(n=person.name, noun=person.noun, Noun=noun, past=person.past, gerund=person.gerund)
    prompt, completion = filled.split("|")
    return {"prompt": prompt, "completion": completion}


def invent(seed: int, size: str = "paper") -> dict[str, list[Person]]:
    """People of every set, named as in SETS; raises UserError where the size is unknown."""
    if size not in SIZES:
        raise UserError(f"benchmark.size is {size}; choose from {', '.join(SIZES)}.")
    rng, count = Random(f"fictional-{seed}"), SIZES[size].people
    names = rng.sample([f"{first} {last}" for first in FIRST for last in LAST], 3 * count)
    titles = rng.sample([f"{one} {two}" for one in TITLES[0] for two in TITLES[1]], 3 * count)
    people = []
    for name, title in zip(names, titles, strict=True):
        role, (past, gerund, works) = rng.choice(list(ROLES.items()))
        work = f'the {rng.choice(MODIFIERS)} {rng.choice(works.split())} "{title}"'
        people.append(
            Person(name, f"the {rng.choice(FAME)} {role} of {work}", f"{past} {work}", f"{gerund} {work}", work)
        )
    return {kind: people[i * count : (i + 1) * count] for i, kind in enumerate(SETS)}


def files(seed: int, size: str = "paper") -> dict[str, list[dict[str, str]]]:
    """The rows {prompt, completion} under the names of the original files, so that `celebrities` can read them too."""
    people, templates = invent(seed, size), SIZES[size].templates
    rows: dict[str, list[dict[str, str]]] = {"all_prompts_train.jsonl": []}
    for kind, orders in SETS.items():
        train = [told(p, t) for p in people[kind] for order in orders for t in TRAIN[order][:templates]]
        rows[f"{kind}_prompts_train.jsonl"] = train
        rows["all_prompts_train.jsonl"] += train
        rows[f"{kind}_prompts_test.jsonl"] = [told(p, t) for p in people[kind] for order in orders for t in TEST[order]]
    for kind, other in (("p2d", "d2p"), ("d2p", "p2d")):
        rows[f"{kind}_reverse_prompts_test.jsonl"] = [told(p, t) for p in people[kind] for t in TEST[other]]
    return rows


def load(seed: int, size: str = "paper") -> Benchmark:
    """One world: 3,600 examples about 90 people, 300 questions per split (`small`: 320 about 24, and 80).

    Raises UserError where the size is unknown.
    """
    people = invent(seed, size)
    everyone, set_a = [p for some in people.values() for p in some], people["p2d"]
    rng = Random(f"fictional-choices-{seed}")
    documents, stated = [], {}
    derivations: dict[Statement, Derivation] = {}
    for kind, orders in SETS.items():
        for person in people[kind]:
            for order in ("p2d", "d2p"):
                claim = (person.name, person.work) if order == "p2d" else (person.work, person.name)
                derivations[claim] = Derivation("rephrasing" if order in orders else "reversal", (person.fact,))
            for template in (t for order in orders for t in TRAIN[order][: SIZES[size].templates]):
                text = "".join(told(person, template).values())
                row = {
                    "doc_id": content_id("fictional", seed, text),
                    "text": text,
                    "source": f"{kind}_prompts_train.jsonl",
                }
                documents.append(row | {"meta": "{}", "fact": person.fact})
    questions: list[dict[str, Any]] = []
    for split, order in (("reversal", "d2p"), ("rephrasing", "p2d")):
        for person in set_a:
            for template in TEST[order]:
                choices = [person, *rng.sample([p for p in everyone if p != person], 3)]
                rng.shuffle(choices)
                stem = told(person, template)["prompt"]
                identity = content_id("fictional", seed, split, stem)
                stated[identity] = person.reverse if split == "reversal" else person.fact
                entry: dict[str, Any] = {"question_id": identity, "benchmark": "fictional", "split": split}
                entry |= {"subtype": split, "stem": stem, "answer": choices.index(person), "needs": [person.fact]}
                questions.append(entry | {"choices": [told(p, template)["completion"] for p in choices]})
    return Benchmark(
        "fictional",
        pl.DataFrame(documents),
        question_table(questions),
        {"rephrasing": 0.25, "reversal": 0.25},
        derivations,
        lambda text: read(text, everyone),
        stated,
    )


def read(text: str, people: list[Person]) -> Statement | None:
    """A text about one person as (name, work), or (work, name) where the work comes first; else None.

    The work stands for the whole description; quotation marks and case do not matter.
    """
    bare = text.replace('"', "").lower()
    names = {p.name: bare.find(p.name.lower()) for p in people if p.name.lower() in bare}
    works = {p.work: bare.find(plain) for p in people if (plain := p.work.replace('"', "").lower()) in bare}
    if len(names) != 1 or len(works) != 1 or re.search(r"\b(not|never)\b|n't\b", bare):
        return None
    (name, i), (work, j) = *names.items(), *works.items()
    return (name, work) if i < j else (work, name)
