"""Values as JSON has them: what is not known is None, what has no end is a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# months and costs without an end, as JSON has none
_ENDLESS = {"survive_months": "never short", "back_month": "never"}


def plain_values(value: Any, key: str = "") -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(k): plain_values(v, str(k)) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_values(one, key) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else _ENDLESS.get(key, "no limit")
    return str(value) if isinstance(value, str) else value
