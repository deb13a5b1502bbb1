"""The commands about published indices, and the words of coverage for ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Output, Question, TableOutput, command
from chainnet.cli.words import pairs, words
from chainnet.words import whole

if TYPE_CHECKING:
    import pandas as pd

    from chainnet.network import Network

BY_COUNTRY = pairs("COUNTRY=NUMBER")
BY_COMMODITY = pairs("COMMODITY=NUMBER")


@command("indicators.indices", example="indicators mag-9")
class Indicators(Question, Counted, TableOutput):
    """Compare published indices with the exact losses.

    Step by step, and where they disagree.
    """

    union: Annotated[str, "Whose mix and benchmarks: countries or groups, split by commas.", words] = "EU27"
    importer: Annotated[str, "Whose GeoPolRisk: countries or a group as one importer.", words] = "USA"
    governance: Annotated[Literal["2023", "2016-2020"], "Years of the governance figures."] = "2023"
    trade: Annotated[
        list[str] | None, "COUNTRY=t, trade parameter (1.1 to 1.5: export limits); may be repeated.", BY_COUNTRY
    ] = None
    eol_rir: Annotated[
        list[str] | None, "COMMODITY=share, recycling input rate, 0 to 1; may be repeated. Default: 0.", BY_COMMODITY
    ] = None
    substitution: Annotated[
        list[str] | None, "COMMODITY=index, 0 to 1; may be repeated. Default: 1, nothing stands in.", BY_COMMODITY
    ] = None
    scenario: opt.OneScenario = None

    def _run(self) -> None:
        import pandas as pd

        from chainnet.indicators import governance
        from chainnet.results import fact_of

        wgi = governance()[f"scaled_{self.governance.replace('-', '_')}"].dropna()
        assumed = {name: self.given(name) or {} for name in ("eol_rir", "substitution")}
        found = self.ask(wgi=wgi, **assumed)
        beside = self.ask("indicators.compare_indices", wgi=wgi, **assumed)
        formulas = [(name, *said) for name, said in fact_of(found, "formulas").items()]
        tables = {
            "indicators": found,
            "disagreements": beside[beside["disagrees"]],
            "beside_losses": beside,
            "benchmarks": self.ask("indicators.benchmarks"),
            "formulas": pd.DataFrame(formulas, columns=["index", "formula", "source"]),
        }
        self.say(found, tables, shown=("indicators", "disagreements"))


@command("indicators.concentration", example="concentration gallium --by country")
class Concentration(Question, Output):
    """Show who holds how much of what each step makes."""

    by: Annotated[str, "Column of nodes that names the holder."] = "country"


def coverage_answer(network: Network) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the tables of coverage by name and its single figures, as ``check`` prints them."""
    from chainnet.indicators import coverage, share_quality

    found = coverage(network)
    tables = found.tables() | {"shares": share_quality(network)}
    numbers = found.numbers()
    # a year bears no thousands separator
    numbers["as_of"] = whole(found.as_of) if found.as_of == found.as_of else None
    return {"coverage": tables.pop("steps"), **tables}, numbers
