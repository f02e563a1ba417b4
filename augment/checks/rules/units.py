"""Numbers of a text with their units: figures, number words, separators and scales of several languages."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import regex
from text_to_num import alpha2digit

from augment.checks.languages.lexicon import lexicon
from augment.text.words import folded

SPOKEN = {"en", "fr", "es", "de", "pt", "it", "nl", "da"}
"""Languages whose number words are read (text2num)."""
SCALE = {
    "thousand": 1e3, "tausend": 1e3, "mille": 1e3, "mil": 1e3, "тысяч": 1e3, "тыс": 1e3, "만": 1e4, "万": 1e4, "萬": 1e4,
    "million": 1e6, "millionen": 1e6, "millones": 1e6, "millón": 1e6, "miljoona": 1e6, "миллион": 1e6, "млн": 1e6, "ล้าน": 1e6, "लाख": 1e5, "करोड़": 1e7,
    "billion": 1e9, "milliard": 1e9, "milliarde": 1e9, "milliarden": 1e9, "миллиард": 1e9, "млрд": 1e9, "亿": 1e8, "억": 1e8, "trillion": 1e12, "dozen": 12,
}  # fmt: skip
UNITS: dict[str, dict[str, float]] = {
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
PREFIXES = {
    "met",
    "millimet",
    "centimet",
    "kilomet",
    "lit",
    "millilit",
    "stund",
    "päiv",
    "viiko",
    "vuo",
    "kuukau",
    "घंट",
    "मही",
    "रुपय",
    "недел",
    "tunn",
}
NUMBER = regex.compile(
    r"(?<![\p{Latin}\p{Cyrillic}\p{N}.])(?P<money>[$€£¥])?\s?(?P<number>\p{Nd}+(?:[.,]\p{Nd}+)*)(?P<rest>(?:\s?-?\s?(?:[\p{L}\p{M}%°]+)){0,2})|(?<=[\p{Latin}\p{Cyrillic}])(?P<glued>\p{Nd}+)"
)
SCALED = regex.compile(r"(\d+(?:[.,]\d+)*)[ -](thousand|mille|million|billion|trillion)s?\b", regex.IGNORECASE)
"""Figures with a word for the rest of their zeros, which text2num reads as two numbers."""
DIGITS = dict(zip("〇零一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
BEHIND = regex.compile(r"[\p{L}\p{M}]+|[%°]\p{L}?")
"""A word or sign behind a number."""
TENS = regex.compile("[十百千万亿]")
THOUSANDS = regex.compile(r"[1-9]\d{0,2}[.,]\d{3}")
HAN = regex.compile("[〇零一二两三四五六七八九十百千]+(?:[万亿][〇零一二两三四五六七八九十百千]*)*")


BEFORE = 40
"""Characters in front of a number in which a word may make it a limit."""


class Quantity(NamedTuple):
    """A number of a text."""

    value: float
    kind: str
    """What its unit measures; empty without one."""
    factor: float
    noun: str
    """The word behind it that is no unit: what is counted."""
    text: str
    before: str
    """What stands before it, in at most BEFORE characters."""


def quantities(text: str, language: str = "en") -> list[Quantity]:
    """The numbers of a text with their units, number words among them."""
    return list(_quantities(text, language))


@lru_cache(2**12)  # a source has several inferences
def _quantities(text: str, language: str) -> list[Quantity]:
    return [*_read(text, language)]


def _read(text: str, language: str) -> Iterator[Quantity]:
    plain = SCALED.sub(lambda found: f"{_value(found[1]) * SCALE[found[2].casefold()]:.12g}", folded(text))
    plain = _spoken(plain, language)
    for match in NUMBER.finditer(plain):
        number = match["number"] or match["glued"]
        value, kind, factor, noun = _value(number), "", 1.0, ""
        rest = BEHIND.findall((match["rest"] or "").casefold())
        for word in rest[:2]:
            if scale := _scale(word):
                value *= scale
                continue
            kind, factor = _unit(word)
            noun = "" if kind else word
            break
        if match["money"]:
            kind, factor = _unit(match["money"])
        yield Quantity(
            value, kind, factor, noun, match.group().strip(), plain[max(0, match.start() - BEFORE) : match.start()]
        )


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
    if not TENS.search(number):
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
    elif marks and (len(marks) > 1 or THOUSANDS.fullmatch(ascii_number)):
        ascii_number = ascii_number.replace(marks[0], "")
    else:
        ascii_number = ascii_number.replace(",", ".")
    return float(ascii_number)


@lru_cache(2**12)
def _scale(word: str) -> float:
    """What a word behind a number multiplies it by; 0 where it is no such word."""
    for name, scale in SCALE.items():
        if word in (name, name + "s") or (not name.isascii() and word.startswith(name)):
            return scale
    return 0.0


@lru_cache(2**12)
def _unit(word: str) -> tuple[str, float]:
    for kind, units in UNITS.items():
        for name, factor in units.items():
            if word in (name, f"{name}s", f"{name}es") or (
                (name in PREFIXES or not name.isascii() or len(name) > 5) and word.startswith(name)
            ):
                return kind, factor
    return "", 1.0
