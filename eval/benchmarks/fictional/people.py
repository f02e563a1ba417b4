"""People who do not exist: names, and descriptions in the forms that templates call for."""

from random import Random
from typing import NamedTuple

from engine.errors import UserError


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
