"""An assessment as the report reads it: names, tiers in order, the first tier, the months. Nothing is solved."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from chainnet.assessment import Assessment
from chainnet.engine import PRINTED
from chainnet.network import QUALITIES, several_plants, site_of
from chainnet.reporting.glyphs import drawable, stand_ins
from chainnet.results import CHECKED, ENDS, GIVEN, NOT_ASSESSED, NOT_STATED, fact_of, origin_of, rest_of, rests_words
from chainnet.words import ALL_TIERS, NO_DATA, Who, country_name, short_label, step_words, titled, who

BASELINE = "baseline"
_ORDERS = {
    "allies_first": "allies first",
    "allies_last": "all others first",
    "law": "by law and contract",
    "stages": "by a table of stages",
    "alike": "nobody first",
}

# countries and groups that a sentence names one by one
FEW = 3
# best first
_QUALITIES = (GIVEN, *QUALITIES, NOT_STATED, NOT_ASSESSED)
SUMMED = [
    *("demand_tpa", "served_tpa", "shortfall_tpa", ENDS["allies_last"]),
    *("demand_low_tpa", "shortfall_low_tpa", "demand_high_tpa", "shortfall_high_tpa"),
]
_NAMED = ["id", "label", "stage", "step", "site", "country", "region", "process", "operator", "capacity_tpa", "quality"]
Made = TypeVar("Made")


def once(make: Callable[..., Made]) -> Callable[..., Made]:
    """Make what a function of the facts returns once for a report, whoever asks for it."""

    @wraps(make)
    def made(facts: Facts, *args: Any) -> Made:
        if (make, args) not in facts.made:
            facts.made[make, args] = make(facts, *args)
        found: Made = facts.made[make, args]
        return found

    return made


class Facts:
    """Looks into an assessment.

    Parameters
    ----------
    assessment : Assessment
    """

    def __init__(self, assessment: Assessment) -> None:
        self.a = assessment
        self.network = assessment.network
        self.settings: dict[str, Any] = assessment.provenance["settings"]
        self.made: dict[Any, Any] = {}  # what ``once`` keeps

    @property
    def horizon(self) -> int:
        """Months of the answers over time."""
        return int(self.settings["months"])

    # -- who and what counts --------------------------------------------------------------------

    @property
    def order(self) -> str:
        """Who is served first, in words."""
        return _ORDERS[str(self.settings.get("order", "allies_first"))]

    @property
    def lead_words(self) -> str:
        """The tier of the first finding, as a table is headed."""
        return f"{Who(self.a.findings[0].tier)}"

    @cached_property
    def tiers(self) -> list[Who]:
        """Tiers with counted demand, first served first."""
        return [Who(tier) for tier in dict.fromkeys(self.summary["tier"])]

    @cached_property
    def has_first(self) -> bool:
        """Whether somebody asks in the first tier."""
        return self.network.tier_order[0] in self.tiers

    @property
    def first(self) -> Who:
        """The tier on which the report rests: the first one, or all of them."""
        return Who(self.network.tier_order[0]) if self.has_first else ALL_TIERS

    @cached_property
    def summary(self) -> pd.DataFrame:
        """``stress.summary`` with scenario and tier as columns."""
        return Who.named(settled(self.a.stress.summary.reset_index()))

    @cached_property
    def users(self) -> pd.DataFrame:
        """``stress.nodes`` with its index as columns."""
        return Who.named(settled(self.a.stress.nodes.reset_index()))

    @cached_property
    def layers(self) -> pd.DataFrame:
        """``layers`` with layer and tier as columns."""
        return Who.named(self.a.layers.reset_index())

    @cached_property
    def leading(self) -> pd.DataFrame:
        """The summary of the leading tier (of all, where nobody asks in the first), by scenario."""
        table = self.summary
        if self.has_first:
            return table[table["tier"] == self.first].set_index("scenario")
        return self.whole

    @cached_property
    def whole(self) -> pd.DataFrame:
        """The summary over all tiers, by scenario; their tonnes are on one basis."""
        return self.summary.groupby("scenario", sort=False)[SUMMED].sum(min_count=1)

    def lacks(self, scenario: str) -> float:
        """Return what the leading tier lacks under a scenario, t/yr."""
        return float(self.leading["shortfall_tpa"][scenario])

    @cached_property
    def ordered(self) -> list[str]:
        """Scenarios, worst first: by shortfall of the leading tier, then of all tiers, then by name."""
        names, whole = [name for name in self.leading.index if name != BASELINE], self.whole["shortfall_tpa"]
        return sorted(names, key=lambda n: (-round(self.lacks(n), 6), -round(float(whole[n]), 6), n))

    @property
    def when(self) -> str:
        """The scenario under which rerouting was asked, by name; the baseline if none was given."""
        return self.a.worst or BASELINE

    def scenario_label(self, name: str) -> str:
        """Return a scenario in words."""
        if name == BASELINE:
            return "Baseline: no measure"
        return self._labels[name]

    @cached_property
    def _labels(self) -> dict[str, str]:
        asked = {one.scenario.name: one.label for one in self.a.findings if one.scenario is not None}
        return {**self.a.findings[0].scenarios["label"], **asked, **self.a.scenarios["label"]}

    @property
    def worst_label(self) -> str:
        """The scenario under which rerouting was asked, in words."""
        return self.scenario_label(self.when)

    def quoted(self, name: str) -> str:
        """Return a scenario in words, quoted."""
        return f"“{self.scenario_label(name)}”"

    @cached_property
    def whose(self) -> str:
        """Whose demand counts, in the words of the data; empty where all of it does."""
        return ", ".join(country_name(word) for word in self._members)

    @cached_property
    def _members(self) -> list[str]:
        asked = self.settings["beneficiaries"] or []
        return [] if asked == "all" else [asked] if isinstance(asked, str) else list(asked)

    @cached_property
    def whose_members(self) -> str:
        """The countries and groups behind ``whose``; empty where the words say it already."""
        members = who(self._members, self.network.groups_known) if self._members else ""
        return "" if members == self.whose else members

    @property
    def people(self) -> str:
        """Whose demand counts, as it stands in a sentence: the countries where they are few; empty where all counts."""
        members = self.whose_members or self.whose
        return members if members.count(", ") < FEW else titled(self.whose)

    @property
    def whose_words(self) -> str:
        """Whose demand counts, as a sentence."""
        if not self.whose:
            return "All demand counts."
        return f"Counted: demand of {self.whose}{f' ({self.whose_members})' if self.whose_members else ''}."

    @cached_property
    def counted(self) -> list[str]:
        """Commodities whose tonnes count."""
        asked = self.settings["commodity"]
        if asked == "all":
            return []
        return [asked] if isinstance(asked, str) else list(asked or [])

    def commodity(self, name: Any) -> str:
        """Return a commodity's name for people; empty where it has none."""
        return self.network.good(name)

    @cached_property
    def basis(self) -> str:
        """What a counted tonne counts, without the t; empty where nothing is said."""
        return self.network.basis(self.counted)

    @property
    def unit(self) -> str:
        """Unit of every counted tonne."""
        return f"t/yr {self.basis}".strip()

    # -- names ----------------------------------------------------------------------------------

    @cached_property
    def things(self) -> pd.DataFrame:
        """Nodes and projects by id: label, step, stage, site, place, country, operator, output, share of step."""
        network = self.network
        both = network.plants[_NAMED].set_index("id")
        both["label"], both["step"] = network.labels, network.steps.map(step_words)
        both["place"] = network.places.map(country_name, na_action="ignore").astype(object).fillna(NO_DATA)
        both["output_tpa"] = network.baseline.reindex(both.index)
        recipes = network.processes
        main = recipes[recipes["role"] == "output"].set_index("process")["commodity"]
        both["made"] = both["process"].map(main).astype(object).fillna("")
        whole = both.groupby(["step", "made"])["output_tpa"].transform("sum")
        both["step_share"] = (both["output_tpa"] / whole.where(whole > 0)).fillna(0.0)
        return both

    def holder(self, code: str) -> str:
        """Return the code of a holder; a group beside countries of its own stands for its other countries."""
        members = self.network.groups_known.get(code, frozenset())
        return f"other {code}" if any(self.is_place(member) for member in members) else code

    def label(self, name: str) -> str:
        """Return the label of a node or project, or its id."""
        return str(self.things.loc[name, "label"]) if name in self.things.index else str(name)

    def input_label(self, row: Any) -> str:
        """Return the name of an input that binds; of a relation, those of its ends."""
        if isinstance(row["label"], str):
            return str(row["label"])
        return " to ".join(self.label(end) for end in str(row["id"]).split(" -> "))

    @cached_property
    def stand_ins(self) -> dict[str, str]:
        """Names in scripts that the fonts lack -> ids."""
        pairs = {str(i): str(label) for i, label in self.things["label"].items()}
        pairs |= {name: self.commodity(name) for name in self.network.commodities["id"]}
        pairs |= {str(name): str(label) for name, label in self.a.scenarios["label"].items()}
        return stand_ins(pairs | {self.network.name: self.network.label})

    def drawn(self, text: Any, width: int = 0) -> str:
        """Return a name as a figure can show it, cut at ``width`` letters; 0 = not cut."""
        return drawable(short_label(str(text), width) if width else str(text), self.stand_ins)

    def members(self, site: str) -> list[str]:
        """Return the nodes of a site."""
        nodes = self.network.view("nodes")
        return list(nodes["id"][site_of(nodes) == site])

    @cached_property
    def _ours(self) -> set[str]:
        nodes = self.network.nodes
        return (
            set(nodes["id"][self.network.in_countries(nodes, self._members, "beneficiaries")])
            if self._members
            else set()
        )

    def is_ours(self, site: str) -> bool:
        """Whether any part of a site lies with those whose demand counts; never where all demand counts."""
        return any(member in self._ours for member in self.members(site))

    def stands_for_several(self, site: str) -> bool:
        """Whether a site may be several plants."""
        return bool(self.members(site)) and several_plants(self.network).issuperset(self.members(site))

    def place_of_step(self, name: str) -> int:
        """Return where a step of the coverage stands in the chain; it may bear its good behind a colon."""
        step = name.partition(": ")[0].replace("_", " ")
        chain = self.network.chain
        return chain.index(step) if step in chain else len(chain)

    # -- shares, losses and trust -------------------------------------------------------------------

    @cached_property
    def inner_goods(self) -> set[tuple[str, str]]:
        """Goods of a step that are mostly used in the step itself: what leaves it says little of who holds them."""
        edges = self.network.edges
        step = self.things["step"]
        table = pd.DataFrame({"step": edges["source"].map(step), "to": edges["target"].map(step)})
        table = table.assign(commodity=edges["commodity"].fillna(""), t=edges["flow_tpa"].fillna(0.0))
        whole = table.groupby(["step", "commodity"])["t"].sum()
        stays = table[table["step"] == table["to"]].groupby(["step", "commodity"])["t"].sum().reindex(whole.index)
        return {(str(s), str(c)) for s, c in whole.index[(stays.fillna(0.0) > whole / 2).to_numpy()]}

    def is_place(self, code: Any) -> bool:
        """Whether a holder is a country of the data, not what remains of a region."""
        return isinstance(code, str) and code in set(self.network.nodes["country"].dropna())

    def losses(self, by: str) -> pd.DataFrame:
        """Return what a removal costs the leading tier and all tiers, worst first; by site also with others first."""
        every, first = self.a.chokepoints[by], self.a.first_tier[by]
        table = every.copy()
        table["first_lost_tpa"] = first["lost_tpa"].reindex(table.index)
        table["first_lost_share"] = first["lost_share"].reindex(table.index)
        for part in ("", "first_"):
            nothing = table[f"{part}lost_share"].abs() <= PRINTED
            table.loc[nothing, [f"{part}lost_tpa", f"{part}lost_share"]] = 0.0
        keys = ["lost_tpa", "first_lost_tpa"] if self.lead_loss == "first_lost_tpa" else ["first_lost_tpa", "lost_tpa"]
        return table.iloc[np.lexsort((table.index.map(str), *(-_rounded(table[key]) for key in keys)))]

    def by_place(self, scenario: str) -> pd.DataFrame:
        """Return demand, served and short under a scenario by tier and country or region, most short first."""
        table = self.users[self.users["scenario"] == scenario]
        table = table.assign(place=table["node"].map(self.things["place"]))
        columns = ["demand_tpa", "served_tpa", "shortfall_tpa"]
        found = table.groupby(["tier", "place"], sort=True)[columns].sum().reset_index()
        rank = found["tier"].map({tier: i for i, tier in enumerate(self.tiers)})
        return found.iloc[np.lexsort((found["place"], -found["shortfall_tpa"].round(6), rank))]

    @cached_property
    def lead_loss(self) -> str:
        """Column by which removals are ranked: the leading tier's loss, all tiers' where nothing abroad costs it any.

        A reader asks what others can take away: what lies with those who count does not decide.
        """
        if not self.has_first:
            return "lost_tpa"
        sites = self.a.first_tier["site"]["lost_share"]
        costly = sites.index[sites > PRINTED]
        abroad = any(not self.is_ours(str(site)) for site in costly)
        steps = self.a.findings[0].answers.lost(str(self.first))["lost_tpa"]
        return "first_lost_tpa" if abroad or (steps > 0).any() else "lost_tpa"

    @property
    def lead_tier(self) -> Who:
        """Whose loss ranks the removals, in words."""
        return self.first if self.lead_loss == "first_lost_tpa" else ALL_TIERS

    @property
    def rests_words(self) -> str:
        """On what the answer rests in the worst scenario: how the weakest of these inputs is known, how many are so."""
        return rests_words(rest_of(self.a.limiting))

    def standing(self, *tables: pd.DataFrame, status: str = CHECKED) -> dict[str, Any]:
        """Return what a table bears: status, weakest quality and sources of the inputs that result tables name."""
        rests = [origin_of(t)["rests_on"] for t in tables if origin_of(t)]
        return {"status": status, **_joined(rests)}

    def scenario_standing(self, name: str) -> dict[str, Any]:
        """Return the same for the long run of a scenario."""
        return {"status": CHECKED, **_joined([fact_of(self.a.stress.summary, "rests_on")[name]])}


def nil(values: pd.Series, size: Any) -> pd.Series:
    """Return amounts in which what is not shown of ``size`` is zero."""
    return values.mask(values.abs() <= PRINTED * size, 0.0)


def settled(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of who is served in which what a solve cannot tell from zero, or from all, is just that."""
    out = table.copy()
    for part in ("", "_after", "_before", "_low", "_high"):
        short = f"shortfall{part}_tpa"
        if short not in out.columns:
            continue
        out[short] = nil(out[short], out[f"demand{part}_tpa" if part in ("_low", "_high") else "demand_tpa"])
    nothing = out["shortfall_tpa"] == 0.0
    out["served_tpa"] = nil(out["served_tpa"].mask(nothing, out["demand_tpa"]), out["demand_tpa"])
    if "gained_tpa" in out.columns:
        out["gained_tpa"] = nil(out["gained_tpa"], out["demand_tpa"])
    if "value_musd" in out.columns:
        out["value_musd"] = out["value_musd"].mask(nothing & out["value_musd"].notna(), 0.0)
    return out


def _joined(rests: list[dict[str, Any]]) -> dict[str, Any]:
    sources = sorted({key for rest in rests for key in rest["references"]})
    quality = max((rest["quality"] for rest in rests), key=_QUALITIES.index, default=NOT_ASSESSED)
    return {"inputs": quality, "reference": "; ".join(sources)}


def _rounded(values: pd.Series) -> Any:
    """Return losses rounded so far that ties are ties."""
    found = values.to_numpy(dtype=float)
    return np.round(found, 6 - int(np.ceil(np.log10(max(float(np.abs(found).max(initial=0.0)), 1.0)))))
