"""A scenario from a plain sentence: what is cut, where, by how much, from when, for how long.

The grammar is small and the vocabulary is the network's own: steps, stages, commodities, sites, countries, groups,
tiers. What cannot be placed is an error that says what is known; nothing is left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from chainnet._types import Bools
from chainnet.errors import DataError, near_matches
from chainnet.network import Network
from chainnet.scenario._kinds import reached
from chainnet.words import MONTHS, country_code, join

EXAMPLE = "cut heavy separation in China by half for six months from 2027-03"
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNTS = {**{word: n for n, word in enumerate(_ONES, 1)}, "a": 1, "an": 1, "eighteen": 18, "twenty-four": 24}
_PARTS = {
    "half": 0.5, "a half": 0.5, "one half": 0.5, "a third": 1 / 3, "one third": 1 / 3, "two thirds": 2 / 3,
    "a quarter": 0.25, "one quarter": 0.25, "three quarters": 0.75, "all": 1.0, "everything": 1.0,
}  # fmt: skip
_STAGES = {
    "mine": ("mine", "mines", "mining", "ore"),
    "refiner": ("refiner", "refiners", "refining", "refinery", "refineries"),
    "manufacturer": ("manufacturer", "manufacturers", "manufacturing", "makers"),
    "recycler": ("recycler", "recyclers", "recycling"),
}
# words of the trade for groups of elements, by what the name of a commodity holds
_ELEMENTS = {
    "heavy": ("heavy", "hree", "dytb", "dysprosium", "terbium", "yttrium", "holmium"),
    "light": ("light", "ndpr", "neodymium", "praseodymium", "lanthanum", "cerium"),
}
_TAKES = {"cut", "reduce", "lower", "limit", "halve", "stop", "ban", "close", "lose", "remove", "shut", "bar", "end"}
_WHOLE = {"stop", "ban", "close", "lose", "remove", "shut", "bar", "end"}
_RAISES = {"raise": None, "double": 2.0, "triple": 3.0}
_SILENT = {"the", "of", "all", "plants", "plant", "capacity", "output", "production", "sites", "site", "rare", "earth",
           "earths", "any"}  # fmt: skip


def measures_of(network: Network, sentence: str) -> list[dict[str, Any]]:
    """Return the measures that a sentence says; several parts are split by ``;`` or "and then".

    Raises
    ------
    DataError
        If a part of it cannot be placed.
    """
    parts = [part.strip(" .") for part in re.split(r";|\band then\b", sentence) if part.strip(" .")]
    if not parts:
        raise DataError(f'words: the sentence is empty. Write for example "{EXAMPLE}".')
    return [measure for part in parts for measure in _measures(network, part)]


def name_of(sentence: str) -> str:
    """Return a short name for a file, from the words of a sentence that are no times."""
    words = re.findall(r"[a-z0-9]+", re.split(r"\b(?:for|from \d|until|after)\b", sentence.lower())[0])
    return "_".join(word for word in words if word not in ("in", "the", "by", "of"))[:48].strip("_") or "scenario"


class _Text:
    """A sentence from which what was understood is taken away."""

    def __init__(self, text: str) -> None:
        self.left = " ".join(text.split())

    def take(self, pattern: str) -> re.Match[str] | None:
        found = re.search(rf"\b{pattern}(?![\w-])", self.left, re.I)
        if found:
            self.left = " ".join(f"{self.left[: found.start()]} {self.left[found.end() :]}".split())
        return found


def _measures(network: Network, part: str) -> list[dict[str, Any]]:
    text = _Text(part)
    verb = (text.left.split() or [""])[0].lower()
    if verb not in _TAKES and verb not in _RAISES:
        known = [*_TAKES, *_RAISES]
        raise DataError(
            f'words: "{part}": begins with no word for what happens;{near_matches(verb, known)} one of '
            f'{join(sorted(known), "or")}, for example "{EXAMPLE}".'
        )
    text.left = text.left[len(verb) :].strip()
    times = _times(text)
    left = _amount(text, verb, part)
    demand = re.search(r"\bdemand\b", text.left, re.I)
    if demand:
        return [{**_demand(network, text, part), "share": left, **times}]
    if left > 1:
        raise DataError(f'words: "{part}": only demand can be raised. Write "cut", "stop", or "raise defence demand".')
    if text.take(r"(?:exports|shipments|sales|trade)"):
        return [{"kind": "restrict", **one, "share": left, **times} for one in _exports(network, text, part)]
    found = _plants(network, text, part)
    return [{"kind": "remove", **found, **times} if left == 0 else {"kind": "scale", **found, "share": left, **times}]


# -- when and how much -------------------------------------------------------------------------------


def _times(text: _Text) -> dict[str, Any]:
    month = rf"(\d{{4}}-\d{{2}}|(?:{'|'.join(MONTHS)}),? \d{{4}})"
    found: dict[str, Any] = {}
    start = text.take(rf"(?:from|starting|starting in|beginning in) {month}")
    until = text.take(rf"until {month}")
    length = text.take(r"for (half a year|[\w-]+ (?:months?|years?))")
    later = text.take(r"after ([\w-]+) (months?|years?)")
    if start:
        found["start"] = _month(start[1])
    if later:
        found["start_month"] = _months(f"{later[1]} {later[2]}")
    if until:
        found["until"] = _month(until[1])
    if length:
        found["months"] = _months(length[1])
    return found


def _month(words: str) -> str:
    if words[0].isdigit():
        return words
    name, year = words.replace(",", "").split()
    return f"{year}-{MONTHS.index(name.capitalize()) + 1:02d}"


def _months(words: str) -> int:
    if words.lower() == "half a year":
        return 6
    count, unit = words.lower().split()
    if not count.isdigit() and count not in _COUNTS:
        raise DataError(f'words: "{words}": "{count}" is no number of {unit}. Write figures, such as 6 months.')
    number = int(count) if count.isdigit() else _COUNTS[count]
    return number * 12 if unit.startswith("year") else number


def _amount(text: _Text, verb: str, part: str) -> float:
    """Return what is left: of a capacity, a flow or a demand."""
    words = "|".join(sorted(_PARTS, key=len, reverse=True))
    given = text.take(rf"(by|to) ({words}|[\d.]+ ?(?:%|per ?cent)?)")
    if given:
        said = given[2].lower()
        number = _PARTS[said] if said in _PARTS else float(re.sub(r"[^\d.]", "", said) or "nan")
        number = number / 100 if said not in _PARTS and re.search(r"%|cent", said) else number
        if said not in _PARTS and not re.search(r"%|cent", said) and number > 1:
            raise DataError(f'words: "{part}": {said} is neither a part nor a per cent. Write {said} % or 0.{said}.')
        if given[1].lower() == "to":
            return round(number, 12)
        if verb in _RAISES:
            return round(1 + number, 12)
        if number > 1:
            raise DataError(f'words: "{part}": nothing can be cut by more than all of it. Write 100 % or less.')
        return round(1 - number, 12)
    if verb == "halve":
        return 0.5
    if verb in _WHOLE:
        return 0.0
    if _RAISES.get(verb):
        return float(_RAISES[verb] or 0)
    raise DataError(f'words: "{part}": does not say by how much. Add "by half", "by 30 %" or "to 20 %".')


# -- where and what ----------------------------------------------------------------------------------


def _place(network: Network, words: str, part: str) -> str | list[str]:
    """Return the countries and groups that words name."""
    found = []
    for word in re.split(r", and |, | and ", words):
        name = re.sub(r"^the ", "", word.strip(), flags=re.I)
        code = name if name in network.groups_known else country_code(name)
        if code is None:
            known = [*network.groups_known, *network.nodes["country"].dropna().unique()]
            raise DataError(
                f'words: "{part}": "{name}" is no country and no group;{near_matches(name, known)} write its name or '
                f"ISO code. Groups: {', '.join(network.groups_known) or 'none'}."
            )
        found.append(code)
    return found[0] if len(found) == 1 else found


_END = r"(?= (?:in|from|to|for|by)\b|$)"


def _where(network: Network, text: _Text, way: str, part: str) -> str | list[str] | None:
    found = text.take(rf"{way} ([^;]+?){_END}")
    return None if found is None else _place(network, found[1], part)


def _exports(network: Network, text: _Text, part: str) -> list[dict[str, Any]]:
    """Return the classes of flows that are meant: across a border, so never within the country that is named."""
    found: dict[str, Any] = {}
    origin, target = _where(network, text, "from", part), _where(network, text, "to", part)
    tier = text.take(r"for (\w+)(?: users| use)?")
    if tier:
        found["tier"] = _tier(network, tier[1], part)
    left = [word for word in _tokens(text.left) if word not in (*_SILENT, "everything")]
    if origin is None and left and country_code(left[0]):  # "stop China exports of ..."
        origin, left = country_code(left[0]), left[1:]
    if origin is not None:
        found["from"] = {"country": origin}
    if target is not None:
        found["to"] = {"country": target}
    if left:
        found["commodity"] = _one(_named(network, left) or _unknown(network, part, left))
    if (origin is None) == (target is None):
        if origin is None:
            raise DataError(f'words: "{part}": says neither from where nor to where. Add "from China".')
        return [found]
    here, other = ("from", "to") if target is None else ("to", "from")
    return [{**found, other: rest} for rest in _rest(network, found[here]["country"])]


def _rest(network: Network, country: str | list[str]) -> list[dict[str, Any]]:
    """Return the wheres of all that lies elsewhere: in other countries, and where no one country fits."""
    inside, _ = network.resolve(country, "words")
    plants = network.plants
    countries = sorted(set(plants["country"].dropna()) - inside)
    regions = sorted(set(plants.loc[plants["country"].isna(), "region"].dropna()))
    return [{key: _one(words)} for key, words in (("country", countries), ("region", regions)) if words]


def _named(network: Network, left: list[str]) -> list[str]:
    """Return the commodities that hold all the words; scrap only where it is said."""
    goods = {good: words for good, words in _goods(network).items() if set(left) <= words}
    return [good for good, words in goods.items() if "scrap" not in words] or list(goods)


def _demand(network: Network, text: _Text, part: str) -> dict[str, Any]:
    place = _where(network, text, "in", part)
    text.take("demand")
    found: dict[str, Any] = {"kind": "demand"}
    if place is not None:
        found["where"] = {"country": place}
    left = [word for word in _tokens(text.left) if word not in (*_SILENT, "for")]
    tiers = [word for word in left if word in network.tier_order]
    left = [word for word in left if word not in tiers]
    if tiers:
        found["tier"] = _one(tiers)
    if left:
        named = _named(network, left) or _unknown(network, part, left)
        asked = [good for good in named if good in set(network.demand["commodity"])]
        if not asked:
            known = ", ".join(sorted(set(network.demand["commodity"].dropna())))
            raise DataError(f'words: "{part}": nobody asks for {join(named, "or")}. Asked for: {known or "one good"}.')
        found["commodity"] = _one(asked)
    if len(found) == 1:
        found["tier"] = list(network.tier_order)
    return found


def _tier(network: Network, word: str, part: str) -> str:
    if word not in network.tier_order:
        raise DataError(f'words: "{part}": "{word}" is no tier. Known: {", ".join(network.tier_order)}.')
    return word


def _plants(network: Network, text: _Text, part: str) -> dict[str, Any]:
    place = _where(network, text, "in", part)
    where: dict[str, Any] = {} if place is None else {"country": place}
    left = [word for word in _tokens(text.left) if word not in _SILENT]
    nodes = _sites(network, left) if left and place is None else []
    if nodes:
        return {"nodes": nodes}
    where, left = _steps(network, where, left)
    if left:
        made = _made(network, where, left)
        if not made:
            _unknown(network, part, left, where)
        where["makes"] = _one(made)
    if not where:
        raise DataError(f'words: "{part}": does not say what. For example "{EXAMPLE}".')
    if not reached(network, where).any():
        raise DataError(f'words: "{part}": no plant of {network.name} is meant. {_vocabulary(network)}')
    return {"where": where}


def _steps(network: Network, where: dict[str, Any], left: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Take the words that name a step or a stage."""
    steps = [step for step in network.nodes["step"].dropna().unique() if step != "end use"]
    named = {step: [w for w in left if any(_alike(w, part) for part in _tokens(step))] for step in steps}
    whole = [set(words) for step, words in named.items() if len(words) == len(_tokens(step))]
    # of "heavy mining" and "mining" the longer one is meant where it is said; where "mining" is, both are mining
    longest = [words for words in whole if not any(words < other for other in whole)]
    named = {step: words for step, words in named.items() if set(words) in longest}
    rest = [word for word in left if not any(word in words for words in named.values())]
    stages = [stage for stage, words in _STAGES.items() if set(rest) & set(words)]
    rest = [word for word in rest if not any(word in _STAGES[stage] for stage in stages)]
    found = {"step": list(named), "stage": stages}
    return {**where, **{column: _one(words) for column, words in found.items() if words}}, rest


def _made(network: Network, where: dict[str, Any], left: list[str]) -> list[str]:
    """Return the commodities that are meant and that a plant there makes on purpose."""
    goods = [good for good, words in _goods(network).items() if set(left) <= words]
    plants = reached(network, where) if where else np.ones(len(network.nodes) + len(network.projects), dtype=bool)
    processes = _processes(network, plants)
    lines = network.processes
    wanted = lines[lines["process"].isin(processes) & lines["role"].isin(["output", "coproduct"])]
    made = set(wanted["commodity"])
    found = [good for good in goods if good in made]
    return found or [good for good in goods if reached(network, {**where, "makes": good}).any()]


def _processes(network: Network, plants: Bools) -> set[str]:
    return set(network.plants["process"][plants].dropna())


def _sites(network: Network, left: list[str]) -> list[str]:
    """Return the nodes of the one site whose name holds all the words; none where there is no such."""
    nodes = network.nodes[network.nodes["stage"] != "end_use"]
    named = [
        set(_tokens(f"{label if isinstance(label, str) else ''} {name.replace('_', ' ')}"))
        for name, label in zip(nodes["id"], nodes["label"], strict=True)
    ]
    site = nodes["site"].fillna(nodes["id"])
    sites = set(site[[set(left) <= words for words in named]])
    return sorted(nodes.loc[site.isin(sites), "id"]) if len(sites) == 1 else []


def _goods(network: Network) -> dict[str, set[str]]:
    """Return the words that name each commodity: of its id, its label, and of the elements in it."""
    labels = dict(zip(network.commodities["id"], network.commodities["label"], strict=True))
    every = {*labels, *network.edges["commodity"].dropna(), *network.processes["commodity"]}
    found = {}
    for good in sorted(every):
        label = labels.get(good)
        said = re.split(r" without | left after |\(", label)[0] if isinstance(label, str) else ""
        words = set(_tokens(f"{good.replace('_', ' ')} {said}"))
        words |= {group for group, elements in _ELEMENTS.items() if words & set(elements)}
        found[good] = words
    return found


def _tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, without the s of the plural."""
    words = re.findall(r"[^\W_]+", text.lower())
    return [word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word for word in words]


def _alike(word: str, other: str) -> bool:
    """Say whether two words are forms of one: separation, separators; mining, mine."""
    ends = r"(ations?|ators?|ating|ate|ings?|ers?|es?|s)$"
    return re.sub(ends, "", word) == re.sub(ends, "", other)


def _one(words: Iterable[str]) -> str | list[str]:
    found = list(dict.fromkeys(words))
    return found[0] if len(found) == 1 else found


def _unknown(network: Network, part: str, left: list[str], where: Any = None) -> list[str]:
    there = "" if not where else " among what such plants make"
    raise DataError(f'words: "{part}": "{" ".join(left)}" names nothing{there}. {_vocabulary(network)}')


def _vocabulary(network: Network) -> str:
    steps = sorted(step for step in network.nodes["step"].dropna().unique() if step != "end use")
    goods = list(_goods(network))
    known = [f"Steps: {', '.join(steps)}." if steps else f"Stages: {', '.join(_STAGES)}."]
    if any(goods):
        known.append(f"Commodities: {', '.join(goods)}.")
    return " ".join([*known, "Or the name of one site."])
