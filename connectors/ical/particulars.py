"""
What a text tells of a stay besides its dates: the channel's code, the end of a telephone number. Pure.

A code is only taken from where one is expected: from an address of a reservation, behind words that announce
one, or where its form says whose it is. A telephone number and a date are never one.
"""

from __future__ import annotations

import re

# Airbnb's, Vrbo's and Guesty's.
_FORMS = ("HM", "HA-", "GY-")
_BY_FORM = re.compile(
    r"(?<![\w-])(?:HM(?=[A-Z]{0,7}\d)[A-Z0-9]{8}|HA-(?=[A-Z]{0,5}\d)[A-Z0-9]{6}|GY-[A-Za-z0-9]{6,12})(?![\w-])"
)

# Words that announce a code: what it is of, and what it is, in one word (Buchungsnummer) or in several.
_OF = (
    r"(?:booking|reservation|confirmation|itinerary|r[ée]servation|buchungs?|reservierungs?|best[äa]tigungs?"
    r"|reserva|confirmaci[óo]n|confirma[çc][ãa]o|prenotazione|conferma|reserverings?|boekings?|bevestigings?"
    r"|boknings?|varaus)"
)
_IS = (
    r"(?:number|no|nr|num|id|code|ref|reference|confirmation|nummer|kode|kod|num[ée]ro|r[ée]f[ée]rence"
    r"|n[úu]mero|c[óo]digo|localizador|referencia|codice|riferimento)"
)
# Most lines have none of these, which is quickly seen; in small letters.
_OF_STEMS = (
    *("book", "serv", "confirm", "itiner", "buchung", "stätig", "statig", "prenot", "conferm", "boek"),
    *("bevest", "bokn", "varaus"),
)
_BETWEEN = r"\.? (?:de la |de l'|d[aei] |della |di |of |of the )?"
_ANNOUNCED = re.compile(
    rf"(?<!\w)(?:(?:{_OF}[ -]?{_IS}|{_IS}{_BETWEEN}{_OF})(?![^\W\d_])"
    r"|(?:booking|reservation|r[ée]servation|reserva|buchung) ?(?=\#))"
    r"\.?\s{0,3}[:=]?\s{0,3}\#?\s?",
    re.IGNORECASE,
)
# With a figure in it; not a part of a longer number or of an address.
_CODE = re.compile(
    r"(?=[A-Za-z-]{0,20}[0-9])[A-Za-z0-9][A-Za-z0-9-]{2,22}[A-Za-z0-9](?![\w@+])(?![ ./()-]{1,3}[0-9])"
)
_LIKE_A_PHONE = re.compile(r"(?=(?:-?[0-9]){7})[0-9-]*-[0-9-]*$")
_DAY = re.compile(r"[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,4}|([0-9]{8})(?:T[0-9]{0,6}Z?)?$")

_PHONE_STEMS = ("phone", "tel", "tél", "mobil", "handy", "cell", "whatsapp", "телефон", "電話")
_PHONE = re.compile(
    r"(?<!\w)(?:phone|t[ée]l(?:[éeè](?:ph|f)[óo]\w{0,10})?|mobile|mobil|handy|cell|whatsapp|телефон|電話)(?!\w)"
    r"(?: ?: ?\n)?([^\n]{0,80})",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\([^()\n\d+]{0,40}\d?[^()\n\d+]{0,40}\)")
_LAST = re.compile(
    r"last|letzte|derni|[úu]ltim|laatste|sista|siste|sidste|viimei|ostatni|posledn", re.IGNORECASE
)
_NUMBER = re.compile(r"[0-9](?:[ ().\-/]{0,3}[0-9]){3,19}")
_NO_FIGURE = re.compile(r"[^0-9]+")


def code_of(text: str) -> str:
    """The code of a stay in a text, or nothing."""
    if any(form in text for form in _FORMS) and (found := _BY_FORM.search(text)):
        return found[0]
    for passage in _passages(_OF_STEMS, text):
        for label in _ANNOUNCED.finditer(passage):
            code = _CODE.match(passage, label.end())
            if code is not None and not _LIKE_A_PHONE.match(code[0]) and not _is_day(code[0]):
                return code[0]
    return ""


def phone_digits_of(text: str) -> str:
    """The last four digits of the telephone number that a text announces, or nothing."""
    for passage in _passages(_PHONE_STEMS, text):
        for announced in _PHONE.finditer(passage):
            number = _NUMBER.search(_IN_BRACKETS.sub(" ", announced[1]))
            if number is None:
                continue
            digits = _NO_FIGURE.sub("", number[0])
            whole = len(digits) >= 7 and not _is_day(digits)
            if whole or (len(digits) == 4 and _LAST.search(announced[1])):
                return digits[-4:]
    return ""


def _passages(stems: tuple[str, ...], text: str) -> list[str]:
    """The lines of a text that have one of the stems, each with the line behind it."""
    lower = text.lower()
    if len(lower) != len(text):  # some letters have a small one of two signs
        return [text]
    beginnings = set()
    for stem in stems:
        found = lower.find(stem)
        while found >= 0:
            beginnings.add(lower.rfind("\n", 0, found) + 1)
            found = lower.find(stem, _end_of_line(lower, found))
    return [text[at : _end_of_line(text, _end_of_line(text, at) + 1)] for at in sorted(beginnings)]


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _is_day(text: str) -> bool:
    """Whether it can be read as a day, whatever the order: 2026-07-01, 20260701T10, 01072026."""
    found = _DAY.match(text)
    if found is None or found[1] is None:
        return found is not None
    a, b, c, d = (int(found[1][at : at + 2]) for at in (0, 2, 4, 6))
    return any(
        19 <= century <= 20 and 1 <= month <= 12 and 1 <= day <= 31
        for century, month, day in ((a, c, d), (c, b, a), (c, a, b))
    )
