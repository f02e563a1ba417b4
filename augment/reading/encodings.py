"""Bytes to text: UTF-8 and what a byte order mark names, else a guess that is only believed where it is clear."""

import codecs
import re

import chardet

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BINARY = {
    b"%PDF-": "a PDF",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"{\\rtf": "an RTF document",
    b"PAR1": "a Parquet table",
}
# What browsers read under these names is the larger encoding on the right.
LARGER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
COMMON = {
    *("cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 koi8-r koi8-u".split()),
    *("iso8859-1 iso8859-2 iso8859-5 iso8859-7 iso8859-9 iso8859-15".split()),
    *("cp932 shift_jis euc_jp gb2312 gb18030 gbk big5 euc_kr cp949".split()),
}
SAMPLE, FEWEST, MARGIN = 2_000, 5, 0.005
UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
TYPED = re.compile(
    rb"(?<=[!-~])(?:[\x92\x94\x85]|\x94\x92|\x92\x94)(?![\x80-\xff])|(?<![!'*-Z\\^-z|}~\x80-\xff])[\x91\x93](?=[!-~])"
    rb"|(?<= )[\x96\x97](?= )|(?<=[!-~])[\x96\x97](?=[!-~])"
)
"""Quotes, dashes and dots as Windows writes them, where such marks stand: no letter of another encoding."""
ODD = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\u2500-\u259f\ufffd]")


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of a file, see `decoded`."""
    return decoded(data, declared)[0]


def decoded(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text of a file, by its byte order mark, as UTF-8, in the encoding that it declares, or as a guess; and its encoding.

    ASCII but for quotes, dashes and dots of Windows where such marks stand is cp1252. Raises UnicodeError with the reason for a binary file, for UTF-8 with damaged bytes, and where the guess is in doubt:
    `chardet` must prefer an encoding that is in common use, on at least five bytes beyond ASCII, clearly before every
    other one that would read differently, and the text must hold no control characters or box drawing.
    """
    kind = binary(data)
    if kind:
        raise UnicodeError(kind)
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), None)
    if encoding:
        return data.decode(encoding), encoding.removesuffix("-sig")
    if b"\x1b$" in data and data.isascii():  # the one encoding of text that looks like ASCII
        return data.decode("iso2022_jp"), "iso2022_jp"
    try:
        return data.decode(), "utf-8"
    except UnicodeDecodeError as error:
        rest = UTF8.sub(b"", data)
        if len(data) > len(rest) and len(UTF8.findall(data)) >= _beyond_ascii(rest):
            raise UnicodeError(f"damaged UTF-8 (the first fault is at byte {error.start:,})") from error
    text = _as(data, declared) if declared else None
    if declared and text is not None:
        return text, _larger(declared)
    if TYPED.sub(b"", data).isascii():
        return data.decode("cp1252"), "cp1252"
    return _guess(data)


def binary(data: bytes) -> str | None:
    """Why data is no text, if that shows in its first bytes or in NUL bytes."""
    kind = next((name for start, name in BINARY.items() if data.startswith(start)), None)
    if kind:
        return f"binary ({kind})"
    if b"\0" in data and not data.startswith(tuple(mark for mark, _ in MARKS)):
        return "binary (NUL bytes), or UTF-16 without a byte order mark"
    return None


def _guess(data: bytes) -> tuple[str, str]:
    sample = b"\n".join(line for line in data.split(b"\n") if not line.isascii())[:SAMPLE]
    first, *others = chardet.detect_all(sample, encoding_era=chardet.EncodingEra.ALL)
    name = first["encoding"] or ""
    read = _as(sample, name)
    rivals = (_as(sample, o["encoding"] or "") for o in others if o["confidence"] >= first["confidence"] - MARGIN)
    if _codec(name) in COMMON and _beyond_ascii(sample) >= FEWEST and all(text in (None, read) for text in rivals):
        text = _as(data, name)
        if text is not None and not ODD.search(text):
            return text, _larger(name)
    raise UnicodeError(f"not UTF-8 (perhaps {name or 'binary'}, but that is in doubt): save the file as UTF-8")


def _as(data: bytes, encoding: str) -> str | None:
    codec = _larger(encoding)
    try:
        return data.decode(codec) if codec else None
    except (LookupError, UnicodeError):
        return None


def _larger(encoding: str) -> str:
    codec = _codec(encoding)
    return LARGER.get(codec, codec)


def _codec(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name if encoding else ""
    except LookupError:
        return ""


def _beyond_ascii(data: bytes) -> int:
    return len(data) - len(data.translate(None, bytes(range(128, 256))))
