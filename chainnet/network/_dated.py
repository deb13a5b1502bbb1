"""The date at which a network stands: what opened since its base year, how that goes on growing, another date."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from chainnet._types import Array, Ints
from chainnet.network._dates import day_of
from chainnet.network._projects import opened_of, opened_parts, ramp_in, taken_down
from chainnet.network._schema import TABLES


class Dated:
    """What a network says of its dates."""

    if TYPE_CHECKING:  # of the network itself
        year: int | None
        as_of: str | None
        _frames: dict[str, pd.DataFrame]
        _built: pd.DataFrame

        def _replace(self, frames: dict[str, pd.DataFrame], **changed: Any) -> Self: ...
        def _put_up(self, parts: pd.Series, *, by_date: bool = False) -> Self: ...

    @property
    def base_year(self) -> int | None:
        """The year of the baseline flows, of demand and of recipes."""
        return self.year

    @property
    def current_year(self) -> int | None:
        """The year in which the chain stands: of ``as_of``, else the base year."""
        return self.year if self.as_of is None else int(self.as_of[:4])

    @property
    def opened(self) -> pd.DataFrame:
        """Plants that opened since the base year and stand at ``as_of``.

        id, label, since (year, or month where known), part (of its size), status, reference.
        """
        return opened_of(self._built, self._frames["nodes"])

    @property
    def opened_projects(self) -> pd.DataFrame:
        """The projects that ``opened`` tells of, at full size, as the projects table would have them."""
        rows = self._built[self._built["is_opened"].to_numpy(dtype=bool)]
        return rows[rows["id"].isin(self._frames["nodes"]["id"])][TABLES["projects"].names].reset_index(drop=True)

    @cached_property
    def _growing(self) -> tuple[Ints, pd.DataFrame]:
        """Rows of nodes that opened and are not at full size yet, and their projects."""
        partly = self._built[self._built["is_opened"].to_numpy(dtype=bool) & (self._built["part"] < 1.0).to_numpy()]
        ids = pd.Index(self._frames["nodes"]["id"])
        rows = ids.get_indexer(partly["id"].to_numpy(dtype=object))
        return rows[rows >= 0], partly[rows >= 0]

    def growth(self, month: Any) -> Array:
        """Return what each node's capacity is multiplied by in some months (numbers, as ``month_of`` gives them).

        A plant that opened since the base year goes on growing after ``as_of`` as its ramp says. Nodes x months.
        """
        months = np.atleast_1d(np.asarray(month, dtype=float))
        out = np.ones((len(self._frames["nodes"]), len(months)))
        rows, plants = self._growing
        if len(rows):
            out[rows] = ramp_in(plants, months) / plants["part"].to_numpy(dtype=float)[:, None]
        return out

    def at(self, as_of: object) -> Self:
        """Return the chain as it stands at a date: every project that runs then is a plant like any other.

        A project runs where its ``status`` says so (running, shipping, built, restarted, ...); it stands from its
        ``start`` on (empty: in every month), at the size its ramp has reached. All others stay projects: one that is
        being built never becomes a plant by the date alone.

        Parameters
        ----------
        as_of : str or None
            Such as "2027-06-30"; a month or a year is its last day. None = as in the base year.

        Raises
        ------
        DataError
            If it is no date.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("rare-earths")
        >>> len(net.at("2023").opened) < len(net.at("2027").opened), len(net.at(None).opened)
        (True, 0)
        """
        day = None if as_of is None else day_of(as_of)
        down = taken_down(self._frames, self._built)
        base = self if down is None else self._replace(down[0], _built=down[1])
        named = pd.concat([base._frames["projects"], base._built], join="inner")
        dated = base._put_up(opened_parts(named, day), by_date=True) if day is not None else base
        return dated._replace({}, as_of=None if day is None else day.isoformat())
