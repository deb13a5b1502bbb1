"""What law and contract hold beside the stages: who is served at home first, and what output is bound to whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import INF, Bools
from chainnet.errors import DataError, Fault
from chainnet.flow._counting import Counting
from chainnet.lowering import Overlay, Restriction
from chainnet.network import Network, day_of, kept, last_day


def home_stages(counting: Counting, overlay: Overlay) -> list[tuple[str, str, Bools]]:
    """Return whom plants at home serve before anyone by law: country, name of the stage, rows of demand.

    That are the users in each country with an export rule in force, tier by tier, in what counts.
    """
    if counting.law is None or not overlay.home:
        return []
    tiers = [(name or "demand", counting.anyone & rows) for name, rows in counting.tiers.items()]
    lies = counting.places["country"]
    found = [
        (country, f"{name} at home in {country}", rows & (lies == country).to_numpy())
        for country in overlay.home
        for name, rows in tiers
    ]
    return [stage for stage in found if stage[2].any()]


def at_home(network: Network, overlay: Overlay, country: str) -> Overlay:
    """Return the overlay in which nothing stands but what lies in a country."""
    away = network.plants["country"].to_numpy(dtype=object) != country
    return overlay.times("nodes", np.flatnonzero(away), 0.0)


def under_contract(counting: Counting, overlay: Overlay) -> Overlay:
    """Return the overlay with the contracts in force, where the order is by law; they are its last restrictions."""
    bound = contracts_of(counting.network) if counting.law is not None else ()
    return replace(overlay, restrictions=overlay.restrictions + bound) if bound else overlay


def released(overlay: Overlay) -> Overlay:
    """Return the overlay with no contract in force, its restrictions in their places; itself where there is none."""
    if all(r.part is None for r in overlay.restrictions):
        return overlay
    free = (r if r.part is None else replace(r, bound_tpa=INF) for r in overlay.restrictions)
    return replace(overlay, restrictions=tuple(free))


def law_facts(counting: Counting, overlay: Overlay) -> dict[str, Any]:
    """Return what an answer by law says of itself beside its order: whose exports are held, who is under contract."""
    ids = counting.network.view("nodes")["id"].to_list() + counting.network.view("projects")["id"].to_list()
    bound = sorted({ids[int(np.flatnonzero(r.sources)[0])] for r in overlay.restrictions if r.part is not None})
    home = list(overlay.home) if counting.law is not None else []
    return {**({"home_first": home} if home else {}), **({"contracts": bound} if bound else {})}


@kept(1)
def contracts_of(network: Network) -> tuple[Restriction, ...]:
    """Return the contracts in force at the date at which a network stands, as bounds on what goes to other buyers.

    Raises
    ------
    DataError
        With every row whose supplier puts out no such good, or whose share cannot be found.
    """
    table, plants = network.view("contracts"), network.plants
    if table.empty:
        return ()
    as_of = network.as_of
    day = None if as_of is None else day_of(as_of)
    found, faults = list[Restriction](), list[Fault]()
    ids, edges = plants["id"], network.view("edges")
    size = plants.set_index("id")["capacity_tpa"]
    size = size.where(size.notna(), network.baseline.reindex(size.index))
    for line, row in enumerate(table.to_dict("records"), 2):
        said = {key: "" if pd.isna(value) else value for key, value in row.items()}
        supplier = str(said["supplier"])
        if said["binding"] == "none" or supplier not in size.index:
            continue
        if said["until"] and day is not None and last_day(str(said["until"])) < day:
            continue
        try:
            outside = ~network.in_countries(plants, [str(said["for"])], "contracts: for")
            good, per = _good(network, supplier, str(said["commodity"]))
            share = _share(said, float(size[supplier]) * per)
        except DataError as err:
            faults.append(Fault("contracts", line, "supplier", supplier, str(err), "Correct the row."))
            continue
        if share <= 0:
            continue
        out = (edges["source"] == supplier) & edges["target"].isin(set(ids[outside]))
        out &= edges["commodity"].fillna("") == good
        mine = (ids == supplier).to_numpy()
        found.append(Restriction(out.to_numpy(), 0.0, mine, outside, (good,), part=1.0 - share))
    if faults:
        raise DataError(faults=faults)
    return tuple(found)


def _good(network: Network, supplier: str, word: str) -> tuple[str, float]:
    """Return what of a supplier is bound, and how much of it there is per t of its main output."""
    plants, edges = network.plants.set_index("id"), network.view("edges")
    lines = network.view("processes")
    lines = lines[(lines["process"] == plants.loc[supplier, "process"]) & (lines["role"] != "input")]
    if len(lines):
        hit = lines[lines["commodity"].fillna("") == word] if word else lines[lines["role"] == "output"]
        if hit.empty:
            raise DataError(f'makes no "{word}". It makes: {", ".join(lines["commodity"].fillna(""))}.')
        return str(hit["commodity"].fillna("").iloc[0]), float(hit["t_per_t"].iloc[0])
    ships = sorted(set(edges.loc[edges["source"] == supplier, "commodity"].fillna("")))
    if word not in ships and (word or len(ships) != 1):
        raise DataError(f'ships no "{word}". It ships: {", ".join(ships) or "nothing"}.')
    return word or ships[0], 1.0


def _share(said: dict[Any, Any], size: float) -> float:
    """Return the part of the output that is bound."""
    if said["share"] != "":
        return float(said["share"])
    if not np.isfinite(size) or size <= 0:
        raise DataError("has a tonnage (tpa), but the size of its supplier is not known; give share")
    return min(1.0, float(said["tpa"]) / size)
