"""Licences: phases that touch end to end, by destination, and what a static answer takes of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.flow import Counting, balance_under
from chainnet.reporting.facts import Facts
from chainnet.reporting.measures import measure_rows
from chainnet.scenario import overlay_of

CHN = {"country": "CHN"}
PROFILE = [{"months": 2, "share": 0.0}, {"months": 0, "share": 0.9}, {"months": 3, "share": 0.3}, {"share": 0.5}]


def scn(*measures: dict[str, Any], **more: Any) -> cn.Scenario:
    return cn.Scenario("s", measures, **more)


def licence(**keys: Any) -> dict[str, Any]:
    return {"kind": "licence", "from": CHN, **keys}


def restrict(**keys: Any) -> dict[str, Any]:
    return {"kind": "restrict", "from": CHN, **keys}


def two_buyers(**tables: Any) -> cn.Network:
    """A pit in China that ships 12 t/yr each to Germany and Japan, and 24 t/yr to its own users."""
    return cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["pit", "u_chn", "u_deu", "u_jpn"],
                "stage": ["mine", "end_use", "end_use", "end_use"],
                "country": ["CHN", "CHN", "DEU", "JPN"],
            }
        ),
        edges=pd.DataFrame(
            {
                "source": ["pit"] * 3,
                "target": ["u_chn", "u_deu", "u_jpn"],
                "commodity": ["ga"] * 3,
                "capacity_tpa": [48.0] * 3,
                "flow_tpa": [24.0, 12.0, 12.0],
            }
        ),
        demand=pd.DataFrame(
            {
                "node": ["u_chn", "u_deu", "u_jpn"],
                "commodity": ["ga"] * 3,
                "tier": ["civilian"] * 3,
                "demand_tpa": [24.0, 12.0, 12.0],
            }
        ),
        year=2024,
        name="two",
        **tables,
    )


def months_of(net: cn.Network, scenario: cn.Scenario, n: int = 12, **how: Any) -> pd.DataFrame:
    found = cn.stress_test(net, [scenario], months=n, **how).months
    mine = found[found["scenario"] == scenario.name]
    return mine.set_index(["month", "node", "tier"])[["shortfall_t", "shortfall_unforeseen_t"]]


@pytest.mark.parametrize("times", [{"start_month": 1}, {"start": "2025-03"}, {"start_month": 2, "months": 7}])
def test_a_licence_is_the_sequence_of_its_restrictions(times: dict[str, Any]) -> None:
    net = cn.read("mag-9")
    first = int(times.get("start_month", 2))
    last: dict[str, Any] = {"months": 2} if "months" in times else {}
    sequence = [
        restrict(share=0.0, start_month=first, months=2),
        restrict(share=0.3, start_month=first + 2, months=3),
        restrict(share=0.5, start_month=first + 5, **last),
    ]
    found = months_of(net, scn(licence(profile=PROFILE, **times)), start="2025-01")
    pd.testing.assert_frame_equal(found, months_of(net, scn(*sequence), start="2025-01"), rtol=0, atol=1e-9)
    assert found["shortfall_t"].groupby("month").sum().nunique() > 2


def test_a_static_answer_takes_the_lasting_phase() -> None:
    net = cn.read("mag-9")
    asked = [scn(licence(profile=PROFILE)), scn(licence(share=0.5)), scn(restrict(share=0.5))]
    short = [cn.balance(net, one).by_tier()["shortfall_tpa"].tolist() for one in asked]
    assert short[0] == short[1] == short[2] == pytest.approx([0.0, 0.0, 8.75])
    one = months_of(net, scn(licence(profile=[{"share": 0.5}])))
    pd.testing.assert_frame_equal(one, months_of(net, scn(restrict(share=0.5))), rtol=0, atol=1e-9)


def test_a_phase_that_is_over_is_no_measure_of_other_times() -> None:
    long_ago = scn(licence(profile=PROFILE, start="2024-01"))
    found = months_of(two_buyers(), long_ago)  # a warning would be an error
    pd.testing.assert_frame_equal(found, months_of(two_buyers(), scn(restrict(share=0.5))), rtol=0, atol=1e-9)


def test_destinations_that_differ() -> None:
    abroad = {"country": ["DEU", "JPN"]}
    asked = licence(
        to=abroad,
        profile=[{"months": 3, "share": 0.25}, {"share": 0.5}],
        by=[{"to": {"country": "JPN"}, "profile": [{"months": 1, "share": 0.0}, {"share": 0.75}]}],
    )
    found = months_of(two_buyers(), scn(asked), 4)["shortfall_t"].groupby("node").agg(list)
    assert found["u_chn"] == [0.0] * 4
    # of 1 t a month
    assert found["u_deu"] == pytest.approx([0.75, 0.75, 0.75, 0.5])
    assert found["u_jpn"] == pytest.approx([1.0, 0.25, 0.25, 0.25])
    only = scn({key: value for key, value in asked.items() if key != "profile"})
    short = cn.balance(two_buyers(), only).demand.set_index("node")["shortfall_tpa"]
    assert short.to_dict() == pytest.approx({"u_chn": 0.0, "u_deu": 0.0, "u_jpn": 3.0})


def test_groups_of_destinations_may_not_overlap() -> None:
    by = [{"to": {"country": words}, "profile": [{"share": 0.5}]} for words in (["JPN", "DEU"], "DEU")]
    with pytest.raises(cn.DataError, match=r'measures\[0\]: by\[1\]: "u_deu" is in an earlier group too'):
        cn.balance(two_buyers(), scn(licence(by=by)))


def test_severities_take_part_of_each_phase() -> None:
    by = [{"to": {"country": "JPN"}, "profile": [{"months": 1, "share": 0.2}, {"share": 0.6}]}]
    steps = scn(licence(profile=PROFILE, by=by)).severities(shares=(0.5,), months=(3,))
    (measure,) = steps["s.s50.m3"].measures
    assert [phase["share"] for phase in measure["profile"]] == [0.5, 0.95, 0.65, 0.75]
    assert [phase["share"] for phase in measure["by"][0]["profile"]] == [0.6, 0.8]
    assert measure["months"] == 3


def test_a_profile_and_its_numbers_may_be_parameters() -> None:
    numbers = {"wait": {"value": 2, "low": 0, "high": 6}, "later": {"value": 0.5, "low": 0.0, "high": 1.0}}
    asked = licence(profile=[{"months": "$wait", "share": 0.0}, {"share": "$later"}])
    one = scn(asked, parameters=numbers)
    assert one.with_parameters(wait=0).measures[0]["profile"][0]["months"] == 0
    assert [end.measures[0]["profile"][1]["share"] for end in one.ends().values()][-2:] == [0.0, 1.0]
    whole = scn(licence(profile="$phases"), parameters={"phases": [{"months": 1, "share": 0.0}, {"share": 0.25}]})
    assert whole.measures[0]["profile"][1] == {"share": 0.25}
    short = cn.balance(two_buyers(), whole).demand["shortfall_tpa"].sum()
    assert short == pytest.approx(0.75 * 48.0)


PHASES = "For example [{months = 3, share = 0.0}, {share = 0.5}]."
CHOSEN = "customs show what crosses a border, and their rows are chosen by it."


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, [f".profile: is missing. {PHASES}"]),
        ({"profile": []}, [f'.profile: "[]": must be a list of phases. {PHASES}']),
        ({"profile": [0.5]}, ['.profile[0]: "0.5": is no phase. Write {months = 3, share = 0.0}.']),
        (
            {"profile": [{"share": 0.5}, {"months": 0.5, "share": 0}, {"months": 0, "share": 1}, {"share": 1.0}]},
            [
                ".profile[0].months: must be a whole number, 0 or more. Say how long the phase lasts.",
                '.profile[1].months: "0.5": must be a whole number, 0 or more. Say how long the phase lasts.',
            ],
        ),
        (
            {"profile": [{"months": 2, "share": 0.5}]},
            ['.profile[0].months: "2": stands in the last phase. Leave it out: the last phase stays.'],
        ),
        (
            {"profile": [{"months": 2, "share": -0.5}, {"share": 1.5}]},
            [
                '.profile[0].share: "-0.5": must be from 0 to 1. Say what part of the flow is let out.',
                '.profile[1].share: "1.5": must be from 0 to 1. Say what part of the flow is let out.',
            ],
        ),
        (
            {"profile": [{"shar": 0.5}]},
            [
                '.profile[0].shar: unknown key of a phase; did you mean "share"? Known: months, share.',
                ".profile[0].share: must be from 0 to 1. Say what part of the flow is let out.",
            ],
        ),
        (
            {"profile": [{"share": 0.5}], "share": 0.5},
            ['.share: "0.5": stands beside profile. Keep one: one share is a profile of one phase.'],
        ),
        (
            {"by": [{"profile": [{"share": 0.5}]}]},
            ['.by[0].to: must map columns to a word or a list of words. For example {country = "JPN"}.'],
        ),
        (
            {"by": [{"to": CHN, "profile": [{"share": "controls"}]}]},
            [
                '.by[0].profile[0].share: "controls": stands in a profile by destination. Give this destination a '
                "licence of its own, with to: rows of customs are chosen by it."
            ],
        ),
        (
            {"by": ["JPN", {"to": CHN}]},
            [
                '.by[0]: "JPN": is no destination. Write {to = {country = "JPN"}, profile = [{share = 0.5}]}.',
                f".by[1].profile: must be a list of phases. {PHASES}",
            ],
        ),
        (
            {"by": []},
            [
                '.by: "[]": must be a list of destinations. '
                'For example [{to = {country = "JPN"}, profile = [{share = 0.5}]}].'
            ],
        ),
        (
            {"profile": [{"share": "controls"}]},
            [
                f'.{key}: is missing beside share = "controls". Say {need}: {CHOSEN}'
                for key, need in (("commodity", "of what"), ("rule", "its rule"), ("to", "to where"))
            ],
        ),
        (
            {"share": 0.5, "announced": "soon"},
            ['.announced: "soon": must be a day. Write the day in quotes, such as "2025-04-04", or its month.'],
        ),
        (
            {"share": 0.5, "announced": "2025-05-01", "start": "2025-04"},
            ['.announced: "2025-05-01": is after start, 2025-04. Correct one of the two.'],
        ),
    ],
)
def test_a_wrong_form_is_told(keys: dict[str, Any], told: list[str]) -> None:
    with pytest.raises(cn.DataError) as caught:
        scn(licence(**keys))
    assert [str(fault).removeprefix("scenario s, measures[0]") for fault in caught.value.faults_list] == told


def test_a_licence_may_be_announced_in_the_month_in_which_it_starts_and_is_for_no_tier() -> None:
    scn(licence(share=0.5, announced="2025-04-30", start="2025-04"))
    with pytest.raises(cn.DataError, match="unknown key of licence"):
        scn(licence(share=0.5, tier="defence"))


def test_a_phase_takes_its_share_from_customs() -> None:
    net = cn.read("gallium")
    goods = {"to": {"country": "G7"}, "commodity": ["ga_primary"], "rule": "chn_gage_2023"}
    phases = [{"months": 4, "share": 0.1}, {"share": "controls"}]
    asked = scn(licence(profile=phases, start="2023-08", **goods))
    customs, plain = scn(restrict(share="controls", **goods)), scn(restrict(share=0.9, **goods))
    answers = [balance_under(Counting.of(net), overlay_of(net, one)) for one in (asked, customs, plain)]
    short = [one.demand["shortfall_tpa"].sum() for one in answers]
    assert short[0] == pytest.approx(short[1])
    told = asked.with_shares(net)
    assert told.measures[0]["profile"] == [phases[0], {"share": told.parameters["share_ga_primary"]["value"]}]
    half = asked.severities(shares=(0.5,), months=(12,))["s.s50.m12"].measures[0]
    assert half["profile"] == [{"months": 4, "share": 0.55}, {"share": "controls"}]
    assert half["severity"] == 0.5


def test_words_of_a_licence() -> None:
    net = two_buyers()
    asked = licence(
        profile=PROFILE, by=[{"to": {"country": "JPN"}, "profile": [{"share": 0.0}]}], announced="2025-01-20",
        start="2025-03",
    )  # fmt: skip
    ((words, _),) = measure_rows(Facts(cn.assess(net)), scn(asked))
    part = "of the baseline flow"
    assert words.replace("\N{NO-BREAK SPACE}", " ") == (
        f"Licences on flow from China: none for 2 months, then at most 30 % {part} for 3 months, then at most 50 % {part}; "
        "to Japan: none, announced 2025-01-20, from Mar 2025"
    )


def test_an_announcement_is_known_before_it_is_in_force() -> None:
    """From a store that is filled at 1 t a month for 2 months nobody draws: the news comes in month 3, the stop in 5."""
    tables: dict[str, Any] = {
        "stocks": pd.DataFrame(
            {"id": ["s"], "node": ["u_deu"], "commodity": ["ga"], "stock_t": [0.0], "capacity_t": [9.0]}
        )
    }
    stop = {"to": {"country": "DEU"}, "profile": [{"months": 4, "share": 0.0}, {"share": 1.0}], "start": "2025-05"}
    silent = months_of(two_buyers(**tables), scn(licence(**stop)), rush="none")
    told = months_of(two_buyers(**tables), scn(licence(announced="2025-03-02", **stop)), rush="none")
    at = [(month, "u_deu", "civilian") for month in (5, 6, 7, 8, 9)]
    assert silent.loc[at, "shortfall_unforeseen_t"].tolist() == pytest.approx([1.0, 1.0, 1.0, 1.0, 0.0])
    # what can be stored in March and April: 4 - 1 t a month more than is used
    assert told.loc[at, "shortfall_unforeseen_t"].sum() == pytest.approx(0.0)
    assert silent.loc[at, "shortfall_t"].sum() == pytest.approx(0.0)
