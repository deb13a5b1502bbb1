"""``redact``: a network that may be handed on, with bands for figures and no names of firms."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError
from chainnet.network import TABLES, Frames, Network, is_country
from chainnet.results import BOUNDED, Result, provenance, stamp
from chainnet.scenario import Scenario, acting, listed
from chainnet.sharing._aliases import renamed, reworded
from chainnet.sharing._attack import attack
from chainnet.sharing._bands import band_of, check_bands, middle_of
from chainnet.sharing._commit import check_secret
from chainnet.sharing._records import is_class, like, place_words
from chainnet.words import exact, percent

DEFAULT_HIDE = ("names", "owners", "sources", "coordinates", "flows", "capacities")
HIDE = (*DEFAULT_HIDE, "stocks", "demand", "prices")
KEEP = ("owner_country", "ranges")
WITHHELD, BAND = "withheld", "band"
_RULE = {"p": 0.10, "least": 3}
_PRICES = {
    "commodities": ("price_usd_per_t",),
    "nodes": ("unit_cost_usd_per_t",),
    "projects": ("unit_cost_usd_per_t", "capex_musd", "break_even_usd_per_t"),
    "edges": ("cost_usd_per_t",),
    "demand": ("value_usd_per_t",),
    "stocks": ("holding_usd_per_t_a",),
}
# what a secret network says in words of its own
_NAMES = {
    "commodities": ("label",),
    "nodes": ("label",),
    "projects": ("label",),
}
_OWNERS = {
    "nodes": ("operator", "owner", "owner_country"),
    "projects": ("operator", "owner", "owner_country"),
    "stocks": ("holder",),
}


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Redaction(Result):
    """What may be handed on, and what was done to make it so.

    Attributes
    ----------
    log : DataFrame
        table, column, rows, action: may be handed on.
    attack : DataFrame, index id
        How far a reader can narrow each hidden figure; ids as handed on.
    cells : DataFrame
        Totals by place and step: cell, contributors (ultimate owners), rule, is_safe, action (publish the exact
        total, or only its band). Stays at home.
    network : Network
        What may be handed on.
    scenarios : list of Scenario
        Those that were given, with the new ids.
    names : Series
        New id by old id. Secret: it is written nowhere.
    """

    log: pd.DataFrame
    attack: pd.DataFrame
    cells: pd.DataFrame
    network: Network
    scenarios: list[Scenario]
    names: pd.Series = field(repr=False)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that may be handed on."""
        return {"log": self.log, "attack": self.attack}


def redact(
    network: Network,
    *,
    secret: bytes,
    hide: Sequence[str] = DEFAULT_HIDE,
    bands: str | float = "r5",
    within: Sequence[str] | None = None,
    rule: Mapping[str, Any] | None = None,
    keep: Sequence[str] = (),
    protect: float = 0.2,
    facts: Sequence[Mapping[str, Any]] = (),
    accept: Sequence[str] = (),
    scenarios: Sequence[Scenario] = (),
) -> Redaction:
    """Make a network that may be handed on: bands instead of figures, no names of firms.

    Parameters
    ----------
    network : Network
    secret : bytes
        16 bytes or more, kept at home; it orders the new ids, so that these tell nothing.
    hide : list of str
        names (ids, labels, sites, names of recipes), owners (operator, owner, holders), sources (references, notes,
        figures), coordinates, flows (baseline flows, totals), capacities (of plants, projects and relations: bands),
        and if named stocks (theirs and users' cover: bands), demand (bands), prices (all costs). Contracts go with
        owners, flows or capacities; rules of the network's own go with names or sources.
    bands : "r5" or float
        The grid 1, 1.6, 2.5, 4, 6.3 times powers of ten, or a ratio above 1. It lies fixed beforehand: a band around
        the true figure would give it away.
    within : list of str, optional
        Countries and groups: only figures of what lies there, and of relations that touch it, become bands; all others
        are handed on as they are. Names, owners, sources and flows go everywhere. None = all figures.
    rule : mapping, optional
        When a total may be published exactly: ``p`` (no contributor can be told to within that part by the second
        largest), ``least`` (contributors), ``nk`` ((n, k): the n largest hold at most k of it). Default p 0.10,
        least 3.
    keep : list of str
        "owner_country", "ranges" (low and high of figures that are not hidden), or ids that keep their name.
    protect : float
        Least width of a hidden figure under attack.
    facts : list of mapping
        What is published besides, as for ``attack``, with the ids of the network given. A total may
        be given as it will be published: rounded to its band.
    accept : list of str
        Ids of the network given whose figures may be narrowed further.
    scenarios : list of Scenario, optional
        Handed on with the new ids.

    Returns
    -------
    Redaction
        ``attack`` was run with all facts, and with totals and cuts also for each ultimate owner that knows its own.

    Raises
    ------
    DataError
        If the secret is short, a word is unknown, a ratio or share is out of range, or a hidden figure
        can be narrowed to less than ``protect`` and is not accepted: every such figure is named.
    InfeasibleError
        If a fact contradicts the bands.

    See Also
    --------
    sharing.attack, sharing.aggregate, sharing.commit

    Notes
    -----
    This is disclosure control, not secrecy. It is measured against readers who have all that is published and solve
    linear programs, and against one owner who knows its own figures; not against satellites, trade records, two
    owners together, or many questions to a live service. No noise is added: at the ends of the bands (``at_bounds``)
    the true answer stays bracketed. The digest of the network given is in nothing that is handed on: who knows all
    figures but one could try values until it fits.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> done = cn.sharing.redact(net, secret=bytes(range(32)))
    >>> low, high = (cn.sharing.at_bounds(done.network, end) for end in ("low", "high"))
    >>> truth = cn.max_flow(net).value_tpa
    >>> bool(cn.max_flow(low).value_tpa <= truth <= cn.max_flow(high).value_tpa)
    True
    """
    check_secret(secret)
    check_bands(bands)
    rules = _read_rule(rule)
    for word in [hide] if isinstance(hide, str) else hide:
        checks.known(word, HIDE, "hide", "word")
    ids = {*network.view("nodes")["id"], *network.view("projects")["id"], *network.view("stocks")["id"]}
    for word in keep:
        if word not in KEEP and word not in ids:
            raise DataError(f"keep: {checks.unknown(word, [*KEEP, *sorted(ids)], 'word or id')}")
    for key in accept:
        checks.known(key, ids, "accept", "id")
    places = None if within is None else network.resolve(within, "within")
    work = _Work(network, secret, set(hide), set(keep), bands, places)
    frames = work.done()
    redacted = like(network, frames, f"{network.name}-redacted", f"{network.name}, redacted")
    told = [_with_names(fact, work.ids) for fact in facts]
    found = attack(redacted, told, protect=protect)
    # what an owner's own figures add to answers without a cut takes a program for each owner and figure: left out
    exact = [fact for fact in told if "total" in fact or "cut" in fact]
    if exact:
        inside = attack(redacted, exact, insiders=_insiders(network, work.ids), protect=protect)
        found = stamp(pd.concat([found, inside[inside["insider"] != ""]]), found.attrs["provenance"])
    _refuse(found, {work.ids.get(key, key) for key in accept}, work.ids, protect)
    source = provenance(
        redacted, "HiGHS simplex", status=BOUNDED, hide=list(hide), bands=bands,
        within=None if within is None else [within] if isinstance(within, str) else list(within),
        keep=[w for w in keep if w in KEEP], protect=protect, rule=rules,
    )  # fmt: skip
    names = pd.Series({**work.stocks, **work.ids}, name="new").rename_axis("old")
    return Redaction(
        provenance=source,
        log=stamp(pd.DataFrame(work.log, columns=["table", "column", "rows", "action"]), source),
        attack=found,
        cells=stamp(_cells(network, rules, bands), source),
        network=redacted,
        scenarios=[_renamed_scenario(scenario, work.ids, work.stocks, network) for scenario in scenarios],
        names=names,
    )


def _read_rule(rule: Mapping[str, Any] | None) -> dict[str, Any]:
    given = dict(_RULE if rule is None else rule)
    for key in given:
        checks.known(key, ("p", "least", "nk"), "rule", "key")
    for name, share in [("p", given.get("p")), ("nk", (given.get("nk") or (0, None))[1])]:
        if share is not None and not (checks.is_number(share) and 0.0 < share < 1.0):
            raise DataError(f"rule: {name}: {share!r} is not allowed; give a share between 0 and 1.")
    if "least" in given:
        checks.whole(given["least"], "rule: least", 1)
    return given


class _Work:
    """The tables, changed one kind of secret after the other; what is done is written down."""

    def __init__(
        self,
        network: Network,
        secret: bytes,
        hide: set[str],
        keep: set[str],
        bands: str | float,
        places: tuple[frozenset[str], frozenset[str]] | None,
    ) -> None:
        self.frames: Frames = {name: network.view(name) for name in TABLES}
        self._own = None if places is None else self._lying(*places)
        self.hide, self.keep, self.bands = hide, keep, bands
        self.log: list[dict[str, Any]] = []
        self._secret = secret
        self.ids = self._new_ids() if "names" in hide else {}
        held = [key for key in self.frames["stocks"]["id"] if key not in keep] if "names" in hide else []
        self.stocks = self._numbered(dict.fromkeys(held, "stock"))

    def done(self) -> Frames:
        """Return the tables that may be handed on."""
        if "capacities" in self.hide:
            for table in ("nodes", "projects", "edges"):
                self._band(table, "capacity_tpa")
        if "stocks" in self.hide:
            self._band("stocks", "stock_t")
            self._blank("stocks", ("release_tpa", "capacity_t", "end_t"), "withheld")
            self._band("cover", "weeks")
        if "demand" in self.hide:
            self._band("demand", "demand_tpa")
        if "flows" in self.hide:
            self._blank("edges", ("flow_tpa",), "withheld: with it utilisation gives capacity away")
            self._drop("totals", "withheld: output bounds capacity from below")
        if self.hide & {"flows", "capacities", "owners"}:
            self._drop("contracts", "withheld: they say who takes what part of an output")
        if "prices" in self.hide:
            for table, columns in _PRICES.items():
                self._blank(table, columns, "withheld")
        if "coordinates" in self.hide:
            for table in ("nodes", "projects"):
                self._blank(table, ("latitude", "longitude"), "withheld")
        if "owners" in self.hide:
            for table, columns in _OWNERS.items():
                self._blank(table, [c for c in columns if c not in self.keep], "withheld")
            self._drop("owners", "withheld")
            self._drop("stakes", "withheld")
        self._ranges()
        if "sources" in self.hide:
            self._sources()
        if self.hide & {"names", "sources"}:
            self._drop("rules", "withheld: no measure that is handed on names one")
            self._drop("hazards", "withheld: their effects name plants and scenarios")
        if "names" in self.hide:
            for table, columns in _NAMES.items():
                self._blank(table, columns, "withheld")
            self._rename()
        return self.frames

    def _lying(self, countries: frozenset[str], regions: frozenset[str]) -> set[str]:
        """Return the ids of what lies in some countries or regions."""
        own: set[str] = set()
        for table in ("nodes", "projects", "stocks"):
            frame = self.frames[table]
            here = frame["country"].isin(countries)
            if "region" in frame.columns:
                here |= frame["country"].isna() & frame["region"].isin(regions)
            own |= set(frame["id"][here])
        return own

    def _is_own(self, table: str) -> Any:
        """Return which rows of a table are of what lies within, or touch it."""
        frame = self.frames[table]
        if self._own is None:
            return np.ones(len(frame), dtype=bool)
        ends = {"edges": ("source", "target"), "stocks": ("id", "node")}.get(table, ("id",))
        ends = ("node",) if table in ("demand", "cover") else ends
        # cover that names no user is that of every user
        return np.any([frame[end].isin(self._own) | frame[end].isna() for end in ends], axis=0)

    def _say(self, table: str, column: str, rows: int, action: str) -> None:
        if rows:
            self.log.append({"table": table, "column": column, "rows": int(rows), "action": action})

    def _blank(self, table: str, columns: Iterable[str], action: str) -> None:
        for column in columns:
            frame = self.frames[table]
            self._say(table, column, frame[column].notna().sum(), action)
            self.frames[table] = frame.assign(**{column: None})

    def _drop(self, table: str, action: str) -> None:
        self._say(table, "", len(self.frames[table]), action)
        self.frames[table] = self.frames[table].iloc[:0]

    def _band(self, table: str, column: str) -> None:
        frame = self.frames[table].copy()
        # a relation's low and high describe its flow where it has one, which bands of its capacity may not
        hit = frame[column].notna() & (frame[column] > 0) & self._is_own(table)
        self._say(table, column, (frame[column].notna() & ~self._is_own(table)).sum(), "as it is: lies elsewhere")
        if table == "edges" and "flows" not in self.hide:
            hit &= frame["flow_tpa"].isna()
            self._say(table, column, (frame[column].notna() & ~hit).sum(), "as it is: its flow is not hidden")
        ends = np.array([band_of(value, self.bands) for value in frame.loc[hit, column]]).reshape(-1, 2)
        frame.loc[hit, "low"], frame.loc[hit, "high"] = ends[:, 0], ends[:, 1]
        frame.loc[hit, column] = [middle_of(*pair) for pair in ends]
        frame.loc[hit, "quality"] = "estimated"
        of_class = np.array([is_class(note) for note in frame["note"]], dtype=bool)
        frame["note"] = frame["note"].mask(hit & ~of_class, BAND).mask(hit & of_class, BAND + "; " + frame["note"])
        self._say(table, column, hit.sum(), f"band ({self.bands if self.bands == 'r5' else f'ratio {self.bands:g}'})")
        self.frames[table] = frame

    def _ranges(self) -> None:
        """Ranges of what is not banded go, lest they be read as bands."""
        if "ranges" in self.keep:
            return
        for table, frame in self.frames.items():
            if "low" not in frame.columns:
                continue
            stays = self._banded(table)
            for end in ("low", "high"):
                self._say(table, end, (frame[end].notna() & ~stays).sum(), "withheld: no band")
            self.frames[table] = frame.assign(low=frame["low"].where(stays), high=frame["high"].where(stays))

    def _banded(self, table: str) -> Any:
        """Return which rows of a table bear a band."""
        own = dict.fromkeys(("nodes", "projects", "edges"), "capacities") | {"demand": "demand"}
        own |= dict.fromkeys(("stocks", "cover"), "stocks")
        notes = self.frames[table]["note"].fillna("")
        return notes.str.startswith(BAND) & (own.get(table, "") in self.hide)

    def _sources(self) -> None:
        for table, frame in list(self.frames.items()):
            if "reference" in frame.columns and table != "figures":
                told = self._banded(table) | np.array([is_class(note) for note in frame["note"]], dtype=bool)
                self._say(table, "note", (frame["note"].notna() & ~told).sum(), "withheld")
                self._say(table, "reference", frame["reference"].notna().sum(), 'one source, "withheld"')
                had = frame["reference"].notna()
                self.frames[table] = frame.assign(
                    note=frame["note"].where(told), reference=frame["reference"].mask(had, WITHHELD)
                )
        self._drop("figures", "withheld")
        n = len(self.frames["references"])
        self._say("references", "", n, 'one source, "withheld"')
        row = {name: [None] for name in TABLES["references"].names} | {"key": [WITHHELD], "title": [WITHHELD]}
        self.frames["references"] = pd.DataFrame(row)

    # -- names ----------------------------------------------------------------------------------------------

    def _place_of(self, word: str) -> bytes:
        return hmac.digest(self._secret, word.encode(), "sha256")

    def _numbered(self, words: Mapping[str, str]) -> dict[str, str]:
        """Return base_n for each word, n its place in an order that only the secret knows."""
        groups: dict[str, list[str]] = {}
        for word, base in words.items():
            groups.setdefault(base, []).append(word)
        return {
            word: f"{base}_{n}"
            for base, members in groups.items()
            for n, word in enumerate(sorted(members, key=self._place_of), 1)
        }

    def _new_ids(self) -> dict[str, str]:
        words: dict[str, str] = {}
        known = {key for table in ("nodes", "projects") for key in self.frames[table]["id"]}
        for table in ("nodes", "projects"):
            frame = self.frames[table]
            for key, parts in zip(frame["id"], place_words(frame, ("country", "step")), strict=True):
                base = "_".join(part.replace(" ", "_") for part in parts if part) or "plant"
                # an old id may be made of the same words
                words[key] = base.replace("_", "-") if any(old in base for old in known) else base
        names = self._numbered({key: base for key, base in words.items() if key not in self.keep})
        return {key: names.get(key, key) for key in words}

    def _rename(self) -> None:
        frames = renamed(self.frames, "nodes", self.ids)
        recipes = self._numbered(dict.fromkeys(sorted(set(frames["processes"]["process"])), "recipe"))
        laws = self._numbered(dict.fromkeys(frames["service"]["instrument"], "instrument"))
        frames["service"] = frames["service"].assign(
            instrument=reworded(frames["service"]["instrument"], laws.__getitem__)
        )
        frames = renamed(renamed(frames, "processes", recipes), "stocks", self.stocks)
        sites = {word: "site" for t in ("nodes", "projects") for word in frames[t]["site"].dropna()}
        new_sites = self._numbered(sites)
        for table in ("nodes", "projects"):
            cells = reworded(frames[table]["site"], lambda word: new_sites.get(word, word))
            frames[table] = frames[table].assign(site=cells)
        for table, column, n in (
            ("nodes", "id", len(frames["nodes"])), ("projects", "id", len(frames["projects"])),
            ("stocks", "id", len(self.stocks)), ("processes", "process", len(recipes)), ("nodes", "site", len(sites)),
            ("service", "instrument", len(laws)),
        ):  # fmt: skip
            self._say(table, column, n, "renamed, in an order that tells nothing")
        self.frames = frames


# -- totals that may be published ------------------------------------------------------------------------------


def _ultimate(network: Network) -> dict[str, str]:
    """Return who stands behind each plant in the end; a plant without an owner stands for itself."""
    parents: dict[str, tuple[float, str]] = {}
    for firm, parent, share in network.view("owners")[["owner", "parent", "share"]].itertuples(index=False):
        held = 1.0 if share != share else float(share)
        if held >= 0.5 and not is_country(parent) and held > parents.get(firm, (0.0, ""))[0]:
            parents[firm] = (held, parent)
    out = {}
    for table in ("nodes", "projects"):
        for key, owner, operator in network.view(table)[["id", "owner", "operator"]].itertuples(index=False):
            at = owner if isinstance(owner, str) else operator if isinstance(operator, str) else key
            seen = {at}
            while at in parents and parents[at][1] not in seen:
                at = parents[at][1]
                seen.add(at)
            out[key] = at
    return out


def _insiders(network: Network, names: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return the figures that each ultimate owner of several of them, or of one, knows: its own."""
    owners = _ultimate(network)
    found: dict[str, dict[str, float]] = {}
    for table in ("nodes", "projects"):
        rows = network.view(table).dropna(subset=["capacity_tpa"])
        for key, capacity in zip(rows["id"], rows["capacity_tpa"], strict=True):
            found.setdefault(owners[key], {})[names.get(key, key)] = float(capacity)
    return {f"owner {n}": own for n, own in enumerate(found.values(), 1)}


def _cells(network: Network, rule: Mapping[str, Any], bands: str | float) -> pd.DataFrame:
    """Say of each total by place and step whether it may be published exactly."""
    nodes = network.view("nodes")
    nodes = nodes[(nodes["stage"] != "end_use") & nodes["capacity_tpa"].notna()]
    owners = _ultimate(network)
    held: dict[str, dict[str, float]] = {}
    places = place_words(nodes, ("country", "step"))
    for key, words, capacity in zip(nodes["id"], places, nodes["capacity_tpa"], strict=True):
        cell = held.setdefault(" / ".join(words), {})
        cell[owners[key]] = cell.get(owners[key], 0.0) + float(capacity)
    rows = []
    for place, parts in sorted(held.items()):
        broken = broken_rule(list(parts.values()), rule)
        low, high = band_of(sum(parts.values()), bands)
        banded = f"publish no more than its band, {low:g} to {high:g}"
        action = banded if broken else "the exact total may be published"
        rows.append((place, len(parts), broken, not broken, action))
    return pd.DataFrame(rows, columns=["cell", "contributors", "rule", "is_safe", "action"])


def broken_rule(parts: Sequence[float], rule: Mapping[str, Any]) -> str:
    """Return which rule a total of these contributions breaks; "" where it is safe.

    Examples
    --------
    >>> broken_rule([60, 25, 10, 5], {"p": 0.1}), broken_rule([60, 25, 10, 5], {"p": 0.3})
    ('', 'p 0.3')
    """
    held = sorted(parts, reverse=True)
    total = sum(held)
    if len(held) < rule.get("least", 1):
        return f"fewer than {rule['least']} contributors"
    if rule.get("nk"):
        n, k = rule["nk"]
        if sum(held[:n]) > k * total:
            return f"the {n} largest hold more than {k:g}"
    if rule.get("p") is not None and total - sum(held[:2]) < rule["p"] * held[0]:
        return f"p {rule['p']:g}"
    return ""


# -- facts and scenarios with the new ids --------------------------------------------------------------------------


def _with_names(fact: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    out = dict(fact)
    if isinstance(out.get("cut"), Mapping):
        out["cut"] = {names.get(key, key): price for key, price in out["cut"].items()}
    if isinstance(out.get("total"), Mapping) and "id" in out["total"]:
        ids = out["total"]["id"]
        new = [names.get(key, key) for key in ([ids] if isinstance(ids, str) else ids)]
        out["total"] = {**out["total"], "id": new}
    return out


def _renamed_scenario(
    scenario: Scenario, plants: Mapping[str, str], stocks: Mapping[str, str], network: Network
) -> Scenario:
    """Return a scenario with the new ids; one that asks by what is withheld cannot be handed on."""
    gone = {word for columns in _OWNERS.values() for word in columns} | {"site"}

    def new_ids(words: Any, *names: Mapping[str, str]) -> list[str]:
        return [new for word in listed(words) for new in [one[word] for one in names if word in one] or [word]]

    def condition(value: Mapping[str, Any]) -> dict[str, Any]:
        hidden = sorted(gone & set(value))
        if hidden:
            raise DataError(
                f"scenarios: {scenario.name} asks by {hidden[0]}, which is withheld. "
                "Name plants, or countries and steps."
            )
        return {**value, "id": new_ids(value["id"], plants, stocks)} if "id" in value else dict(value)

    measures = []
    for measure in scenario.with_shares(network).measures:  # others may not have these names of goods and countries
        new = acting(measure)
        for key, value in list(new.items()):
            if key in ("nodes", "projects"):
                new[key] = new_ids(value, plants)
            elif key == "stocks":
                new[key] = new_ids(value, stocks)
            elif key == "node":
                new[key] = plants.get(value, value)
            elif key == "edges":
                new[key] = [[*new_ids(pair[:2], plants), *pair[2:]] for pair in value]
            elif key == "by":
                new[key] = [{**one, "to": condition(one["to"])} for one in value]
            elif isinstance(value, Mapping):
                new[key] = condition(value)
        measures.append(new)
    return Scenario(scenario.name, measures, probability=scenario.probability)


def _refuse(found: pd.DataFrame, accepted: set[str], names: Mapping[str, str], protect: float) -> None:
    """Refuse to hand on what can be narrowed too far."""
    old = {new: key for key, new in names.items()}
    open_ones = found[~found["is_protected"] & ~found.index.isin(accepted)]
    open_ones = open_ones[open_ones["high"] > 0]
    if open_ones.empty:
        return
    said = [
        f"{old.get(str(key), key)} to {exact(row['low'])} .. {exact(row['high'])} t/yr (width {exact(row['width'], 3)}"
        + (f", by {row['narrowed_by']}" if row["narrowed_by"] else ", its band is that narrow")
        + (", for an owner that knows its own)" if row["insider"] else ")")
        for key, row in open_ones.iterrows()
    ]
    raise DataError(
        f"redact: {len(open_ones)} hidden figures can be narrowed to less than {protect:g}: {'; '.join(said[:8])}. "
        "Publish the facts as bands and without cuts, take wider bands, or accept these."
    )


def readme(done: Redaction) -> str:
    """Return what is said beside a redacted folder: what was done, what it is good for, and what it is not."""
    said = done.provenance["settings"]
    found = done.attack
    grid = "1, 1.6, 2.5, 4, 6.3 times powers of ten" if said["bands"] == "r5" else f"powers of {said['bands']:g}"
    lines = "\n".join(
        f"- {row['table']}{', ' + row['column'] if row['column'] else ''}: {row['rows']} rows; {row['action']}"
        for row in done.log.to_dict("records")
    )
    narrow = "no capacity is hidden" if found.empty else (
        f"the closest of {len(set(found.index))} hidden capacities can be told to within "
        f"{percent(found['width'].min(), ' ')} either side\nby a reader with linear programs"
    )  # fmt: skip
    return f"""# A redacted chain

Made of a chain whose figures are not all public. A figure that bears the note "band" is the middle of its band; low and
high are its ends, on a grid that was fixed beforehand ({grid}). No noise was added.

## What it is good for

Take it at its low ends and at its high ends: what the true chain can serve lies between the two
(`chainnet bracket FOLDER`). An answer at the middle of the bands is no more than an example.

## What was done

{lines}

## How far it protects

This is disclosure control, not secrecy. From this folder and the facts that were named when it was made,
{narrow}. Not covered: what is known from
elsewhere (satellites, trade records, filings), two contributors together, and many questions to whoever holds the
figures. The country, step and recipe of each plant are as they are, and so is who ships to whom.
"""
