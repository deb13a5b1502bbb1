"""The register: forecasts as they were made, one line each, never changed; the first line of a question is the test."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from chainnet.errors import DataError
from chainnet.hindsight._event import NEVER, Event
from chainnet.hindsight._reading import FOLDER, Intake, events_folder, take_table
from chainnet.io import number_text, write_file
from chainnet.network import Network, day_of
from chainnet.results import package_version

REGISTER = "register.csv"
COLUMNS = ("event", "question", "central", "narrow_low", "narrow_high", "wide_low", "wide_high", "base_grade",
           "version", "network_digest", "event_digest", "inputs_digest", "on")  # fmt: skip


def registered(network: Network) -> pd.DataFrame:
    """Return the register that lies beside a network, as text; empty where there is none."""
    folder, intake = events_folder(network), Intake()
    table = take_table((folder or Path(FOLDER)) / REGISTER, COLUMNS, intake)
    intake.done()
    return table.drop(columns="row")


def register(network: Network, events: dict[str, Event], table: pd.DataFrame, on: str) -> Path:
    """Append forecasts to the register beside a network; what stands there stays byte for byte.

    Parameters
    ----------
    network : Network
    events : mapping of str to Event
    table : DataFrame
        ``.forecasts`` of a hindcast.
    on : str
        The day, given by hand.

    Raises
    ------
    DataError
        If it is no day, or the network has no folder with events.
    """
    day = day_of(on, "on").isoformat()
    folder = events_folder(network)
    if folder is None:
        raise DataError("register: the network has no events beside it. Add events/<event>.toml to its folder.")
    lines = pd.DataFrame(
        [
            {
                **{name: told(row[name]) for name in COLUMNS[:8]},
                "version": package_version(),
                "network_digest": network.digest,
                "event_digest": events[row["event"]].digests["event"],
                "inputs_digest": events[row["event"]].digests["inputs"],
                "on": day,
            }
            for row in table.to_dict("records")
        ],
        columns=list(COLUMNS),
    )
    path = folder / REGISTER
    text = path.read_bytes().decode("utf-8") if path.is_file() else ",".join(COLUMNS) + "\n"
    more = lines.to_csv(index=False, header=False, lineterminator="\n")
    return write_file(path, (text + more).encode())


def told(value: object) -> str:
    """Return a value as the register holds it; infinite is never."""
    if isinstance(value, float):
        return NEVER if value == float("inf") else number_text(value)
    return str(value)
