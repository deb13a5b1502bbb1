"""``look``: a table from elsewhere, and only such commands as read it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from chainnet.calibration.trade._chain import from_trade
from chainnet.errors import ChainnetError
from chainnet.io import Look, look_at, read


def look(path: str | Path, *, sheet: str | None = None) -> Look:
    r"""Look at a table before it is read: its heads, columns, units, totals, and the command that reads it.

    What the file leaves open is asked, and a command printed for each answer; nothing is guessed. Each command is run
    on the file before it is printed, and none is printed that fails. Nothing is written, and nothing is changed.

    Parameters
    ----------
    path : str or Path
        A workbook (``.xlsx``), or a text file whose cells are split by commas, semicolons, tabs or bars: in UTF-8,
        UTF-16, Shift-JIS (cp932), GB 18030, EUC-KR (cp949) or Windows-1252 (Latin-1). The first 50,000 rows of a sheet
        are looked at.
    sheet : str, optional
        Only this sheet.

    Returns
    -------
    Look
        ``print`` shows it. ``command`` reads the file if no question is open; ``commands`` has one for each answer, and
        ``calls`` the same in Python.

    Raises
    ------
    DataError
        If there is no such file, or it is empty, too large, behind a password, or no table.

    See Also
    --------
    from_trade, read, io.write_template

    Examples
    --------
    >>> from pathlib import Path
    >>> import chainnet as cn
    >>> text = "Cobalt ore (HS 2605)\n\nFrom;To;Menge (kg)\nDRC;China;900\nAustralia;Japan;100,5\nTotal;;1000,5\n"
    >>> _ = Path("export.csv").write_text(text)
    >>> seen = cn.look("export.csv")
    >>> seen.columns["seems"].tolist(), seen.rows["row"].tolist()
    (['exporter', 'importer', 'weight'], [6])
    >>> seen.command.split(" --unit")[0]
    'chainnet from-trade export.csv --header 3 --separator ";" --without-rows 6'
    >>> Path("export.csv").unlink()
    """
    return look_at(path, sheet=sheet, run=_fault_of)


def _fault_of(verb: str, path: Path, options: dict[str, Any]) -> str:
    """Run a command as it would be printed, but for what it writes; return what is wrong with it, "" for nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            (from_trade if verb == "from-trade" else read)(path, **options)
        except ChainnetError as error:
            return re.sub(r"^\d+ faults? in the data\s+", "", str(error)).splitlines()[0]
    return ""
