"""Questions with their answers, and turns of a dialogue: lines that say nothing without what stands before them."""

import re
from collections import Counter

from augment.text.splitting import one_line, sentences
from augment.text.words import content_words

COLON = r"(?:\*\*|__)?\s?\d{0,3}\s?(?:\*\*|__)?[:：](?:\*\*|__)?(?:\s+|(?<=：))"
QUESTION = re.compile(
    rf"(?:^|(?<=\s))(?:\*\*|__)?(?:Q|Question|Frage|Pregunta|Domanda|Вопрос|问|問){COLON}", re.MULTILINE
)
ANSWER = re.compile(
    rf"(?:^|(?<=\s))(?:\*\*|__)?(?:A|Answer|Antwort|Réponse|Respuesta|Risposta|Ответ|答){COLON}", re.MULTILINE
)
TURN = re.compile(
    r"^[ \t]*(?:\*\*|__)?([^\W\d_][^\n:：*|<>`]{0,29}?)(?:\*\*|__)?[:：](?:\*\*|__)?(?=[ \t]+\S|(?<=：)\S)",
    re.MULTILINE,
)
"""A line that begins with a name and a colon."""
MOST = 3
"""Words of a speaker's name."""


def speakers(text: str) -> frozenset[str]:
    """Who speaks in a text: names that stand at the start of at least two lines, where there are two such names."""
    found = Counter(name for name in TURN.findall(text) if _is_name(name))
    often = frozenset(name for name, times in found.items() if times > 1)
    return often if len(often) > 1 else frozenset()


def told(paragraph: str, language: str, known: frozenset[str]) -> list[tuple[str, str]]:
    """The sentences of a paragraph, each with what belongs in front of it: for those of a turn but the first, "Speaker: ".

    A question with its answer is one sentence. `known` are the `speakers` of the whole text. In a paragraph that only asks, the question is the last sentence (`asks`).
    An answer on the line of its question that repeats its words can be understood alone and stays apart.
    """
    starts = [match.start() for match in QUESTION.finditer(paragraph)]
    if starts and (ANSWER.search(paragraph, starts[0]) or starts == [0]):
        found = told(paragraph[: starts[0]], language, known) if paragraph[: starts[0]].strip() else []
        for start, end in zip(starts, [*starts[1:], len(paragraph)], strict=True):
            found += [("", sentence) for sentence in _exchange(paragraph[start:end], language)]
        return found
    turns = [turn for turn in TURN.finditer(paragraph) if turn[1] in known or _is_name(turn[1])]
    names = {turn[1] for turn in turns}
    lines = bool(turns) and turns[0].start() == 0 and len(names) > 1
    if not (lines or names & known):
        return [("", sentence) for sentence in sentences(paragraph, language)]
    turns = turns if lines else [turn for turn in turns if turn[1] in known]
    before = paragraph[: turns[0].start()]
    found = [("", sentence) for sentence in sentences(before, language)] if before.strip() else []
    for turn, end in zip(turns, [*(turn.start() for turn in turns[1:]), len(paragraph)], strict=True):
        first, *others = sentences(paragraph[turn.start() : end], language)
        found += [("", first), *((f"{turn[1]}: ", other) for other in others)]
    return found


def asks(sentence: str) -> bool:
    """Whether it is a question that waits for its answer."""
    return QUESTION.match(sentence) is not None and ANSWER.search(sentence) is None


def answers(paragraph: str) -> bool:
    """Whether a paragraph begins with an answer."""
    return ANSWER.match(paragraph) is not None


def _exchange(part: str, language: str) -> list[str]:
    """A question and, where it has one, its answer."""
    answer = ANSWER.search(part)
    if answer is None:
        return [one_line(part)]
    question, reply = part[: answer.start()], part[answer.start() :]
    if "\n" not in question and content_words(question) & content_words(reply):
        return sentences(part, language)
    return [one_line(part)]


def _is_name(name: str) -> bool:
    """Capitalised, where the script knows capitals, and short."""
    return len(name.split()) <= MOST and not name[0].islower()
