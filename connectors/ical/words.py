"""
What the words of a calendar mean, in the languages in which channels write. Pure.

Only what is plain is read: an event that speaks of a guest and of a closure at once, or of neither, means
nothing here, and counts all the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

# A comma between terms. Written as people write them: they are folded before they are compared.
STAY: Mapping[str, str] = {
    "en": "reserved, reservation, booked, booking, tentative, provisional",
    "fr": "réservée, réservés, réservées, réservation, provisoire",
    "de": "reserviert, reservierung, gebucht, buchung, vorläufig, unter vorbehalt",
    "es": "reservado, reservada, reserva",
    "it": "prenotato, prenotata, prenotazione, riservato, riservata, provvisorio, provvisoria",
    "pt": "provisório, provisória",
    "nl": "gereserveerd, geboekt, reservering, boeking, voorlopig",
    "da": "reserveret, booket",
    "sv": "reserverad, reserverat, bokad, bokat, bokning, preliminär",
    "nb": "reservert, reservasjon, bestilling, foreløpig",
    "fi": "varattu, varaus, alustava",
    "pl": "zarezerwowane, zarezerwowany, zarezerwowano, rezerwacja",
    "cs": "rezervováno, rezervace, rezervovaný, rezervácia, rezervované",
    "hr": "rezervirano, rezervacija",
    "ro": "rezervat, rezervare",
    "hu": "foglalás, lefoglalva",
    "tr": "rezervasyon, rezerve",
    "el": "κράτηση, κρατημένο",
    "ru": "забронировано, бронирование, бронь, зарезервировано",
    "ja": "予約済み, 予約済, 予約",
    "zh": "已预订, 已預訂, 预订, 預訂",
    "ko": "예약됨, 예약",
}

BLOCK: Mapping[str, str] = {
    "en": (
        "blocked, block out, blockout, manual block, calendar block, not available, unavailable,"
        "not bookable, stop sell, closed period, maintenance, out of order, out of service, owner stay,"
        "owner block, owner hold, owner use, owner occupied, booking window, advance notice, preparation time"
    ),
    "fr": "bloqué, bloquée, indisponible, non disponible, pas disponible, entretien, séjour propriétaire",
    "de": (
        "gesperrt, blockiert, blockierung, sperrung, nicht verfügbar, nicht buchbar, wartung, eigennutzung,"
        "eigenbelegung"
    ),
    "es": "bloqueado, bloqueada, bloqueo, no disponible, mantenimiento",
    "it": "bloccato, bloccata, non disponibile, manutenzione",
    "pt": "bloqueio, indisponível, não disponível, manutenção",
    "nl": "geblokkeerd, niet beschikbaar, onderhoud, eigen gebruik",
    "da": "blokeret, ikke tilgængelig, utilgængelig, ikke ledig",
    "sv": "blockerad, blockerat, inte tillgänglig, ej tillgänglig, otillgänglig",
    "nb": "blokkert, ikke tilgjengelig, utilgjengelig",
    "fi": "estetty, ei saatavilla, ei käytettävissä",
    "pl": "zablokowane, zablokowany, niedostępne, niedostępny",
    "cs": "blokováno, zablokováno, nedostupné, není k dispozici",
    "hr": "blokirano, nedostupno, nije dostupno",
    "ro": "blocat, indisponibil",
    "hu": "nem elérhető, zárolva",
    "tr": "bloke, müsait değil",
    "el": "μη διαθέσιμο, αποκλεισμένο",
    "ru": "заблокировано, недоступно",
    "ja": "予約不可, 利用不可",
    "zh": "不可预订, 不可預訂, 不可用",
    "ko": "예약 불가, 예약불가",
}

CLOSED = "closed, fermé, fermée, geschlossen, cerrado, chiuso, fechado, gesloten, lukket, stängt, zamknięte"
"""A closure, unless somebody is named behind a dash: `CLOSED - Anna` is how Booking.com called a stay"""

EITHER = "closed not available, fully booked, booked out, sold out, ausgebucht, volgeboekt"
"""Taken: by a guest or not, nobody can tell"""

ARRIVAL: Mapping[str, str] = {
    "en": "check in, checkin, arrival",
    "fr": "arrivée, entrée",
    "de": "anreise, ankunft",
    "es": "entrada, llegada",
    "it": "arrivo",
    "pt": "chegada",
    "nl": "aankomst, inchecken",
    "da, sv, nb": "ankomst, indtjekning, incheckning, innsjekking, innsjekk",
    "fi": "saapuminen, sisäänkirjautuminen",
    "pl": "przyjazd, zameldowanie",
    "cs, hr": "příjezd, dolazak",
    "tr": "giriş",
    "ru": "заезд",
    "ja, zh": "チェックイン, 入住",
}

DEPARTURE: Mapping[str, str] = {
    "en": "check out, checkout, departure",
    "fr": "départ",
    "de": "abreise",
    "es": "salida",
    "it": "partenza",
    "pt": "saída, partida",
    "nl": "vertrek, uitchecken",
    "da, sv, nb": "afrejse, avresa, avreise, udtjekning, utcheckning, utsjekking, utsjekk",
    "fi": "lähtö, uloskirjautuminen",
    "pl": "wyjazd, wymeldowanie",
    "cs, hr": "odjezd, odlazak",
    "tr": "çıkış",
    "ru": "выезд",
    "ja, zh": "チェックアウト, 退房",
}

# An arrival that is early or a departure that is late takes time of its own.
UNUSUAL = (
    "early, late, früh, früher, frühe, frühes, spät, später, späte, spätes, tardif, tardive, tardía, tardío,"
    "tardi, tardivo, laat, late, vroeg, vroege, anticipato, anticipada, antecipado"
)

# Before a word of a stay, they take it back.
NEGATION = (
    "not, no, non, un, nicht, kein, keine, pas, sin, não, niet, geen, ei, ikke, inte, ej, nem, ne, μη, не"
)


_MOST_SIGNS = 5_000


class _Seen(dict[int, int | None]):
    """For str.translate: accents and invisible signs go, dashes are one. Learns the signs it meets."""

    def __missing__(self, sign: int) -> int | None:
        kept = None if unicodedata.category(chr(sign)) in ("Mn", "Me", "Cf") else sign
        if len(self) < _MOST_SIGNS:
            self[sign] = kept
        return kept


_SEEN = _Seen({**dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), ord("-")), ord("ı"): ord("i")})
_WORD = re.compile(r"\w+")
_NAMED_BEHIND_A_DASH = re.compile(r"- ?\w")
# "Réservé" without its accents is an English noun as well: it speaks of a stay only where nothing follows.
_RESERVE = re.compile(r"reserve ?(?:[-:(]|$|par )")


def folded(text: str) -> str:
    """For comparing: without case, accents, invisible signs, and the many kinds of spaces and dashes.

    By the compatibility forms of Unicode (UAX 15). The same for what is folded already.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_SEEN)
    if not text.isascii():  # folding the case brings forth marks and compositions of its own
        text = unicodedata.normalize("NFKD", text.casefold()).translate(_SEEN)
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().replace("_", " ").split())


def words_of(text: str) -> list[str]:
    return _WORD.findall(text)


class Terms:
    """A vocabulary of words and phrases."""

    def __init__(self, *lists: str) -> None:
        terms = {" ".join(words_of(folded(term))) for terms in lists for term in terms.split(",")}
        self._words = frozenset(term for term in terms if " " not in term)
        self._phrases: dict[str, list[str]] = {}
        for term in sorted(terms - self._words, key=len, reverse=True):
            self._phrases.setdefault(term.partition(" ")[0], []).append(term)
        self._beginnings = frozenset(self._phrases)
        self.first_words = self._words | self._beginnings
        either = "|".join(sorted(map(re.escape, terms), key=len, reverse=True))
        self._at_an_end = re.compile(f"(?:{either})(?: |$)|.* (?:{either})$")

    @classmethod
    def of(cls, table: Mapping[str, str]) -> Terms:
        """From one list for each language."""
        return cls(*table.values())

    def taken_out(self, words: list[str]) -> list[str]:
        """What is left of the words without those of this vocabulary."""
        if self.first_words.isdisjoint(words):
            return words
        rest = words
        if not self._beginnings.isdisjoint(words):
            line = f" {' '.join(words)} "
            for beginning in self._beginnings.intersection(words):
                for phrase in self._phrases[beginning]:
                    line = line.replace(f" {phrase} ", " ")
            rest = line.split()
        return [word for word in rest if word not in self._words]

    def meets(self, words: list[str]) -> bool:
        if self.first_words.isdisjoint(words):
            return False
        return not self._words.isdisjoint(words) or len(self.taken_out(words)) < len(words)

    def begins_or_ends(self, words: list[str]) -> bool:
        return self._at_an_end.match(" ".join(words)) is not None


_STAY = Terms.of(STAY)
_BLOCK = Terms.of(BLOCK)
_CLOSED = Terms(CLOSED)
_EITHER = Terms(EITHER)
_ARRIVAL = Terms.of(ARRIVAL)
_DEPARTURE = Terms.of(DEPARTURE)
_UNUSUAL = Terms(UNUSUAL)
_NEGATION = Terms(NEGATION)
# Most words are none of these, which is quickly seen.
_OF_NATURE = frozenset({"reserve"}).union(*(terms.first_words for terms in (_STAY, _BLOCK, _CLOSED, _EITHER)))
_OF_EDGES = _ARRIVAL.first_words | _DEPARTURE.first_words


class Edge(StrEnum):
    """What an event marks of a stay that is listed by itself."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"


class Reading(NamedTuple):
    """Of what a summary speaks; of a stay and of a closure at once, or of neither, is no answer."""

    text: str
    """Folded"""
    stay: bool
    block: bool
    edge: Edge | None


def read(summary: str) -> Reading:
    """What the words of a summary say. The name of Booking.com is no booking."""
    text = folded(summary)
    words = words_of(text.replace("booking.com", " "))
    edge = None if _OF_EDGES.isdisjoint(words) else _edge(words)
    if _OF_NATURE.isdisjoint(words) or _EITHER.meets(words):
        return Reading(text, stay=False, block=False, edge=edge)
    rest = _BLOCK.taken_out(words)
    block = len(rest) < len(words) or (_CLOSED.meets(rest) and not _NAMED_BEHIND_A_DASH.search(text))
    return Reading(text, stay=_speaks_of_a_stay(text, rest), block=block, edge=edge)


def beside_edges(summary: str) -> str:
    """The words that speak neither of an arrival nor of a departure: whose these are."""
    return " ".join(_DEPARTURE.taken_out(_ARRIVAL.taken_out(words_of(folded(summary)))))


def _speaks_of_a_stay(text: str, words: list[str]) -> bool:
    speaks = _STAY.meets(words)
    if not speaks or not _NEGATION.meets(words):
        return speaks or _RESERVE.match(text) is not None
    meant = [word for before, word in zip(["", *words], words, strict=False) if not _NEGATION.meets([before])]
    return _STAY.meets(meant)


def _edge(words: list[str]) -> Edge | None:
    """Which one the words begin or end with; none where it is early or late, and where both are named."""
    arrival, departure = _ARRIVAL.begins_or_ends(words), _DEPARTURE.begins_or_ends(words)
    if arrival == departure or _UNUSUAL.meets(words):
        return None
    return Edge.ARRIVAL if arrival else Edge.DEPARTURE
