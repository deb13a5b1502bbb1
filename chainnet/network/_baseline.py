"""What a network's tables say before anything is removed: baseline output of nodes, and who trades what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet.network._gate import Frames

__all__ = ["baseline_of", "trade_of"]


def trade_of(frames: Frames) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return kinds of nodes that trade a commodity, and who ships or takes it; see ``Network.trade``."""
    places = pd.concat([frames["nodes"], frames["projects"]], ignore_index=True).set_index("id")
    kind = places["step"].fillna(places["stage"])
    edges = frames["edges"][["source", "target", "commodity"]].assign(commodity=frames["edges"]["commodity"].fillna(""))
    kinds = pd.DataFrame(
        {"commodity": edges["commodity"], "a": edges["source"].map(kind), "b": edges["target"].map(kind)}
    ).drop_duplicates(ignore_index=True)
    ends = [
        edges[[end, "commodity"]].set_axis(["id", "commodity"], axis=1).assign(side=end) for end in ("source", "target")
    ]
    return kinds, pd.concat(ends, ignore_index=True).drop_duplicates(ignore_index=True)


def baseline_of(frames: Frames) -> pd.Series:
    """Main output (process) or throughput (else) of each node from edges.flow_tpa; NaN where unknown."""
    nodes, edges, processes = frames["nodes"], frames["edges"], frames["processes"]
    known = edges.dropna(subset=["flow_tpa"])
    if known.empty:
        return pd.Series(np.nan, index=nodes["id"].to_numpy(dtype=object), dtype=float)
    main = processes[processes["role"] == "output"].set_index("process")["commodity"]
    wanted = pd.Series(nodes["process"].map(main).to_numpy(), index=nodes["id"], dtype="object")
    made = known["commodity"].to_numpy(dtype=object) == wanted.reindex(known["source"]).to_numpy()
    has_process = pd.Series(nodes["process"].notna().to_numpy(), index=nodes["id"])
    out = known.groupby("source")["flow_tpa"].sum(min_count=1)
    into = known.groupby("target")["flow_tpa"].sum(min_count=1)
    main_out = known[made].groupby("source")["flow_tpa"].sum(min_count=1)
    ids = nodes["id"]
    through = out.reindex(ids).where((nodes["stage"] != "end_use").to_numpy(), into.reindex(ids).to_numpy())
    result = through.where(~has_process.to_numpy(), main_out.reindex(ids).to_numpy())
    return pd.Series(result.to_numpy(), index=ids.to_numpy())
