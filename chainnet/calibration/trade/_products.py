"""Which product codes are which commodity, what is in a tonne of them, and what is got from the one before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet.calibration._folder import read_table
from chainnet.errors import DataError, Fault

COLUMNS = ("code", "commodity", "content", "content_low", "content_high", "recovery", "reference")
_NUMBERS = ("content", "content_low", "content_high", "recovery")


@dataclass(frozen=True)
class Product:
    """A product code.

    Parameters
    ----------
    code : str
        Its beginning: 2 to 6 figures.
    commodity : str
        What it is; several codes may be one commodity.
    content : float
        Tonnes of the material in a gross tonne; its range where one is given.
    recovery : float
        Tonnes of the material that come out in this commodity of a tonne that goes in.
    said : frozenset of str
        What was given and not supposed.
    """

    code: str
    commodity: str
    content: float
    low: float
    high: float
    recovery: float
    reference: str
    said: frozenset[str]


def products_of(given: Any) -> list[Product]:
    """Return the products in their order along the chain.

    Parameters
    ----------
    given : mapping, DataFrame, path, code or list of codes
        Code to content, or to a mapping of commodity, content, content_low, content_high, recovery, reference; the
        same as a table with a column code.

    Raises
    ------
    DataError
        With every fault: no code, an unknown column, a share out of range, one commodity with two recoveries.
    """
    if isinstance(given, (str, int)) and not (isinstance(given, str) and given.endswith(".csv")):
        given = [given]
    if isinstance(given, (list, tuple)):
        given = {str(code): {} for code in given}
    if isinstance(given, (str, Path)):
        given = read_table(given, "a CSV of products")
    if isinstance(given, pd.DataFrame):
        rows = given.to_dict("records")
    elif isinstance(given, Mapping):
        rows = [{"code": code, **(dict(one) if isinstance(one, Mapping) else {"content": one})}
                for code, one in given.items()]  # fmt: skip
    else:
        raise DataError('products: give product codes with contents, such as {"2605": 0.08}, or a table of them.')
    faults: list[Fault] = []
    found = [_product(place, row, faults) for place, row in enumerate(rows)]
    codes = [one.code for one in found]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            faults.append(Fault("products", place + 2, "code", code, "stands twice", "Keep one row."))
    names: dict[str, str] = {"use": "use"}
    for commodity in dict.fromkeys(one.commodity for one in found):
        alike = names.setdefault("_".join(re.findall(r"\w+", commodity.lower())), commodity)
        if alike != commodity or commodity == "use":
            rule = "is the word for end uses" if alike == "use" else f'can hardly be told from "{alike}"'
            faults.append(Fault("products", None, "commodity", commodity, rule, "Give it another name."))
        if len({one.recovery for one in found if one.commodity == commodity}) > 1:
            rule = "has two recoveries"
            faults.append(Fault("products", None, "recovery", commodity, rule, "Give its codes the same."))
    if not found and not faults:
        raise DataError('products: none is given. Name product codes with contents, such as {"2605": 0.08}.')
    if faults:
        raise DataError(faults=faults)
    return found


def _product(place: int, row: Mapping[Any, Any], faults: list[Fault]) -> Product:
    row = {str(key): value for key, value in row.items() if _is_given(value)}
    for key in row:
        if key not in COLUMNS:
            rule = checks.told("unknown column", key, COLUMNS)
            faults.append(Fault("products", place + 2, key, "", rule, checks.listed(COLUMNS)))
    code = str(row.get("code", "")).strip().removesuffix(".0")
    if not code.isdigit() or not 2 <= len(code) <= 6:
        remedy = "2 to 6 figures of the Harmonized System, as text: 260500."
        faults.append(Fault("products", place + 2, "code", code, "is no product code", remedy))
    numbers: dict[str, float] = {}
    for key in _NUMBERS:
        try:
            value = float(row.get(key, 1.0))
        except (TypeError, ValueError):
            value = float("nan")
        # out of a tonne of one element in ore more cannot come; a content above 1 is a per cent
        if not checks.is_number(value) or not 0 < value <= 1:
            said = str(row.get(key))
            remedy = "A share above 0, at most 1: 0.08 for 8 %."
            faults.append(Fault("products", place + 2, key, said, "is no share", remedy))
        numbers[key] = value
    content = numbers["content"]
    low, high = (numbers[k] if k in row else content for k in ("content_low", "content_high"))
    if not low <= content <= high:
        rule = f"lies outside its range, {low:g} to {high:g}"
        faults.append(Fault("products", place + 2, "content", f"{content:g}", rule, "Correct one of the three."))
    name = str(row.get("commodity", "") or f"hs{code}")
    return Product(code, name, content, low, high, numbers["recovery"], str(row.get("reference", "")), frozenset(row))


def _is_given(value: Any) -> bool:
    return value is not None and value == value and str(value).strip() != ""
