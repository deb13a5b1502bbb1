"""``find``: one finding, made once from solved answers; every format only shows it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet.assessment._answers import LEVELS, Answers
from chainnet.assessment._bottleneck import step_column
from chainnet.assessment._closing import Closing, closing
from chainnet.assessment._dependencies import dependencies
from chainnet.assessment._measures import Advice, advised, last_year, project_measures
from chainnet.assessment._passage import passage
from chainnet.assessment._plain import plain_values
from chainnet.assessment._scenarios import compared
from chainnet.doubt import KeyAssumptions, class_of
from chainnet.engine import CERTAIN, LEAST_SIZE
from chainnet.flow import Kept, balance_under
from chainnet.hindsight import track_line
from chainnet.network import Network
from chainnet.results import provenance, stamp
from chainnet.scenario import (
    Scenario,
    overlay_of,
    standing_of,
)
from chainnet.stress import YEAR, is_short
from chainnet.words import ORDER_WORDS, Claims, Narrow, Other, Shortfall, Who, inside, percent, place_words, vintage

Restriction = Literal["in force", "may return", "worst", "asked"]


@dataclass(frozen=True, eq=False, repr=False)
class Finding:
    """Who is short under a scenario, when, where it breaks, what helps, how sure that is.

    Each part is solved when it is first asked for. All shares and tonnes are *due*: short under the scenario less
    short without it, judged alike.

    Parameters
    ----------
    answers : Answers
        What is known of the chain.
    scenario : Scenario or None
        None = the baseline, to which nothing is due.
    tier : str
        Whose shortfall; "all tiers" where the demand names none.
    restriction : {"worst", "in force", "may return", "asked"}
        Why this scenario.

    See Also
    --------
    find, overview, key_assumptions
    """

    answers: Answers
    scenario: Scenario | None
    tier: str
    restriction: Restriction = "asked"

    # -- what is asked -----------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The chain."""
        return self.answers.network

    @property
    def label(self) -> str:
        """The scenario in words."""
        return "Nothing is restricted" if self.scenario is None else self.scenario.label or self.scenario.name

    @property
    def state(self) -> str:
        """The state of the rules of the scenario: in force, may return, begins DATE; "" of all others."""
        return "" if self.scenario is None else standing_of(self.network, self.scenario).words

    @cached_property
    def demand(self) -> dict[str, float]:
        """What the tier asks for, t/yr: tpa, low, high (NaN where no range is given)."""
        counting, rows = self.answers.counting, self.network.demand
        mine = counting.rows & self._is_mine
        low, high = (
            float(rows[end].fillna(rows["demand_tpa"])[mine].sum()) if rows.loc[mine, end].notna().any() else np.nan
            for end in ("low", "high")
        )
        return {"tpa": float(self.answers.wanted.to_dict()[self.tier]), "low": low, "high": high}

    @property
    def _is_mine(self) -> np.ndarray[Any, Any]:
        tier = self.answers.named(self.tier)
        if tier is None:
            return np.ones(len(self.network.demand), dtype=bool)
        return np.asarray((self.network.demand["tier"] == tier).to_numpy(dtype=bool))

    # -- who is short, and when --------------------------------------------------------------------

    @cached_property
    def assumptions(self) -> KeyAssumptions:
        """What the class of the tier's shortfall rests on."""
        return self.answers.assumptions(self.scenario).of(self.tier)

    @cached_property
    def later(self) -> dict[str, float]:
        """What is due once new suppliers are qualified: share, low, high, tpa."""
        ends = self.assumptions.range
        share, low, high = (float(ends[f"{end}_share"][self.tier]) for end in ("central", "low", "high"))
        return {"share": share, "low": low, "high": high, "tpa": share * self.demand["tpa"]}

    @property
    def later_ends(self) -> tuple[float, float]:
        """The least and the most of ``later`` as it is judged: they differ where who of several is served is open."""
        central = self.assumptions.central
        return float(central["due_low_share"][self.tier]), float(central["due_high_share"][self.tier])

    @property
    def said_ends(self) -> tuple[float, float]:
        """The range of ``later`` where it changes the class, or who of several is served is open; else its value."""
        share, low, high = (self.later[name] for name in ("share", "low", "high"))
        is_open = class_of(low) != class_of(high) or percent(self.later_ends[0]) != percent(self.later_ends[1])
        return (low, high) if is_open else (share, share)

    @cached_property
    def first_year(self) -> dict[str, float]:
        """What is due in the first twelve months: share, low, high, tpa.

        The range is over who is served first, rerouting and what users hold, one at a time.
        """
        central = self.first_year_share
        shares = [central, *self.answers.first_years(self.scenario, self.tier)]
        return {"share": central, "low": min(shares), "high": max(shares), "tpa": central * self.demand["tpa"]}

    @cached_property
    def first_year_share(self) -> float:
        """The central value of ``first_year``, which alone costs a tenth of its range."""
        return float(self.answers.first_year(self.scenario)["due_share"][self.tier])

    @property
    def already_share(self) -> float:
        """Short without any restriction, once new suppliers are qualified."""
        return float(self.assumptions.range["already_share"][self.tier])

    @property
    def last_share(self) -> float:
        """What is due later if allies are served last, a stress test and no part of the range."""
        return float(self.assumptions.range["last_share"][self.tier])

    @property
    def is_worse_last(self) -> bool:
        """Whether ``last_share`` is of a worse class than what is due later."""
        later = self.later["share"]
        return self.last_share > later and class_of(self.last_share) != class_of(later)

    @cached_property
    def certain(self) -> bool:
        """Whether a class can be said; see ``KeyAssumptions.certain``."""
        return self.assumptions.certain

    @cached_property
    def is_met(self) -> bool:
        """Whether less than 1 % is due, in the first year and later, and that can be said."""
        return self.certain and class_of(max(self.later["share"], self.first_year_share)) == "met"

    @property
    def decides(self) -> tuple[str, ...]:
        """What alone changes the class, in words, at most three."""
        return self.assumptions.decides

    @property
    def firmness(self) -> dict[str, bool]:
        """Whether no variation of a kind changes the class: order, rerouting, demand, plants, links."""
        return {str(name): bool(firm) for name, firm in self.assumptions.firmness.items()}

    @cached_property
    def first_month(self) -> float:
        """The first month with more than 1 % due, counted from the first measure; NaN = none.

        Looked for in the first twelve months, and beyond them where the tier is short once new suppliers are
        qualified; there it is the first month of a half-year.
        """
        early = float(self.answers.first_year(self.scenario)["first_month"][self.tier])
        if early == early or class_of(self.later["share"]) == "met":
            return early
        return self.answers.first_month(self.scenario, self.tier)

    @cached_property
    def stock_ends(self) -> dict[str, float]:
        """The first month with all stocks at the low and at the high end of their ranges; NaN = none."""
        return {
            f"first_month_{end}_stocks": self.answers.first_month_with_stocks(self.scenario, self.tier, end)
            for end in ("low", "high")
        }

    @property
    def stocks_sentence(self) -> str:
        """From when the tier is short at either end of what is in store; "" where no time is said or it stays."""
        if self.is_met or not self.certain:
            return ""
        return self.claims.with_stocks(*self.stock_ends.values())

    @property
    def when_words(self) -> str:
        """How the month of the title was found; "" where none is said, or a half-year is."""
        if self.is_met or not self.certain or not self.first_month <= YEAR:
            return ""
        return (
            f"the month is that of the plan with the fewest tonnes short in the first year. Over {self.answers.months} "
            "months the fewest tonnes may begin sooner: see the stress test."
        )

    @cached_property
    def months(self) -> pd.DataFrame:
        """What is due month by month, without foresight, index month; in half-years after the first year."""
        table = self.answers.months_of(self.scenario, self.tier)
        mine = table[table.index.get_level_values("tier") == self.tier]
        return mine.droplevel("tier")

    @cached_property
    def when(self) -> dict[str, float]:
        """When the tier is short, in months from the first measure; NaN = not within the horizon.

        first_month, survive_months (those before it; inf = never short), worst_month, back_month (the first after the
        last short one; inf = not within the horizon).
        """
        table = self.months
        share = table["due_t"] / table["demand_t"]
        late = table.index[is_short(table)]
        first = self.answers.first_month(self.scenario, self.tier)
        if first != first:
            return {"first_month": np.nan, "survive_months": np.inf, "worst_month": np.nan, "back_month": np.nan}
        last = float(late.to_numpy()[-1]) if len(late) else first
        after = table.index[table.index > last]
        return {
            "first_month": first,
            "survive_months": first - 1.0,
            "worst_month": float(share.index.to_numpy()[share.to_numpy().argmax()]),
            "back_month": float(after.to_numpy()[0]) if len(after) else np.inf,
        }

    @cached_property
    def others(self) -> tuple[Finding, ...]:
        """The findings of the other tiers, in their order."""
        return tuple(
            Finding(self.answers, self.scenario, tier, self.restriction)
            for tier in self.answers.tiers
            if tier != self.tier
        )

    # -- where it breaks ---------------------------------------------------------------------------

    @cached_property
    def bottleneck(self) -> dict[str, Any]:
        """The step of a country abroad whose stop costs the tier most, in the baseline, if it and allies come first.

        step, country, share_made, lost_tpa, lost_share, ties (pairs of step and country that cost as much); of these
        the one leads whose goods are the scarcest under the scenario, then that with most of its step. Blank where no
        step abroad costs anything.
        """
        table = self.answers.lost(self.answers.named(self.tier))
        tied = table[(table["lost_share"] > CERTAIN) & (table["lost_share"] >= table["lost_share"].max() - CERTAIN)]
        if tied.empty:
            return {"step": "", "country": "", "share_made": np.nan, "lost_tpa": 0.0, "lost_share": 0.0, "ties": []}
        if len(tied) > 1:
            scarce = pd.Series([self._scarcity(str(step)) for step, _ in tied.index], index=tied.index)
            tied = tied.loc[scarce.round(9).sort_values(ascending=False, kind="stable").index]
        (step, country), *others = [(str(step), str(country)) for step, country in tied.index]
        row = tied.iloc[0]
        return {
            "step": step,
            "country": country,
            "share_made": float(row["share"]),
            "lost_tpa": float(row["lost_tpa"]),
            "lost_share": float(row["lost_share"]),
            "ties": [list(other) for other in others],
        }

    def _scarcity(self, step: str) -> float:
        """Return the largest share that is short of the goods that a step makes."""
        nodes, made = self.network.nodes, self.network.processes
        processes = set(nodes.loc[nodes[step_column(self.network)] == step, "process"].dropna())
        goods = set(made.loc[made["process"].isin(processes) & (made["role"] == "output"), "commodity"])
        return max((one["share"] for one in self.products if one["commodity"] in goods), default=0.0)

    @cached_property
    def products(self) -> tuple[dict[str, Any], ...]:
        """What is short by good, once new suppliers are qualified: commodity, demand_tpa, share; the scarcest first."""
        counting = self.answers.counting
        mine = counting.rows & self._is_mine
        short, calm = (
            balance_under(counting, overlay_of(self.network, scenario), "new", with_links=False).demand["shortfall_tpa"]
            for scenario in (self.scenario, None)
        )
        rows = self.network.demand.assign(due=(short - calm).to_numpy())[mine]
        table = rows.groupby(rows["commodity"].fillna(""))[["demand_tpa", "due"]].sum()
        share = (table["due"] / table["demand_tpa"].clip(lower=LEAST_SIZE)).clip(lower=0.0)
        share = share.mask(share <= CERTAIN, 0.0)
        ordered = sorted(share.items(), key=lambda item: (-round(float(item[1]), 9), str(item[0])))
        return tuple(
            {"commodity": str(name), "demand_tpa": float(table.loc[name, "demand_tpa"]), "share": float(value)}
            for name, value in ordered
        )

    @cached_property
    def passage(self) -> pd.DataFrame:
        """What of the tier's demand passes each step and arrives, and what is lost of it; see ``passage``."""
        narrow, mine = (self.bottleneck["step"], self.bottleneck["country"]), self.answers.counting.rows & self._is_mine
        return stamp(passage(self.answers.counting, mine, self.scenario, narrow), self.provenance)

    @property
    def arrives_tpa(self) -> float:
        """What the tier gets under the scenario, once new suppliers are qualified."""
        return float(self.passage.loc[self.passage["to_step"] == "", "arrives_tpa"].sum())

    @cached_property
    def scenarios(self) -> pd.DataFrame:
        """What each scenario of the chain leaves short; see ``compared``."""
        return compared(self.answers, self.scenario, self.tier)

    # -- what helps --------------------------------------------------------------------------------

    @cached_property
    def levels(self) -> pd.DataFrame:
        """What stays short after each level of response, each with those before it.

        Index level: share and tpa in the order of the finding, first_share and last_share with allies served first
        and last. *new suppliers* is the number of the title.
        """
        orders: dict[str, Kept | None] = {"share": None, "first_share": "allies_first", "last_share": "allies_last"}
        flows = self.network.edges["flow_tpa"]
        known = flows.notna().any()
        rows = {
            level: {
                name: float(self.answers.due(self.scenario, level, order)["due_share"][self.tier])
                for name, order in orders.items()
            }
            for level in LEVELS
            if known or level != "no rerouting"
        }
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("level")
        return stamp(table.assign(tpa=table["share"] * self.demand["tpa"]), self.provenance)

    @property
    def range_sentence(self) -> str:
        """The range of what is short later, over the judgements one at a time; "" where they move nothing."""
        return self.claims.judged

    @property
    def levels_words(self) -> str:
        """How the columns of ``levels`` are read."""
        return (
            f"part of {Who.of(self.tier).demand} that is short in a steady year, due to the scenario. "
            f"share, tpa: {ORDER_WORDS[self.answers.counting.order_name]}. first_share, last_share: allies served "
            "first and last, an order of service and no time. Stocks count from the row stocks on, for one year."
        )

    @cached_property
    def advice(self) -> tuple[Advice, ...]:
        """What to do, the cheapest level first; empty where the tier is met."""
        return advised(self.answers, self.scenario, self.tier)

    @cached_property
    def measures(self) -> pd.DataFrame:
        """What each project alone avoids, with new suppliers; see ``project_measures``."""
        return project_measures(self.answers, self.scenario, self.tier)

    @property
    def projects_words(self) -> str:
        """How the rows of ``measures`` are read."""
        year = last_year(self.network)
        at_size = "" if year is None else f", at its size in {year}"
        return f"what each project alone avoids of that once new suppliers are qualified, without stocks{at_size}."

    @cached_property
    def closed_by(self) -> Closing:
        """What leaves the tier without shortfall, and from which year."""
        place = self.answers.place(self.tier)
        central = self.assumptions.central.iloc[0]
        return closing(self.answers.counting, self.scenario, central, place)

    # -- what it depends on ------------------------------------------------------------------------

    @cached_property
    def depends_on(self) -> tuple[dict[str, Any], ...]:
        """What alone makes another class of the shortfall, or another bottleneck; see ``dependencies``."""
        narrow = (self.bottleneck["step"], self.bottleneck["country"])
        return dependencies(self.answers, self.assumptions.table, self.tier, narrow)

    # -- in words ----------------------------------------------------------------------------------

    @cached_property
    def claims(self) -> Claims:
        """The finding as ``words`` says it."""
        narrow, short = self.bottleneck, [one["commodity"] for one in self.products if one["share"] > 0]
        is_one = len(short) == 1 and len(self.products) > 1 and not self.is_met
        return Claims(
            label=self.label,
            tier=self.tier,
            is_allied=bool(self.answers.counting.whose),
            shortfall=Shortfall(
                first_year=self.first_year_share,
                later=self.later["share"],
                low=self.later["low"],
                high=self.later["high"],
                already=self.already_share,
                is_met=self.is_met,
                is_certain=self.certain,
                last=self.last_share,
                is_worse_last=self.is_worse_last,
                decided=self.assumptions.decides_ends,
            ),
            decides=self.decides,
            good=inside(self.network.good(short[0])) if is_one else "",
            first_month=self.first_month,
            narrow=Narrow(
                place_words(narrow["step"], narrow["country"]),
                narrow["lost_tpa"],
                len(narrow["ties"]),
            ),
        )

    def _beside(self, one: Finding) -> Other:
        """Return the finding of another tier as it stands beside this one."""
        first, early = self.first_month, float(self.answers.first_year(self.scenario)["first_month"][one.tier])
        return Other(
            *(one.tier, one.is_met, one.certain, one.said_ends, one.first_year_share),
            is_met_last=not one.is_worse_last,
            # a tier with no first month is short in none that was looked at
            is_sooner=early < first or (early == early and first != first),
        )

    @cached_property
    def title(self) -> str:
        """The verdict, in one sentence."""
        return self.claims.title

    @property
    def sentences(self) -> list[str]:
        """Four sentences: who is short and when, where it breaks, what to do, how sure that is."""
        return list(self._sentences)

    @cached_property
    def _sentences(self) -> list[str]:
        return [
            self.claims.who([self._beside(one) for one in self.others]),
            self.claims.where,
            self.claims.what([asdict(one) for one in self.advice]),
            self.claims.how_sure(self.firmness),
        ]

    @property
    def track_record(self) -> str:
        """How past rules of this kind were forecast, from scores that are kept."""
        return track_line(self.network.name, self.scenario.measures if self.scenario else ())

    def to_dict(self, brief: bool = False) -> dict[str, Any]:
        """Return the whole finding as plain values; what is not known is None, what has no end is a word.

        With ``brief`` what costs most to solve is left out: the range of the first year, the months, goods, levels,
        and what the verdict depends on.
        """
        firm, network = self.firmness, self.network
        year = {"share": self.first_year_share} if brief else self.first_year
        found: dict[str, Any] = {
            "chain": network.name,
            "as_of": network.as_of,
            "base_year": network.base_year,
            "vintage": vintage(network),
            "digest": network.digest,
            "scenario": self.scenario.name if self.scenario else "",
            "scenario_label": self.label,
            "state": self.state,
            "restriction": self.restriction,
            "beneficiaries": list(self.answers.counting.whose) or "all",
            "order": self.answers.counting.order_name,
            "tier": str(self.tier),
            "other_tiers": [
                {
                    "tier": str(one.tier),
                    "met": one.is_met,
                    "certain": one.certain,
                    "first_year_share": one.first_year_share,
                    "later_share": one.later["share"],
                }
                | {f"later_{end}_share": one.later[end] for end in ("low", "high")}
                for one in self.others
            ],
            "title": self.title,
            "sentences": self.sentences,
            "demand_tpa": self.demand["tpa"],
            "demand_low_tpa": self.demand["low"],
            "demand_high_tpa": self.demand["high"],
            "shortfall": {
                "first_year": year,
                "later": self.later,
                "already_share": self.already_share,
                "last_share": self.last_share,
                "class": str(self.assumptions.central.loc[self.tier, "class"]),
                "certain": self.certain,
                "decides": list(self.decides),
            },
            "bottleneck": self.bottleneck,
            "advice": [asdict(one) for one in self.advice],
            "firmness": firm,
            "track_record": self.track_record,
        }
        if not brief:
            found |= {
                "when": self.when | self.stock_ends,
                "horizon": self.answers.months,
                "months": self.months.reset_index().to_dict("records"),
                "products": list(self.products),
                "arrives_tpa": self.arrives_tpa,
                "passage": self.passage.to_dict("records"),
                "scenarios": self.scenarios.reset_index().to_dict("records"),
                "measures": self.measures.to_dict("records"),
                "levels": self.levels.reset_index().to_dict("records"),
                "depends_on": list(self.depends_on),
            }
        plain: dict[str, Any] = plain_values(found)
        return plain

    def in_brief(self) -> dict[str, Any]:
        """Return as plain values what takes no minute: whose finding it is, what is due later, where it breaks."""
        network, later = self.network, {name: self.later[name] for name in ("share", "tpa")}
        found = {
            "chain": network.name,
            "as_of": network.as_of,
            "base_year": network.base_year,
            "vintage": vintage(network),
            "scenario": self.scenario.name if self.scenario else "",
            "scenario_label": self.label,
            "beneficiaries": list(self.answers.counting.whose) or "all",
            "order": self.answers.counting.order_name,
            "tier": str(self.tier),
            "demand_tpa": self.demand["tpa"],
            "shortfall": {"later": later, "certain": self.certain},
            "bottleneck": self.bottleneck,
        }
        plain: dict[str, Any] = plain_values(found)
        return plain

    @staticmethod
    def schema() -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of ``to_dict()``; what brief records leave out is optional in it."""
        text = files("chainnet.assessment").joinpath("finding.schema.json").read_text(encoding="utf-8")
        return dict(json.loads(text))

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the finding comes from."""
        name = self.scenario.name if self.scenario else ""
        settings = {**self.answers.counting.settings, "scenario": name, "tier": str(self.tier)}
        return provenance(self.network, "HiGHS simplex", **settings, months=self.answers.months)

    def __repr__(self) -> str:
        return f"<Finding of {self.network.name}: {self.title}>"

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<li>{escape(one)}</li>" for one in self.sentences)
        return f"<p><b>{escape(self.title)}</b></p><ul>{said}</ul>"
