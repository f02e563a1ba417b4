"""roles: has an inference changed who does what to whom?

Two words of a source that stand on the two sides of a third stand on the other sides of it in the inference: "Acme acquired
Globex" and "Globex acquired Acme". That is right where the voice changes too ("Globex was acquired by Acme"), where the relation
is named from its other end ("Ben's mother is Anna"), and where it holds in both directions ("married"); and it is wrong where only
the voice changes. Where endings or particles tell the roles, these must have stayed while the words changed places.
"""

from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import regex

from augment.checks.base import RowCheck, tells_its_source
from augment.checks.languages.lexicon import Lexicon, lexicon
from augment.checks.rules.exchange import exchanged
from augment.checks.rules.terms import ORDER, Term, common, is_adverb, shared_words, terms
from augment.config import CheckConfig
from augment.operators.base import Operator
from augment.text.sentences import split_sentences

VOICED = {"en", "fr", "es"}
"""Languages whose passive is told by a word in front of who acts."""
BE = regex.compile(
    r"\b(?:be|is|are|was|were|been|being|get|gets|got|'s|est|sont|fut|était|été|ont|fue|fueron|es|son|sido|wird|wurde|wurden|worden|ist|war)\b",
    regex.IGNORECASE,
)
ADVERBIAL = regex.compile(
    r"(?r)(?:\b(?:in|at|on|during|since|until|near|within|throughout|around|under|over|across|via|as|among|between|"
    r"en|à|au|aux|dans|pendant|depuis|durante|desde|sobre|sur)\s+(?-i:[\p{Ll}'’]+\s+){0,2})$",
    regex.IGNORECASE,
)
"""What stands in front of a time or place, which may stand anywhere in a sentence."""
DETERMINED = regex.compile(
    r"(?r)(?:^|[\"“(,:`]|--|\b(?:the|an?|his|her|its|their|our|your|my|this|that|these|those|every|each|no|some|any|of|to|by|from|for|than|on|with|against|into|over|"
    r"le|la|les|un|une|des|du|de|par|à|au|aux|son|sa|ses|que|l['’]|d['’]|el|los|las|una|del|al|por|su|sus)\s*(?:\w+[- ])?|['’]s?\s+)$",
    regex.IGNORECASE,
)
"""What stands in front of a noun, or of its adjective."""
OBJECT = regex.compile(
    r"(?r)\b(?:the|an?|his|her|its|their|our|your|my|this|that|these|those|every|each|no|le|la|les|un|une|des|el|los|las|una|su|sus|son|sa|ses)\s+(?:\w+\s+)?$",
    regex.IGNORECASE,
)
"""What stands in front of a thing, which is no relation: sells the whey to."""
CLITIC = regex.compile(r"(?r)\b(?:lo|la|los|las|le|les|l['’])\s*$", regex.IGNORECASE)
"""An object in front of a Romance verb, behind which the subject may stand."""
RELATES = regex.compile(r"^\s+(?:of|to|for|de|du|des|d['’]|del)\b", regex.IGNORECASE)
"""What stands behind a noun that is a relation: the mother of."""
VERB = regex.compile(
    r"(?r)\b(?:to|he|she|it|they|we|you|I|who|which|that|will|would|may|might|can|could|must|should|not|has|have|had|be|is|are|was|were|been|being|era|es|fue|est|était|sont)\s+$",
    regex.IGNORECASE,
)
"""What stands in front of a verb."""
PREPOSITION = regex.compile(r"\b(?:from|to|of|with|for|against|into|onto|off|de|a|à|para|pour)\b", regex.IGNORECASE)
INFLECTED = regex.compile(r"(?:e|s|es|ed|d|ing|en|n|ied|ies|y|[a-z]ed|[a-z]ing)?$")
"""Endings of an English verb; with others a word is a noun, whose roles are told otherwise."""
DATE = regex.compile(
    "(?:jan|febr?)uary|march|april|may|june|july|august|(?:septem|octo|novem|decem)ber|(?:sun|mon|tues|wednes|thurs|fri|satur)day|"
    "spring|summer|autumn|winter|morning|afternoon|evening|night|today|yesterday|tomorrow|year|month|week"
)
COMPARED = regex.compile(r"\b(more|less|fewer|worse|better|\w+er)\b(?: \w+){0,3}? than\b", regex.IGNORECASE)
"""A comparative; with another one the same may be said from the other end."""
CLEFT = regex.compile(r"^\s*(?:it (?:is|was)|what|who) ", regex.IGNORECASE)
"""What turns a sentence round without a passive."""
NUMBERED = regex.compile(r"(?r)\d\s+$")
POSSESSIVE = regex.compile(r"(?r)['’]s?\s*$")
REPORTS = regex.compile(
    r"\b(?:said|says|announced|announces|reported|confirmed|stated)\b[^,.;]{0,30}\bthat (?:it|he|she|they)\b",
    regex.IGNORECASE,
)
CLAUSES = regex.compile(
    r";\s+|,\s+(?:whereas|while|and|but|mais|et|aber|und|während|pero|y|а|но|и|mutta|ja)\s+|\s+(?:whereas|while|but|because|once|until|so that|unless|if|when|although)\s+|[，；]"
)
"""What divides main clauses."""
NAME = regex.compile(r"\p{Lu}[\p{L}\p{M}'’-]*(?: +\p{Lu}[\p{L}\p{M}'’-]*)*")
PRONOUN = regex.compile(
    r"\b(?:he|she|it|they|I|we|him|her|them|me|you|il|elle|él|ella)\b|\bthe company\b", regex.IGNORECASE
)
FAMILIES = [
    set(forms.split("/")) for forms in "he/him,she/her,it/the company,they/them,i/me,we,you,il,elle,él,ella".split(",")
]
ROLE = regex.compile(rf"({NAME.pattern}) (?:is|are) the (\p{{Lu}}\p{{L}}+)")
CALLED = regex.compile(rf"({NAME.pattern}) \([\"“”']+the (\p{{L}}+)[\"“”']+\)")
"""How a contract names its parties."""
HARD = regex.compile(r"[;:()—]|\s[–-]\s|\b(?:but|while|whereas)\b", regex.IGNORECASE)
"""What ends a clause even where its subject goes on."""
SEPARATES = regex.compile(
    r"[;:()—]|\s[–-]\s|\b(?:and|or|et|ou|y|o|und|oder|but|while|whereas|who|which|that|whose|whom|when|if|where|because|once|until|since|unless|"
    r"although|though|rather than|instead of|on behalf of|in exchange|in return)\b|,",
    regex.IGNORECASE,
)


class Roles(RowCheck):
    """See `swapped`."""

    name = "roles"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `meaning`."""
        return config.meaning

    def applies(self, operator: type[Operator]) -> bool:
        """Where one statement stands against its source."""
        return tells_its_source(operator) and not operator.asks

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """See `swapped`."""
        return swapped(text, source, context, language)


class Place(NamedTuple):
    """Where two words stand to a third one that relates them."""

    first: Term
    relation: Term
    second: Term
    preposition: str
    """What stands last between the relation and the second one: to, from."""
    turned: bool
    """Whether the second one acts: a passive, or a relation named behind a possessive."""


def swapped(text: str, source: str, context: str = "", language: str = "en") -> str | None:
    """Why an inference is rejected for exchanged roles; None where no rule is sure.

    A source of several sentences is looked through sentence by sentence and clause by clause, with the names that its context gives
    to what it calls otherwise.
    """
    words = lexicon(language)
    for clause in clauses(resolved(source, context, text), language):
        if words is not None and bool(words.negation.search(text)) != bool(words.negation.search(clause)):
            continue
        found = exchanged(text, clause, language, words)
        if found is None and words is not None and language in VOICED:
            found = _turned(REPORTS.sub(" ", text), REPORTS.sub(" ", clause), words, language)
        if found:
            return f"exchanges the roles of its source: {found[0]}, {found[1]}"
    return None


@lru_cache(2**10)
def clauses(source: str, language: str) -> tuple[str, ...]:
    """The sentences of a source, and the main clauses of each."""
    found = list[str]()
    for sentence in split_sentences(source, language) or [source]:
        parts = CLAUSES.split(sentence)
        found += [sentence, *(part for part in parts if len(parts) > 1 and len(part.split()) > 2)]
    return tuple(found)


def resolved(source: str, context: str, text: str) -> str:
    """The source with names of its context that the inference has, for its first pronoun and for "the lessor" and the like."""
    for name, role in (*ROLE.findall(context), *CALLED.findall(context)):
        source = regex.sub(rf"\bthe {regex.escape(role)}\b", name.strip(), source, flags=regex.IGNORECASE)
    names = [name for name in NAME.findall(text) if name not in source and name in context]
    if len(set(names)) == 1:
        first = PRONOUN.search(source)
        family = next((f for f in FAMILIES if first and first.group().casefold() in f), ())
        source = PRONOUN.sub(lambda found: names[0] if found.group().casefold() in family else found.group(), source)
    return source


def _turned(text: str, source: str, words: Lexicon, language: str) -> tuple[str, str] | None:
    """Two words whose roles differ around every word that relates them in both texts."""
    if _says_from_the_other_end(text, source, words) or _compared(text) != _compared(source) or CLEFT.match(text):
        return None
    shared = shared_words(terms(text, language), terms(source, language))
    both = ((k, here, there) for k, (here, there) in shared.items() if _relates(text, here, words))
    related = [(k, here[0].start, there[0].start) for k, here, there in both if _relates(source, there, words)]
    if not related:
        return None
    names = {word: _sure(here, text) + _sure(there, source) for word, (here, there) in shared.items()}
    places = {w: (h[0].start, t[0].start) for w, (h, t) in shared.items() if len(h) == len(t) == 1}  # stand once
    least = 1 if language == "en" else 2
    for a, b in combinations([word for word, sure in names.items() if sure >= least], 2):
        if max(names[a], names[b]) < 2:
            continue
        first, second, verdicts = places.get(a), places.get(b), set[bool]()
        for k, now_at, was_at in related:
            if k in (a, b):
                continue
            if first and second:  # only what stands between the two can relate them
                now_between = (first[0] < now_at) != (second[0] < now_at)
                if not now_between or (first[1] < was_at) == (second[1] < was_at):
                    continue
            now, was = zip(shared[a], shared[b], shared[k], strict=True)
            if (differs := _differs((text, *now), (source, *was), words)) is not None:
                verdicts.add(differs)
                if not differs:
                    break
        if verdicts == {True}:
            return a, b
    return None


def _compared(text: str) -> set[str]:
    """The comparatives of a text that has than."""
    return {found[1].casefold() for found in COMPARED.finditer(text)}


def _sure(places: list[Term], text: str) -> int:
    """1 where a word is surely a name or noun, 0 where it may be, and less where it is not one that a relation holds of."""
    if not all(_bare(term, text) for term in places):
        return -2
    return int(any(_participates(term, text) for term in places))


def _says_from_the_other_end(text: str, source: str, words: Lexicon) -> bool:
    """Whether one text has the converse of a word of the other: buys, sells; more than, less than."""
    said = words.sides(text)
    converses = [side for side in said if side[0] == "converses"]
    stated = words.sides(source) if converses else {}
    return any(
        (name, number, 1 - side) in stated and not ((name, number, side) in stated and (name, number, 1 - side) in said)
        for name, number, side in converses
    )


Places = tuple[str, list[Term], list[Term], list[Term]]
"""A text, and where two words and a third stand in it."""


def _differs(here: Places, there: Places, words: Lexicon) -> bool | None:
    """Whether two words have other roles around a third; None where they do not stand around it in both texts."""
    now = _place(*here, words)
    was = _place(*there, words) if now else None
    if now is None or was is None:
        return None
    a, b = here[0][now.relation.start : now.relation.end], there[0][was.relation.start : was.relation.end]
    stem = common(a.casefold(), b.casefold())
    irregular = now.relation.word == was.relation.word
    if not irregular and not (INFLECTED.fullmatch(a[stem:].casefold()) and INFLECTED.fullmatch(b[stem:].casefold())):
        return None
    if now.turned == was.turned and now.preposition != was.preposition:
        return None  # rented to, rented from
    return ((now.first in here[1]) ^ now.turned) != ((was.first in there[1]) ^ was.turned)


def _relates(text: str, places: list[Term], words: Lexicon) -> bool:
    """Whether a word may relate what stands around it: it stands once, is no name or number, and holds in one direction."""
    k = places[0]
    return (
        len(places) == 1
        and not k.word[0].isdigit()
        and not (k.capital and text[: k.start].strip(" \"'“`"))
        and not words.symmetric.fullmatch(text[k.start : k.end])
    )


def _place(text: str, some: list[Term], others: list[Term], relations: list[Term], words: Lexicon) -> Place | None:
    """How two words stand around a third that relates them, those next to it; None where they do not, or where a clause ends between them."""
    (k,) = relations
    first = second = None
    for t in (*some, *others):
        if t.end <= k.start and (first is None or t.start > first.start):
            first = t
        if t.start >= k.end and (second is None or t.start < second.start):
            second = t
    if first is None or second is None or (first in some) == (second in some):
        return None
    before, behind = text[first.end : k.start], text[k.end : second.start]
    if HARD.search(before) or SEPARATES.search(behind) or words.symmetric.search(text[first.end : second.start]):
        return None
    noun = OBJECT.search(before) and not RELATES.match(text[k.end :]) and not POSSESSIVE.search(before)
    if noun or CLITIC.search(before):
        return None
    passive = bool(BE.search(before)) and bool(words.passive.search(behind))
    passive |= bool(words.passive.search(behind)) and not BE.search(text[first.end : second.start])
    prepositions = PREPOSITION.findall(behind)
    return Place(
        first,
        k,
        second,
        prepositions[-1].casefold() if prepositions else "",
        passive ^ bool(POSSESSIVE.search(text[first.start : k.start])),
    )


@lru_cache(2**14)
def _participates(term: Term, text: str) -> bool:
    """Whether a word is surely a name or a noun."""
    before = text[max(0, term.start - 30) : term.start]
    return term.capital or DETERMINED.search(before if term.start > 30 else text[: term.start]) is not None


@lru_cache(2**14)
def _bare(term: Term, text: str) -> bool:
    """Whether a word may be one of two between which a relation holds: no number, verb, adverb, time or place."""
    before = text[max(0, term.start - 30) : term.start]
    if DATE.fullmatch(term.word) or (NUMBERED.search(before) and not term.capital):
        return False
    return not (
        term.word[0].isdigit()
        or is_adverb(term.word)
        or term.word in ORDER
        or ADVERBIAL.search(before)
        or VERB.search(before)
    )
