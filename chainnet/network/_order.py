"""The canonical form of tables: one order of rows, and one digest of what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chainnet.network._gate import Frames
from chainnet.network._schema import TABLES

__all__ = ["canonical", "digest_of"]


def canonical(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Sort ``frame`` into canonical order: by key, then by all other columns, empty last."""
    table = TABLES[name]
    first = list(table.named_by)
    if len(frame) < 2:
        return frame.reset_index(drop=True)
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
