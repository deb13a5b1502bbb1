"""The commands about past events: what they were, and what would have been said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from chainnet.cli import options as opt
from chainnet.cli.common import Question, TableOutput, command
from chainnet.errors import DataError

Named = Annotated[list[str] | None, "Id of an event; may be repeated. Default all.", "--event"]
# what people see of a score
SCORED = ("event", "question", "central", "narrow_low", "narrow_high", "wide_low", "wide_high", "status", "observed",
          "hit_wide", "wis", "wis_nothing", "wis_share_lost")  # fmt: skip


@command(like="hindsight.events", example="events gallium")
class Events(TableOutput):
    """List the past events of a chain.

    With their questions, what was known beforehand and what came. --before writes the chain as it was before one event,
    or says why it cannot be built.
    """

    graph: opt.Graph
    event: Named = None
    before: Annotated[bool, "Write the chain as it was before the event into the folder --out."] = False

    def _run(self) -> None:
        import pandas as pd

        from chainnet.hindsight import chain_before, events
        from chainnet.io import read, write

        network = read(self.graph)
        known = events(network)
        chosen = {name: known[name] for name in (self.event or known)}
        if self.before:
            if len(chosen) != 1 or self.out is None:
                raise DataError("--before: name one --event, and the folder to write with --out.")
            self.say_paths(Path(write(chain_before(network, next(iter(chosen.values()))), self.out)))
            return
        heads = [_head(event) for event in chosen.values()]
        tables = {"events": pd.DataFrame(heads)}
        for name in ("questions", "inputs", "outcomes"):
            parts = [
                getattr(event, name).drop(columns=["row", "event"], errors="ignore").assign(event=event.id)
                for event in chosen.values()
            ]
            tables[name] = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        shown = ("events", "questions") if self.event else ("events",)
        self.say(None, tables, {"graph": network.name}, shown)


def _files(found: Any) -> dict[str, bytes]:
    """Return each table of an answer as a file of a folder."""
    tables = found.tables().items()
    return {f"{name}.csv": table.to_csv(index=False, lineterminator="\n").encode() for name, table in tables}


def _head(event: Any) -> dict[str, Any]:
    """Return what the list of events says of one."""
    words = ("label", "actor", "kind", "announced", "in_force", "notice_days", "base_year", "base_grade")
    row = {"event": event.id, **{name: getattr(event, name) for name in words}}
    return {**row, "questions": len(event.asked), "outcomes": len(event.outcomes)}


@command("hindsight.hindcast", example="hindcast gallium --registered")
class Hindcast(Question, TableOutput):
    """Show how often forecasts of past events were right.

    Each is made from what was known beforehand, under every judgement, and set beside what happened and beside
    forecasts that need no model. --registered solves nothing: it scores the first forecast on record. --register
    appends to events/register.csv of the graph's folder; what stands there stays.
    """

    events: Named = None
    months: Annotated[int | None, "Horizon; default the last month asked about.", opt.AtLeast(1)] = None
    outcomes: Annotated[Path | None, "Table of outcomes that are kept elsewhere, with the columns of outcomes.csv."] = (
        None
    )
    beneficiaries: opt.Beneficiaries = None
    registered: Annotated[bool, "Score the first registered forecasts; nothing is solved."] = False
    register: Annotated[bool, "Append the forecasts to the register; needs --on."] = False
    on: Annotated[str | None, "Day of the registration, such as 2026-11-30."] = None

    def _tell(self, found: Any) -> None:
        from chainnet.hindsight import events, register
        from chainnet.io import write_files

        if self.register:
            if self.on is None or self.registered:
                raise DataError("--register: give the day with --on, and leave --registered out.")
            self.say_paths(register(self.network, dict(events(self.network)), found.forecasts, self.on))
            return
        if self.out is not None and not self.out.suffix:
            self.say_paths(write_files(self.out, _files(found), set()))
            return
        numbers = {"sentence": found.sentence, "certificate": found.certificate}
        self.say(found, {"scores": found.scores, **found.tables()}, numbers, ("scores", "coverage"), None,
                 {"scores": SCORED})  # fmt: skip
