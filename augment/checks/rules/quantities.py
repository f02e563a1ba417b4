"""quantities: does an inference count or measure what its source does not?

A number is its source's where it stands there in any form: in words, in another unit, with other separators, as a date in another
order, as the sum or difference of two others, rounded where the inference says "about". So is the number of things that a source lists.
"""

import regex

from augment.checks.base import RowCheck
from augment.checks.rules.terms import alike
from augment.checks.rules.units import Quantity, quantities
from augment.config import CheckConfig
from augment.operators.base import Operator
from augment.text.words import folded

MIXED = regex.compile(
    r"\d+\s?[천백십]|[일이삼사오육칠팔구][천백십만억]|(?:हज़ार|हजार|सौ|लाख|करोड़|ร้อย|พัน|หมื่น|แสน|tuhat|tuhan|sata|сот|тысяч)",
    regex.IGNORECASE,
)
"""Numbers that are written in figures and words, or in words that are not read here: nothing is sure."""
MONTHS = "january february march april may june july august september october november december".split()
SHORT_MONTHS = [month[:3] for month in MONTHS]
LETTERS, FIGURES = regex.compile(r"\p{L}+"), regex.compile(r"\d+")
ROUND = regex.compile(
    r"\b(?:about|around|nearly|almost|roughly|approximately|some|over|under|more than|less than|fewer than|just|close to|up to|at least|at most|or so|fast|rund|etwa|circa|ca|environ|près|unos|casi|cerca|noin|около|почти|약|约|大约|近|ประมาณ|लगभग)\b|[약约近~≈]",
    regex.IGNORECASE,
)
BOUND = regex.compile(
    r"\b(?:more|less|fewer|longer|shorter|later|earlier|older|younger|higher|lower|steeper|larger|smaller|heavier|over|under|above|below|beyond|"
    r"exceed\w*|at (?:least|most)|up to|within|nearly|almost|minimum|maximum)\b[^\d,;.]{0,25}$"
    r"|\b(?:until|from|after|before|by|every|each|per|reach\w*)(?: the| an?)?\s*$",
    regex.IGNORECASE,
)
"""What makes a number a limit, before it."""
CASE = regex.compile(
    r"\b(?:if|when|would|may|might|can|cannot|could|must|need\w*|not|never|no|nor|too|late|allowed|permitted|free|forbidden|enough|above|below|within|over|"
    r"under|more|less|fewer|longer|shorter|breaks?|counts?|limit\w*|rules?)\b",
    regex.IGNORECASE,
)
"""What speaks of a case to which a limit applies."""
FRACTIONS = {
    "half": (0.5, 50, 30, 2),
    "halves": (0.5, 50),
    "halve": (0.5, 50),
    "halved": (0.5, 50),
    "fifth": (0.2, 20, 5),
    "tenth": (0.1, 10),
    "hour": (60,),
    "week": (7, 1),
    "weeks": (7, 1),
    "quarter": (0.25, 25, 15, 4, 3),
    "third": (1 / 3, 33, 3),
    "double": (2,),
    "doubled": (2,),
    "doubles": (2,),
    "twice": (2,),
    "triple": (3,),
    "tripled": (3,),
    "thrice": (3,),
    "once": (1,),
    "pair": (2,),
    "couple": (2,),
    "both": (2,),
    "dozen": (12,),
    "decade": (10,),
    "century": (100,),
    "hälfte": (0.5, 50),
    "moitié": (0.5, 50),
    "mitad": (0.5, 50),
    "fortnight": (14, 2),
    "single": (1,),
    "twins": (2,),
    "noon": (12,),
    "midnight": (0, 12, 24),
    "biennial": (2,),
    "annual": (1,),
    "quarterly": (4, 3),
    "weekly": (1, 7),
}
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
INVENTED = 12
"""Numbers up to this one may count what a source lists."""
BUDDHIST = 543
"""Years that the Thai calendar is ahead."""
FRACTION = regex.compile(
    r"\b(?:half|third|quarter|dozen|several|few|hundreds?|thousands?|millions?|decades?|centur\w+|puoli\w*|полтор\w+|век\w*|половин\w*)\b|半|ครึ่ง|आध|डेढ़|ढाई|절반|반"
    r"|하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉|열|스물|서른|마흔|쉰|예순"
)
"""Number words that are not read as numbers."""
PERIODS = (7, 12, 24, 52, 60, 365)
"""How many of one period make up the next."""
COUNT = regex.compile(rf"\b(?:{'|'.join(WORDS)})\b", regex.IGNORECASE)


class Quantities(RowCheck):
    """See `miscounted`."""

    name = "quantities"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `additions`."""
        return config.additions

    def applies(self, operator: type[Operator]) -> bool:
        """Where the source is all there was; sums of several sentences may be new."""
        return not operator.rule and not operator.combines

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """See `miscounted`."""
        return miscounted(text, source, context, language)


def miscounted(text: str, source: str, context: str = "", language: str = "en") -> str | None:
    """Why an inference is rejected for a number; None where its source and context have all of them."""
    if MIXED.search(text) or MIXED.search(source):
        return None
    shown = f"{source} . {context}"
    told, own = quantities(shown, language), quantities(text, language)
    if not own:
        return None
    values = _known(shown, told)
    rounded = ROUND.search(text) is not None
    new = [
        quantity
        for quantity in own
        if not any(_same(quantity, known, rounded) for known in told)
        and (_unit_changed(quantity, told) or not _derived(quantity, told, values))
    ]
    unsure = FRACTION.search(folded(f"{source} {context}").casefold()) is not None
    if _limits(told) != _limits(new):  # more than five where there are seven, six where up to ten are allowed
        new = [q for q in new if _limits([q]) == _limits(told)] if not CASE.search(text) else []
    new = [q for q in new if not _computed(q, told + [other for other in own if other is not q], values)]
    wrong = [q.text for q in new if _replaces(q, told, own) or (q.value >= INVENTED and not values and not unsure)]
    return f"counts what its source does not: {', '.join(dict.fromkeys(wrong))}" if wrong else None


def _limits(some: list[Quantity]) -> bool:
    """Whether one of some numbers is a limit: more than five."""
    return any(BOUND.search(q.before) for q in some)


def _computed(quantity: Quantity, others: list[Quantity], values: set[float]) -> bool:
    """Whether a number is a sum, difference, product or quotient of two others, or a share of one."""
    known = {q.value for q in others} | values
    pairs = [(a, b) for a in known for b in known if a and b]
    value = quantity.value
    return any(_equal(value, x) for a, b in pairs for x in (a + b, a - b, a * b, a / b, a * b / 100, a - a * b / 100))


def _replaces(quantity: Quantity, told: list[Quantity], own: list[Quantity]) -> bool:
    """Whether a number stands where the source has another one of the same thing, which the inference leaves out."""
    return any(_comparable(quantity, known) and not any(_same(known, other, False) for other in own) for known in told)


def _comparable(a: Quantity, b: Quantity) -> bool:
    """Whether two numbers count or measure the same thing: in units of one kind, by the same noun, or as years."""
    if a.kind or b.kind:
        return a.kind == b.kind
    if a.noun and b.noun:
        return alike(a.noun, b.noun)
    return (_is_year(a.value) and _is_year(b.value)) or (not (a.noun or b.noun) and a.value > INVENTED)


def _is_year(value: float) -> bool:
    return 1000 <= value <= 2600 and value == int(value)


def _same(a: Quantity, b: Quantity, rounded: bool) -> bool:
    if a.kind and b.kind:
        if a.kind != b.kind:
            return False
        if a.kind in ("money", "heat"):
            return a.factor == b.factor and _equal(a.value, b.value, 0.1 if rounded else 1e-3)
        return _equal(
            a.value * a.factor, b.value * b.factor, 0.1 if rounded else 0.02 if a.factor != b.factor else 1e-3
        )
    return _equal(a.value, b.value, 0.1 if rounded and a.value > 20 else 1e-3)


def _equal(a: float, b: float, part: float = 1e-3) -> bool:
    return abs(a - b) <= part * max(abs(a), abs(b))


def _unit_changed(quantity: Quantity, told: list[Quantity]) -> bool:
    """Whether a source has the number, but in each place with another unit."""
    there = [known for known in told if _equal(quantity.value, known.value)]
    return bool(quantity.kind and there) and all(known.kind and not _same(quantity, known, False) for known in there)


def _known(text: str, told: list[Quantity]) -> set[float]:
    """Numbers that a text has in other forms: months, halves and pairs, parts of dates and of longer numbers."""
    values = {q.value for q in told}
    words = LETTERS.findall(text.casefold())
    for word in words:
        values.update(FRACTIONS.get(word, ()))
        if word in MONTHS or word in SHORT_MONTHS:
            values.add(1.0 + SHORT_MONTHS.index(word[:3]))
    values.update(float(n) for n in FIGURES.findall(folded(text)))
    return values


def _derived(quantity: Quantity, told: list[Quantity], values: set[float]) -> bool:
    """Whether a number follows from others of the source."""
    value = quantity.value
    if any(_equal(value, known) for known in values):
        return not quantity.kind or not any(q.kind == quantity.kind for q in told)
    if value <= 1:
        return True
    alike_ones = [
        q for q in told if q.kind == quantity.kind or (quantity.kind in ("span", "time") and _is_year(q.value))
    ]
    size = quantity.value * quantity.factor
    for a in alike_ones:
        for b in alike_ones:
            one, two = (q.value * (q.factor if q.kind == quantity.kind else quantity.factor) for q in (a, b))
            if a is not b and (_equal(size, one + two) or _equal(size, abs(one - two))):
                return True
    if value > INVENTED and any(
        _equal(value, a + b) or _equal(value, abs(a - b)) or _equal(value, a * b)
        for a in values
        for b in values
        if a and b
    ):
        return True
    if any(_equal(value, k * n) or _equal(value * n, k) for k in values for n in PERIODS):
        return True
    if any(
        k
        and (
            _equal(value, 100 - k)
            or _equal(value, k * 100)
            or _equal(value * 100, k)
            or _equal(value, k + 12)
            or _equal(value, k - 12)
        )
        for k in values
    ):
        return True
    scaled = next((s for s in (1e9, 1e6, 1e3) if value >= s and any(k >= s for k in values)), 0)
    if scaled and any(
        _equal(value / scaled, abs(a / scaled - b)) or _equal(value / scaled, a / scaled + b)
        for a in values
        for b in values
        if a >= scaled > b
    ):
        return True
    if any(abs(value - k) == BUDDHIST for k in values):
        return True
    years = [k for k in values if _is_year(k)]
    return any(value in (k // 10 * 10, k // 100 + 1, k // 100 * 100, k % 100) for k in years)
