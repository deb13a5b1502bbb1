"""What a column of a strange table seems to be, and by what: its head, its cells, or neither."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from chainnet.io.excerpts import DIRECTIONS, NOTHING, unit_of
from chainnet.io.grid import Cell
from chainnet.io.text import number_text
from chainnet.network import country_named, is_country, is_open, number_of

_MARKED = re.compile("[ ,'\u00a0\u202f]")
_MOST_WORDS = 3000  # distinct cells that are looked at
_LONGEST_HEAD = 500  # letters of a head that are looked at
_YEARS = re.compile(r"(19[5-9]|20)\d\d(0[1-9]|1[0-2])?")  # or months, such as 202201
_SURE = 0.6  # of the cells that must be of one kind, since totals and foot notes stand among them
# words of heads, the telling ones first; one that is short or has other meanings counts only where it stands alone
_HEADS: tuple[tuple[str, str], ...] = (
    ("price", "price|unit value|preis|prix|precio"),
    ("share", "share|percent|percentage|anteil|prozent|part|porcentaje|%|\u5360\u6bd4"),
    ("unit", "unit|units|quantity unit|qty unit|netwgt unit|einheit|unite|unidad|\u5355\u4f4d"),
    ("source", "source|seller|supplier|shipper|from node|from port|lieferant|fournisseur|proveedor"),
    ("target", "target|buyer|customer|to node|to port|kunde|client|cliente"),
    ("exporter", "exporter|exporting|export country|origin|country of origin|country of dispatch|from|von|"
     "ursprungsland|herkunftsland|versendungsland|exportland|exportateur|pays d origine|exportador|pais de origen|"
     "\u51fa\u53e3\u56fd|\u539f\u4ea7\u56fd|\u8f38\u51fa\u56fd|\u539f\u7523\u56fd|\uc218\ucd9c\uad6d|\uc6d0\uc0b0\uc9c0"),
    ("importer", "importer|importing|import country|destination|country of destination|consignee|to|nach|"
     "bestimmungsland|importland|importateur|pays de destination|importador|pais de destino|"
     "\u8fdb\u53e3\u56fd|\u76ee\u7684\u5730|\u8f38\u5165\u56fd|\u4ed5\u5411\u56fd|\u4ed5\u5411\u5730|\uc218\uc785\uad6d|\ubaa9\uc801\uc9c0"),
    ("reporter", "reporter|reporting|reporting country|declarant|meldeland|pays declarant|pais declarante|"
     "\u62a5\u544a\u56fd|\u5831\u544a\u56fd|\ubcf4\uace0\uad6d"),
    ("partner", "partner|partners|trading partner|partnerland|pays partenaire|socio|\u8d38\u6613\u4f19\u4f34|"
     "\u76f8\u624b\u56fd|\uc0c1\ub300\uad6d"),
    ("flow", "flow|trade flow|direction|verkehrsrichtung|richtung|flux|flujo|\u8fdb\u51fa\u53e3"),
    ("weight", "weight|netweight|net weight|net wgt|quantity|qty|volume|tonnage|menge|gewicht|masse|poids|quantite|"
     "peso|cantidad|\u6570\u91cf|\u91cd\u91cf|\u51c0\u91cd|\uc218\ub7c9|\uc911\ub7c9|\ubb3c\ub7c9"),
    ("value", "value|usd|us|eur|euro|fob|cif|wert|valeur|valor|$|\u20ac|\u91d1\u989d|\u91d1\u984d|\u4fa1\u984d|"
     "\uae08\uc561"),
    ("code", "hs|hs2|hs4|hs6|hs code|cn8|cn code|commodity code|product code|tariff|tariff code|cmd code|warennummer|"
     "code sh|partida|code|\u5546\u54c1\u7f16\u7801|\u7a0e\u53f7|\u7a0e\u756a|\ud488\ubaa9\ucf54\ub4dc"),
    ("year", "year|ref year|period|jahr|annee|ano|\u5e74\u4efd|\u5e74|\uc5f0\ub3c4"),
    ("goods", "commodity|product|goods|description|ware|marchandise|mercancia|\u5546\u54c1"),
    ("note", "note|notes|remark|remarks|flag|comment|bemerkung|remarque|nota|\u5907\u6ce8"),
    ("id", "id|no|nr|number|lfd nr|rank|#|\u5e8f\u53f7"),
    ("place", "country|land|pays|pais|area|region|iso|iso2|iso3|\u56fd\u5bb6|\u56fd\u540d|\uad6d\uac00|\uad6d\uba85|"
     "\uad6d\uac00\uba85"),
)  # fmt: skip
_ALONE = {"from", "to", "von", "nach", "part", "no", "nr", "id", "us", "code", "number", "unit", "units", "client",
          "partners", "socio", "ano", "area", "region", "land", "hs", "product", "goods"}  # fmt: skip
_WIDE = ("\u4e00", "\u9fff")  # signs that are written without blanks between words
SAID = {
    "exporter": "exporter", "importer": "importer", "reporter": "reporter (exporter or importer, by the flow)",
    "partner": "partner (the other country)", "flow": "direction of the flow", "code": "product code",
    "year": "year", "weight": "weight", "value": "value", "share": "share", "unit": "unit of the row",
    "place": "country, of which end is not said", "note": "note", "id": "number of the row",
    "goods": "name of the goods",
    "price": "price", "source": "who ships", "target": "who takes", "number": "a number, of what is not said",
    "part": "part of a sum", "text": "text, of what is not said", "blank": "nothing",
}  # fmt: skip
# the heads of BACI are letters, which say nothing by themselves
BACI = {"t": "year", "i": "exporter", "j": "importer", "k": "code", "v": "value", "q": "weight"}
ENDS = ("exporter", "importer", "reporter", "partner", "place", "source", "target")
_SPELT = {"ISO-3": "ISO-3 codes", "ISO-2": "ISO-2 codes", "M49": "numeric codes (M49)", "names": "names"}


@dataclass
class Seen:
    """A column as it seems.

    ``role``: a key of ``SAID``. ``evidence``: why. ``units``: of a weight, none where nobody says, several where it is
    not sure. ``spelling``: how countries are written. ``strange``: cells that are no country, in a column of countries.
    ``marks``: decimal marks under which all its text cells are numbers; ``is_marked``: whether it needs one.
    """

    place: int
    head: str
    role: str
    evidence: str
    units: tuple[str, ...] = ()
    spelling: str = ""
    share_known: float = 0.0
    strange: list[str] = field(default_factory=list)
    marks: tuple[str, ...] = (".", ",")
    is_marked: bool = False
    n_filled: int = 0
    example: str = ""


def head_words(head: str) -> list[str]:
    """Return the words of a head in small letters, without accents."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head)
    letters = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c)).lower()
    return re.findall(r"[a-z0-9]+|[^\W\d_a-z]+|[%$\u20ac#]", unicodedata.normalize("NFC", letters))


@cache
def _phrases() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((role, tuple(words.split())) for role, said in _HEADS for words in said.split("|"))


def role_of(head: str) -> tuple[str, str]:
    """Return what a head says that its column is, and the word that says it; of several rows the lowest tells first.

    Examples
    --------
    >>> role_of("Exporter / Country"), role_of("netWgt"), role_of("Menge in kg"), role_of("foo")
    (('exporter', 'exporter'), ('weight', 'net wgt'), ('weight', 'menge'), ('', ''))
    """
    weak = ("", "")
    for part in reversed(re.sub(r" \[[A-Z]+\]$", "", head[:_LONGEST_HEAD]).split(" / ")):
        words = head_words(part)
        for role, phrase in _phrases():
            if not _stands(phrase, words):
                continue
            if role == "share" and unit_of(part):
                continue
            if role in ("place", "goods"):  # the row above may say which
                weak = weak if weak[0] else (role, " ".join(phrase))
                continue
            if role == "value" and re.search(r"(usd|us\$|eur|\u20ac|\$)\s*(/|per)\s*[a-z]", part.lower()):
                role = "price"
            return role, " ".join(phrase)
        if not weak[0] and unit_of(part):
            return "weight", " or ".join(unit_of(part))
    return weak


def _stands(phrase: tuple[str, ...], words: list[str]) -> bool:
    if len(phrase) == 1 and phrase[0] in _ALONE:
        return words == list(phrase)
    if len(phrase) == 1 and _WIDE[0] <= phrase[0][0] <= _WIDE[1]:
        return any(phrase[0] in word for word in words)
    size = len(phrase)
    return any(tuple(words[i : i + size]) == phrase for i in range(len(words) - size + 1))


@lru_cache(maxsize=1 << 16)
def code_of(cell: Cell) -> tuple[str, str]:
    """Return the country that a cell means and how it is written; ("", "") where it is none that is known."""
    text = number_text(cell) if isinstance(cell, float) else cell or ""
    if is_country(text):
        return text, "ISO-3"
    if re.fullmatch(r"\d{1,3}", text):
        return (_numeric()[int(text)], "M49") if int(text) in _numeric() else ("", "")
    found = country_named(text)
    return (found, "ISO-2" if re.fullmatch("[A-Z]{2}", text) else "names") if found else ("", "")


@cache
def _numeric() -> dict[int, str]:
    import pycountry

    return {int(country.numeric): country.alpha_3 for country in pycountry.countries}


def text_of(cell: Cell) -> str:
    """Return a cell as text."""
    return cell if isinstance(cell, str) else "" if cell is None else number_text(cell)


def number_marks(texts: list[str]) -> tuple[float, tuple[str, ...], bool]:
    """Return the part of texts that are numbers, the decimal marks under which they are, and whether one is needed."""
    told = Counter(text for text in texts if text.lower() not in NOTHING)
    if not told:
        return 1.0, (".", ","), False
    both = {text: (number_of(text, "."), number_of(text, ",")) for text in told}
    either = {text: pair for text, pair in both.items() if pair != (None, None)}
    marks = tuple(
        mark for place, mark in enumerate((".", ",")) if all(pair[place] is not None for pair in either.values())
    )
    is_grouped = any(map(_MARKED.search, either))
    share = sum(told[text] for text in either) / told.total()
    if len(marks) == 2 and all(point == comma for point, comma in either.values()):
        return share, marks, is_grouped
    return share, marks or (".",), marks != (".",) or is_grouped


def seen(place: int, head: str, cells: list[Cell]) -> Seen:
    """Return what a column seems to be."""
    filled = [cell for cell in cells if cell is not None]
    role, word = role_of(head)
    out = Seen(place, head, role, f'head says "{word}"' if role else "", n_filled=len(filled))
    if not filled:
        out.role, out.evidence = "blank", "no cell is filled"
        return out
    out.example = text_of(filled[0])
    ways = {text: DIRECTIONS.get(text.lower(), "") for text in dict.fromkeys(map(text_of, filled))}
    if role != "flow" and all(ways.values()) and (len(set(ways.values())) > 1 or min(map(len, ways)) > 1):
        out.role, out.evidence = "flow", f"its cells are directions: {', '.join(ways)}"
        return out
    texts = [cell for cell in filled if isinstance(cell, str)]
    share, out.marks, out.is_marked = number_marks(texts)
    n_numbers = len(filled) - len(texts) + share * len(texts)
    is_number = n_numbers >= _SURE * len(filled)
    if role in ENDS or not role:
        _take_places(out, filled, is_named=role in ENDS and role not in ("source", "target"))
    n_years = sum(bool(_YEARS.fullmatch(text_of(cell))) for cell in filled)
    if role in ("", "weight", "value", "number") and n_years == len(filled) and _is_recent(filled):
        said = f'its head says "{word}"' if role else "its head says nothing"
        out.role, out.evidence = "year", f"its cells are years, {said}"
    elif role == "year" and is_number and n_years < _SURE * len(filled):
        out.role, out.evidence = "number", f"{out.evidence}, but its cells are no years"
    elif role in ("weight", "value", "share", "price") and not is_number:
        out.evidence += ", but its cells are no numbers"
        out.role = "text"
    elif role == "code":
        _check_codes(out, filled)
    elif not out.role:
        _by_cells(out, filled, is_number)
    if out.role in ("weight", "number"):
        out.units = unit_of(head)
        out.evidence += f", unit {' or '.join(out.units)} by the head" if out.units and role == "weight" else ""
    return out


def _take_places(out: Seen, filled: Sequence[Cell], *, is_named: bool) -> None:
    """Note how the countries of a column are written, if it holds countries."""
    distinct = Counter(map(text_of, filled))
    words = list(distinct)[:_MOST_WORDS]
    known = {word: code_of(word) for word in words}
    ways = ((how or "names" * is_open(word)) for word, (_, how) in known.items())  # of several countries is a name too
    spelt = Counter(how for how in ways if how)
    out.share_known = sum(spelt.values()) / len(words)
    if not spelt or (not is_named and (out.share_known < _SURE or spelt.most_common(1)[0][0] == "M49")):
        return
    out.spelling = spelt.most_common(1)[0][0]
    out.strange = [word for word in words if not known[word][0]]
    said = f"{sum(spelt.values())} of {len(words)} distinct cells are countries, as {_SPELT[out.spelling]}"
    if not out.role:
        out.role = "place"
    out.evidence = f"{out.evidence}, {said}" if out.evidence else said


def _check_codes(out: Seen, filled: Sequence[Cell]) -> None:
    codes = {text_of(cell) for cell in filled}
    fits = [code for code in codes if re.fullmatch(r"\d{2,10}", code.replace(".", ""))]
    if len(fits) < _SURE * len(codes):
        out.role, out.evidence = "text", f"{out.evidence}, but its cells are no figures"
    else:
        out.evidence += f", {len(codes)} distinct of {min(map(len, fits))} to {max(map(len, fits))} figures"


def _is_recent(filled: Sequence[Cell]) -> bool:
    """Say whether years are such as statistics of our time have: 1990 to 2050."""
    return all(1990 <= int(text_of(cell)[:4]) <= 2050 for cell in filled)


def _by_cells(out: Seen, filled: Sequence[Cell], is_number: bool) -> None:
    """Say what the cells of a column show whose head says nothing."""
    if not is_number:
        out.role, out.evidence = "text", "neither its head nor its cells say more"
    elif re.search(r"\b(19[5-9]|20)\d\d\b", out.head):
        out.role, out.evidence = "weight", "its head is a year, and its cells are numbers"
    else:
        out.role, out.evidence = "number", "its cells are numbers, its head says nothing"
