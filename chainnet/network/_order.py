"""What tables say by themselves: one order of rows, one digest, baseline output, and who trades what."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chainnet.network._gate import Frames
from chainnet.network._schema import TABLES

__all__ = ["baseline_of", "canonical", "digest_of", "trade_of"]


def canonical(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Sort ``frame`` into canonical order: by key, then by all other columns, empty last."""
    table = TABLES[name]
    first = list(table.named_by)
    if len(frame) < 2:
        return frame
    codes = _folded([_codes(frame[column]) for column in first])
    order = np.lexsort(codes[::-1])
    same = np.ones(len(frame) - 1, dtype=bool)
    for code in codes:
        same &= code[order][1:] == code[order][:-1]
    if same.any():
        rest = [c for c in table.names if c not in first]
        codes += [_codes(frame[column]) for column in rest]
        order = np.lexsort(codes[::-1])
    return frame.take(order).reset_index(drop=True)


def _folded(codes: list[np.ndarray]) -> list[np.ndarray]:
    """Fold ranks of several columns into one of the same order, where it fits: one sort instead of several."""
    room = 1
    for code in codes:
        if code.dtype != np.int64:
            return codes
        room *= int(code.max()) + 1
    if room >= 2**62:
        return codes
    folded = np.zeros(len(codes[0]), dtype=np.int64)
    for code in codes:
        folded = folded * (int(code.max()) + 1) + code
    return [folded]


def _codes(cells: pd.Series) -> np.ndarray:
    """Return sort ranks of a column; missing cells rank last."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return np.asarray(cells.to_numpy(dtype="float64"))
    codes, uniques = pd.factorize(cells, use_na_sentinel=True)
    rank = np.empty(len(uniques) + 1, dtype=np.int64)
    texts = np.asarray(uniques, dtype=object)
    rank[np.argsort(texts, kind="stable")] = np.arange(len(uniques))
    rank[-1] = len(uniques)
    return np.asarray(rank[codes])


def digest_of(frames: Frames, *words: Sequence[str]) -> str:
    """Return the SHA-256 of canonical tables, after some lists of words, as hex text."""
    sha = hashlib.sha256()
    for several in words:
        sha.update("\x1f".join(several).encode() + b"\x1e")
    for table, frame in frames.items():
        if frame.empty:
            continue
        sha.update(f"{table}:{len(frame)}\x1e".encode())
        for column in frame.columns:
            cells = frame[column]
            if pd.api.types.is_numeric_dtype(cells.dtype):
                values = cells.to_numpy(dtype="<f8").copy()
                missing = np.isnan(values)
                values[missing] = np.nan
                held = values.tobytes()
            else:
                missing = cells.isna().to_numpy()
                held = b"" if missing.all() else "\x1f".join(cells.fillna("").tolist()).encode("utf-8", "surrogatepass")
            if not missing.all():
                sha.update(column.encode() + b"\x1e" + held)
    return sha.hexdigest()


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
