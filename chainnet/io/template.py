"""A first graph of one's own: three steps, a user with three tiers, a project, law and contract, two scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from chainnet.errors import DataError
from chainnet.io.atomic import write_files
from chainnet.io.folder import folder_files
from chainnet.network import Network

_SCENARIO = """\
label = "The refinery stops"

[[measures]]
kind = "remove"
nodes = ["refinery_a"]
"""

_LICENCES = """\
label = "Licences for metal"

[[measures]]
kind = "restrict"
from = {country = "MYS"}
to = {country = "!MYS"}  # abroad: without to it binds home trade too
commodity = "metal"
share = 0.5
rule = "example_licences"  # a row of rules.csv, which says from when
"""

_README = """\
# {name}

What this graph covers, for which year, and where its figures come from.

- `nodes.csv`, `edges.csv`: who makes and who ships. Only `id`, `stage`, `source` and `target` are required.
- `processes.csv`: recipes, per tonne of main output. `demand.csv`: who asks for what, by tier.
- `projects.csv`: what may be built. `scenarios/*.toml`: what may happen.
- `contracts.csv`, `cover.csv`: whose output is bound, what users hold. `service.csv`, `rules.csv`: who is served first
  by law, and rules with their dates. Delete their example rows where you know of none.
- An empty cell is unknown, never zero; an empty capacity is no limit.

Check it with `chainnet check {name}`, then ask `chainnet chokepoints {name}`.

## Gaps

What is missing, and in which direction that moves the answers.
"""


def template_network(name: str) -> Network:
    """Return the small chain that a new graph starts from; every figure in it is a placeholder, known as assumed."""
    mark = {"reference": "example", "quality": "assumed"}
    nodes = pd.DataFrame(
        [
            ("mine_a", "Mine A", "mine", "mining", "AUS", None, 120.0),
            ("mine_b", "Mine B", "mine", "mining", "CAN", None, 60.0),
            ("refinery_a", "Refinery A", "refiner", "separation", "MYS", "refine", 80.0),
            ("refinery_b", "Refinery B", "refiner", "separation", "FRA", "refine", 30.0),
            ("maker", "Maker", "manufacturer", "parts", "JPN", "make", 90.0),
            ("users", "Users", "end_use", "end use", "USA", None, None),
        ],
        columns=["id", "label", "stage", "step", "country", "process", "capacity_tpa"],
    ).assign(**mark)
    processes = pd.DataFrame(
        [
            ("refine", "ore", "input", 1.25),
            ("refine", "metal", "output", 1.0),
            ("make", "metal", "input", 1.0),
            ("make", "part", "output", 1.0),
        ],
        columns=["process", "commodity", "role", "t_per_t"],
    ).assign(**mark)
    edges = pd.DataFrame(
        [
            ("mine_a", "refinery_a", "ore", 75.0),
            ("mine_b", "refinery_b", "ore", 25.0),
            ("mine_b", "refinery_a", "ore", 0.0),
            ("refinery_a", "maker", "metal", 60.0),
            ("refinery_b", "maker", "metal", 20.0),
            ("maker", "users", "part", 80.0),
            ("mine_b", "refinery_c", "ore", None),
            ("refinery_c", "maker", "metal", None),
        ],
        columns=["source", "target", "commodity", "flow_tpa"],
    ).assign(**mark)
    demand = pd.DataFrame(
        [
            ("users", "part", "defence", 10.0, 100000.0),
            ("users", "part", "industrial", 30.0, 20000.0),
            ("users", "part", "civilian", 40.0, 5000.0),
        ],
        columns=["node", "commodity", "tier", "demand_tpa", "value_usd_per_t"],
    ).assign(**mark)
    projects = pd.DataFrame(
        [("refinery_c", "Refinery C", "refiner", "separation", "USA", "refine", 40.0, 2028, 150.0)],
        columns=["id", "label", "stage", "step", "country", "process", "capacity_tpa", "start_year", "capex_musd"],
    ).assign(**mark)
    commodities = pd.DataFrame(
        [("ore", "Ore", "t gross"), ("metal", "Metal", "t metal"), ("part", "Part", "t part")],
        columns=["id", "label", "basis"],
    ).assign(**mark)
    references = pd.DataFrame({"key": ["example"], "title": ["Placeholder, to be replaced"], "grade": ["3"]})
    return Network(
        nodes=nodes,
        edges=edges,
        processes=processes,
        demand=demand,
        projects=projects,
        **_law(mark),
        commodities=commodities,
        references=references,
        name=name,
        label=name,
        main_commodity="part",
        year=2024,
    )


def _law(mark: dict[str, str]) -> dict[str, Any]:
    """Return a row each of what law and contract ask for, and of what users hold."""
    cover = pd.DataFrame({"tier": ["defence"], "weeks": [7.0], "low": [0.0], "high": [26.0]}).assign(**mark)
    contracts = pd.DataFrame(
        [("refinery_b", "metal", "JPN", 0.25, "2030-12-31", "law")],
        columns=["supplier", "commodity", "for", "share", "until", "binding"],
    ).assign(**mark)
    service = pd.DataFrame(
        [("USA", "Placeholder Act", "law", "2020")], columns=["country", "instrument", "binding", "from"]
    ).assign(**mark)
    rules = pd.DataFrame(
        [("example_licences", "Placeholder: licences for metal", "MYS", "export", "2026-06", "2027-01-01", "example")],
        columns=["id", "title", "actor", "kind", "announced", "in_force", "source"],
    )
    return {"cover": cover, "contracts": contracts, "service": service, "rules": rules}


def write_template(folder: str | Path) -> Path:
    """Write the template as a new folder.

    Parameters
    ----------
    folder : str or Path
        It must not be there yet, or be empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        If the folder exists and is not empty, or cannot be written.

    See Also
    --------
    read, write

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     made = write_template(Path(folder) / "own")
    ...     sorted(path.name for path in made.glob("*.csv"))[:3]
    ['commodities.csv', 'contracts.csv', 'cover.csv']
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{target}: stands already and is not empty; give a new folder.")
    network = template_network(target.resolve().name)
    files = folder_files(network)
    files["scenarios/refinery_stops.toml"] = _SCENARIO.encode()
    files["scenarios/metal_licences.toml"] = _LICENCES.encode()
    files["README.md"] = _README.format(name=network.name).encode()
    return write_files(target, files, set())
