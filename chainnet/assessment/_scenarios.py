"""The scenarios of a chain side by side: what is in force, what may return, the worst, the others."""

from __future__ import annotations

import pandas as pd

from chainnet.assessment._answers import Answers
from chainnet.scenario import Scenario, in_force, standing_of

MOST = 7  # scenarios that are compared


def compared(answers: Answers, worst: Scenario | None, tier: str) -> pd.DataFrame:
    """Return what each scenario leaves short of each tier once new suppliers are qualified.

    Parameters
    ----------
    answers : Answers
    worst : Scenario or None
        That of the finding.
    tier : str
        By what is due of it the others are ordered.

    Returns
    -------
    DataFrame, index scenario
        which (in force, may return, next, worst, other), label, state, and a column due_share:TIER for each tier;
        in this order, at most seven.
    """
    now, returns = in_force(answers.network), in_force(answers.network, returns=True)
    listed = [("in force", now)] if now.measures else []
    if returns.measures and returns.measures != now.measures:
        listed.append(("may return", returns))
    others = [one for name, one in answers.asked.items() if worst is None or name != worst.name]
    begins = {one.name: standing_of(answers.network, one).words for one in others}
    coming = sorted((one for one in others if begins[one.name]), key=lambda one: (begins[one.name], one.name))
    listed += [("next", one) for one in coming[:1]]
    listed += [("worst", worst)] if worst is not None else []
    others = [one for one in others if one not in coming[:1]]
    due = {one.name: answers.due(one)["due_share"] for one in [*(one for _, one in listed), *others]}
    others.sort(key=lambda one: (-round(float(due[one.name][tier]), 6), one.name))
    listed += [("other", one) for one in others[: MOST - len(listed)]]
    rows = [
        {
            "scenario": one.name,
            "which": which,
            "label": one.label or one.name,
            "state": standing_of(answers.network, one).words,
            **{f"due_share:{name}": float(due[one.name][name]) for name in answers.tiers},
        }
        for which, one in listed
    ]
    columns = ["scenario", "which", "label", "state", *(f"due_share:{name}" for name in answers.tiers)]
    return pd.DataFrame(rows, columns=columns).set_index("scenario")
