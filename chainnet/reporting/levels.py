"""The levels of response: what each allows."""

from __future__ import annotations

# what a level allows: in a table, in a sentence ("12 t/yr from ...")
LEVELS = {
    "none": ("Nothing is rerouted", ""),
    "existing": ("Existing links, up to capacity", "existing links"),
    "new": ("+ new relations, once qualified", "new relations"),
    "stocks": ("+ stocks, one year's release", "stocks (one year's release)"),
    "projects": ("+ projects that stand", "projects"),
}
