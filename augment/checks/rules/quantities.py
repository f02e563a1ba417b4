"""quantities: does an inference count or measure what its source does not?

A number is its source's where it stands there in any form: in words, in another unit, with other separators, as a date in another
order, as the sum or difference of two others, rounded where the inference says "about". So is the number of things that a source lists.
"""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl
import regex
from text_to_num import alpha2digit

from augment.checks.base import Check, Finding, Given, tells_its_source
from augment.checks.rules.lexicon import lexicon
from augment.checks.rules.terms import alike
from augment.config import CheckConfig
from augment.operators.base import Operator
from augment.text.words import folded

SPOKEN = {"en", "fr", "es", "de", "pt", "it", "nl", "da"}
"""Languages whose number words are read (text2num)."""
SCALE = {
    "thousand": 1e3, "tausend": 1e3, "mille": 1e3, "mil": 1e3, "тысяч": 1e3, "тыс": 1e3, "만": 1e4, "万": 1e4, "萬": 1e4,
    "million": 1e6, "millionen": 1e6, "millones": 1e6, "millón": 1e6, "miljoona": 1e6, "миллион": 1e6, "млн": 1e6, "ล้าน": 1e6, "लाख": 1e5, "करोड़": 1e7,
    "billion": 1e9, "milliard": 1e9, "milliarde": 1e9, "milliarden": 1e9, "миллиард": 1e9, "млрд": 1e9, "亿": 1e8, "억": 1e8, "trillion": 1e12, "dozen": 12,
}  # fmt: skip
UNITS = {
    "length": {"mm": 1e-3, "millimet": 1e-3, "cm": 1e-2, "centimet": 1e-2, "m": 1, "met": 1, "km": 1e3, "kilomet": 1e3, "mile": 1609.344, "mi": 1609.344, "foot": 0.3048, "feet": 0.3048, "ft": 0.3048, "inch": 0.0254, "yard": 0.9144, "公里": 1e3, "千米": 1e3, "米": 1, "厘米": 1e-2, "킬로미터": 1e3, "미터": 1, "กิโลเมตร": 1e3, "เมตร": 1, "किलोमीटर": 1e3, "मीटर": 1, "километр": 1e3, "км": 1e3, "метр": 1, "meile": 1609.344, "milla": 1609.344, "маил": 1609.344},
    "mass": {"mg": 1e-3, "milligram": 1e-3, "g": 1, "gram": 1, "kg": 1e3, "kilogram": 1e3, "kilo": 1e3, "tonne": 1e6, "ton": 1e6, "lb": 453.592, "ounce": 28.35, "公斤": 1e3, "千克": 1e3, "吨": 1e6, "킬로그램": 1e3, "กิโลกรัม": 1e3, "किलोग्राम": 1e3, "килограмм": 1e3, "кг": 1e3},
    "time": {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "hour": 3600, "h": 3600, "day": 86400, "week": 604800, "fortnight": 1209600, "stund": 3600, "tag": 86400, "woche": 604800, "heure": 3600, "jour": 86400, "semaine": 604800, "hora": 3600, "día": 86400, "semana": 604800, "tunti": 3600, "tunnin": 3600, "päiv": 86400, "viiko": 604800, "час": 3600, "минут": 60, "день": 86400, "дней": 86400, "дня": 86400, "недел": 604800, "시간": 3600, "분": 60, "小时": 3600, "分钟": 60, "天": 86400, "ชั่วโมง": 3600, "นาที": 60, "घंट": 3600, "मिनट": 60},
    "span": {"month": 1, "year": 12, "decade": 120, "century": 1200, "centuries": 1200, "monat": 1, "jahr": 12, "mois": 1, "ans": 12, "année": 12, "mes": 1, "año": 12, "vuo": 12, "kuukau": 1, "месяц": 1, "год": 12, "лет": 12, "개월": 1, "년": 12, "年": 12, "月": 1, "ปี": 12, "เดือน": 1, "साल": 12, "वर्ष": 12, "मही": 1},
    "share": {"%": 1, "percent": 1, "prozent": 1, "prosent": 1, "процент": 1, "퍼센트": 1, "เปอร์เซ็นต์": 1, "प्रतिशत": 1},
    "money": {"$": 1, "dollar": 1, "usd": 1, "€": 2, "euro": 2, "eur": 2, "£": 3, "sterling": 3, "¥": 4, "yen": 4, "元": 5, "원": 6, "บาท": 7, "रुपय": 8, "рубл": 9, "franc": 10, "krone": 11},
    "volume": {"ml": 1e-3, "millilit": 1e-3, "l": 1, "lit": 1, "gallon": 3.785, "pint": 0.473, "升": 1, "리터": 1, "ลิตร": 1, "लीटर": 1, "литр": 1},
    "heat": {"°c": 1, "celsius": 1, "°f": 2, "fahrenheit": 2, "kelvin": 3},
    "data": {"kb": 1e3, "kilobyte": 1e3, "mb": 1e6, "megabyte": 1e6, "gb": 1e9, "gigabyte": 1e9, "tb": 1e12, "terabyte": 1e12},
}  # fmt: skip
"""Units by what they measure, each as so many of one of them; of money and heat as numbers that only tell them apart."""
PREFIXES = {"met", "millimet", "centimet", "kilomet", "lit", "millilit", "stund", "päiv", "viiko", "vuo", "kuukau", "घंट", "मही", "रुपय", "недел", "tunn"}
NUMBER = regex.compile(r"(?<![\p{Latin}\p{Cyrillic}\p{N}.])(?P<money>[$€£¥])?\s?(?P<number>\p{Nd}+(?:[.,]\p{Nd}+)*)(?P<rest>(?:\s?-?\s?(?:[\p{L}\p{M}%°]+)){0,2})|(?<=[\p{Latin}\p{Cyrillic}])(?P<glued>\p{Nd}+)")
SCALED = regex.compile(r"(\d+(?:[.,]\d+)*)[ -](thousand|mille|million|billion|trillion)s?\b", regex.IGNORECASE)
"""Figures with a word for the rest of their zeros, which text2num reads as two numbers."""
MIXED = regex.compile(r"\d+\s?[천백십]|[일이삼사오육칠팔구][천백십만억]|(?:हज़ार|हजार|सौ|लाख|करोड़|ร้อย|พัน|หมื่น|แสน|tuhat|tuhan|sata|сот|тысяч)", regex.IGNORECASE)
"""Numbers that are written in figures and words, or in words that are not read here: nothing is sure."""
DIGITS = dict(zip("〇零一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
HAN = regex.compile("[〇零一二两三四五六七八九十百千]+(?:[万亿][〇零一二两三四五六七八九十百千]*)*")
MONTHS = "january february march april may june july august september october november december".split()
ROUND = regex.compile(r"\b(?:about|around|nearly|almost|roughly|approximately|some|over|under|more than|less than|fewer than|just|close to|up to|at least|at most|or so|fast|rund|etwa|circa|ca|environ|près|unos|casi|cerca|noin|около|почти|약|约|大约|近|ประมาณ|लगभग)\b|[약约近~≈]", regex.IGNORECASE)
FRACTIONS = {"half": (0.5, 50, 30, 2), "halves": (0.5, 50), "quarter": (0.25, 25, 15, 4, 3), "third": (1 / 3, 33, 3), "double": (2,), "doubled": (2,), "doubles": (2,), "twice": (2,), "triple": (3,), "tripled": (3,), "thrice": (3,), "once": (1,), "pair": (2,), "couple": (2,), "both": (2,), "dozen": (12,), "decade": (10,), "century": (100,), "hälfte": (0.5, 50), "moitié": (0.5, 50), "mitad": (0.5, 50), "fortnight": (14, 2), "single": (1,), "twins": (2,), "noon": (12,), "midnight": (0, 12, 24), "biennial": (2,), "annual": (1,), "quarterly": (4, 3), "weekly": (1, 7)}
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


class Quantity(NamedTuple):
    """A number of a text."""

    value: float
    kind: str
    """What its unit measures; empty without one."""
    factor: float
    noun: str
    """The word behind it that is no unit: what is counted."""
    text: str


class Quantities(Check):
    """See `miscounted`."""

    name = "quantities"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `additions`."""
        return config.additions

    def applies(self, operator: type[Operator]) -> bool:
        """Where the source is all there was; sums of several sentences may be new."""
        return not operator.rule and not operator.combines

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """Row by row."""
        asked = rows.select("text", "source_text", "context", "language").iter_rows()
        return [Finding(miscounted(*row)) for row in asked]


def miscounted(text: str, source: str, context: str = "", language: str = "en") -> str | None:
    """Why an inference is rejected for a number; None where its source and context have all of them."""
    if MIXED.search(text) or MIXED.search(source):
        return None
    told, own = [*quantities(f"{source} . {context}", language)], [*quantities(text, language)]
    values = _known(source + " " + context, told)
    rounded = ROUND.search(text) is not None
    new = [
        quantity
        for quantity in own
        if not any(_same(quantity, known, rounded) for known in told)
        and (_unit_changed(quantity, told) or not _derived(quantity, told, values))
    ]
    unsure = FRACTION.search(folded(f"{source} {context}").casefold()) is not None
    wrong = [q.text for q in new if _replaces(q, told, own) or (q.value >= INVENTED and not values and not unsure)]
    return f"counts what its source does not: {', '.join(dict.fromkeys(wrong))}" if wrong else None


def _replaces(quantity: Quantity, told: list[Quantity], own: list[Quantity]) -> bool:
    """Whether a number stands where the source has another one of the same thing, which the inference leaves out."""
    return any(
        _comparable(quantity, known) and not any(_same(known, other, False) for other in own) for known in told
    )


def _comparable(a: Quantity, b: Quantity) -> bool:
    """Whether two numbers count or measure the same thing: in units of one kind, by the same noun, or as years."""
    if a.kind or b.kind:
        return a.kind == b.kind
    if a.noun and b.noun:
        return alike(a.noun, b.noun)
    return _is_year(a.value) and _is_year(b.value) or not (a.noun or b.noun) and a.value > INVENTED


def _is_year(value: float) -> bool:
    return 1000 <= value <= 2600 and value == int(value)


def quantities(text: str, language: str = "en") -> Iterator[Quantity]:
    """The numbers of a text with their units, number words among them."""
    plain = SCALED.sub(lambda found: f"{_value(found[1]) * SCALE[found[2].casefold()]:.12g}", folded(text))
    plain = _spoken(plain, language)
    for match in NUMBER.finditer(plain):
        number = match["number"] or match["glued"]
        value, kind, factor, noun = _value(number), "", 1.0, ""
        rest = regex.findall(r"[\p{L}\p{M}]+|[%°]\p{L}?", (match["rest"] or "").casefold())
        for word in rest[:2]:
            scale = next((s for name, s in SCALE.items() if word in (name, name + "s") or (not name.isascii() and word.startswith(name))), None)
            if scale:
                value *= scale
                continue
            kind, factor = _unit(word)
            noun = "" if kind else word
            break
        if match["money"]:
            kind, factor = _unit(match["money"])
        yield Quantity(value, kind, factor, noun, match.group().strip())


def _spoken(text: str, language: str) -> str:
    """A text with figures for its number words, as far as they can be read."""
    if language in SPOKEN:
        return alpha2digit(text, language, 0.0)
    if language in ("zh", "ja"):
        return HAN.sub(lambda found: f" {_han(found.group())} ", text)
    words = lexicon(language)
    for value, forms in enumerate(words.numbers if words else (), 1):
        text = forms.sub(f" {value} ", text)
    return text


def _han(number: str) -> int:
    """三千五百 is 3500, 二〇一九 is 2019."""
    if not regex.search("[十百千万亿]", number):
        return int("".join(str(DIGITS[c]) for c in number))
    total = section = digit = 0
    for c in number:
        if c in DIGITS:
            digit = DIGITS[c]
        elif c in "十百千":
            section += (digit or 1) * 10 ** ("十百千".index(c) + 1)
            digit = 0
        else:
            total = (total + section + digit) * (10**4 if c == "万" else 10**8)
            section = digit = 0
    return total + section + digit


def _value(number: str) -> float:
    """A number whatever its separators: 1,234.5 and 1.234,5; a single separator before three digits divides thousands."""
    ascii_number = "".join(str(int(c)) if c.isdigit() and not c.isascii() else c for c in number)
    marks = [c for c in ascii_number if c in ".,"]
    if len(set(marks)) == 2:
        decimal = ascii_number[max(ascii_number.rfind("."), ascii_number.rfind(","))]
        ascii_number = ascii_number.replace("," if decimal == "." else ".", "").replace(decimal, ".")
    elif marks and (len(marks) > 1 or regex.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", ascii_number)):
        ascii_number = ascii_number.replace(marks[0], "")
    else:
        ascii_number = ascii_number.replace(",", ".")
    return float(ascii_number)


def _unit(word: str) -> tuple[str, float]:
    for kind, units in UNITS.items():
        for name, factor in units.items():
            if word in (name, f"{name}s", f"{name}es") or (
                (name in PREFIXES or not name.isascii() or len(name) > 5) and word.startswith(name)
            ):
                return kind, factor
    return "", 1.0


def _same(a: Quantity, b: Quantity, rounded: bool) -> bool:
    if a.kind and b.kind:
        if a.kind != b.kind:
            return False
        if a.kind in ("money", "heat"):
            return a.factor == b.factor and _equal(a.value, b.value, 0.1 if rounded else 1e-3)
        return _equal(a.value * a.factor, b.value * b.factor, 0.1 if rounded else 0.02 if a.factor != b.factor else 1e-3)
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
    words = regex.findall(r"\p{L}+", text.casefold())
    for word in words:
        values.update(FRACTIONS.get(word, ()))
        if word in MONTHS or word in [m[:3] for m in MONTHS]:
            values.add(1.0 + [m[:3] for m in MONTHS].index(word[:3]))
    values.update(float(n) for n in regex.findall(r"\d+", folded(text)))
    return values


def _derived(quantity: Quantity, told: list[Quantity], values: set[float]) -> bool:
    """Whether a number follows from others of the source."""
    value = quantity.value
    if any(_equal(value, known) for known in values):
        return not quantity.kind or not any(q.kind == quantity.kind for q in told)
    if value <= 1:
        return True
    alike_ones = [q for q in told if q.kind == quantity.kind or (quantity.kind in ("span", "time") and _is_year(q.value))]
    size = quantity.value * quantity.factor
    for a in alike_ones:
        for b in alike_ones:
            one, two = (q.value * (q.factor if q.kind == quantity.kind else quantity.factor) for q in (a, b))
            if a is not b and (_equal(size, one + two) or _equal(size, abs(one - two))):
                return True
    if value > INVENTED and any(
        _equal(value, a + b) or _equal(value, abs(a - b)) or _equal(value, a * b) for a in values for b in values if a and b
    ):
        return True
    if any(_equal(value, k * n) or _equal(value * n, k) for k in values for n in PERIODS):
        return True
    if any(k and (_equal(value, 100 - k) or _equal(value, k * 100) or _equal(value * 100, k) or _equal(value, k + 12) or _equal(value, k - 12)) for k in values):
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
