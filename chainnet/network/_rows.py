"""How a network hands out its tables."""

from __future__ import annotations

from typing import Protocol, overload

import pandas as pd

from chainnet.network._gate import Frames
from chainnet.network._schema import TABLES


class _Holder(Protocol):
    _frames: Frames


class Rows:
    """A table of a network, handed out so that no change of it comes back."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self.__doc__ = TABLES[name].description

    @overload
    def __get__(self, network: None, owner: type) -> Rows: ...

    @overload
    def __get__(self, network: _Holder, owner: type) -> pd.DataFrame: ...

    def __get__(self, network: _Holder | None, owner: type) -> Rows | pd.DataFrame:
        # deep: a column's array would write through to the network (text is never copied)
        return self if network is None else network._frames[self._name].copy()
