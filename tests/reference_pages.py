"""Makes docs/reference and the page of tolerances from the code; run it to write the pages anew, the tests compare."""

from __future__ import annotations

import inspect
import re
import shutil
from pathlib import Path

import pandas as pd
from reference_python import links, python_pages
from typer.testing import CliRunner

import chainnet as cn
from chainnet import errors
from chainnet.cli.app import FAULT
from chainnet.cli.common import COMMANDS, STOPPED, app
from chainnet.cli.questions import QUESTIONS
from chainnet.engine import tolerances
from chainnet.network import TABLES
from chainnet.reporting.texts import GLOSSARY
from chainnet.words import country_name, day_words

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "<!-- made by tests/reference_pages.py; do not edit -->\n\n"


def tables_page() -> str:
    """Every table and column, from the schema."""
    parts = [
        "# Tables\n\n",
        NOTE,
        "An empty cell is unknown, never zero. Every table also bears `reference`, `quality`, `low`, `high` (all four of "
        "the row's principal figure) and `note`, except `references` itself.\n",
    ]
    hidden = {"reference", "quality", "low", "high", "note"}
    for table in TABLES.values():
        key = f" Key: {', '.join(f'`{c}`' for c in table.key)}." if table.key else " No key: parallel rows add up."
        needed = " Required." if table.required else ""
        parts.append(f"\n## {table.name}\n\n{table.description}{key}{needed}\n\n")
        parts.append("| column | meaning | unit | range | when missing |\n| --- | --- | --- | --- | --- |\n")
        for column in table.columns:
            if column.name in hidden:
                continue
            rule = column.range_words or ("ISO 3166-1 alpha-3" if column.is_country else "")
            missing = "not allowed" if column.filled else column.missing
            parts.append(f"| `{column.name}` | {column.description} | {column.unit} | {rule} | {missing} |\n")
    return "".join(parts)


_KINDS = ("Error", "Warning")


def errors_page() -> str:
    """Print the tree of errors."""
    tree = re.search(r"::\n\n(.*)$", inspect.getdoc(errors) or "", re.S)
    assert tree is not None
    return (
        "# Errors\n\n" + NOTE + "```text\n" + inspect.cleandoc(tree.group(1)) + "\n```\n\n"
        "A `DataError` carries all faults at once as a table, `DataError.faults`: file, row (the line that a spreadsheet "
        "shows), column, value, rule, remedy. An answer that fails its own check raises `SolverError`; it is never "
        "returned. On the command line each error is one message on stderr; `--debug` shows the traceback.\n\n"
        "| exit code | when |\n| --- | --- |\n"
        "| 0 | the question is answered; or whoever reads the output has closed the pipe, as `head` does |\n"
        "| 1 | one of the errors above: bad data, an unknown graph or id, bounds that cannot be met; or a file that cannot "
        "be read or written |\n"
        "| 2 | bad usage: an unknown command or option, a missing argument, a value of the wrong kind |\n"
        f"| {FAULT} | a fault of chainnet itself, to be reported |\n"
        f"| {STOPPED} | stopped by Ctrl-C |\n\n"
        + "".join(
            f"- `{n}`: {(inspect.getdoc(getattr(cn, n)) or '').splitlines()[0]}\n"
            for n in cn.__all__
            if n.endswith(_KINDS)
        )
    )


def asked() -> dict[str, str]:
    """Return the function that each command is like, as it is called in Python."""
    found = {}
    for name, kind in COMMANDS.items():
        if kind.like and kind.__module__.startswith("chainnet."):
            family, function = kind.like.split(".")
            found[name] = f"cn.{function}" if function in cn.__all__ else f"chainnet.{family}.{function}"
    return found


def differing() -> dict[str, str]:
    """Return the commands that are called otherwise than their function."""
    return {c: f for c, f in asked().items() if f.rpartition(".")[2] != c.replace("-", "_")}


def cli_page() -> str:
    """Every command by question: its example, the function that it asks, its help."""
    runner = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"})

    def ask(*words: str) -> str:
        done = runner.invoke(app, [*words, "--help"], prog_name="chainnet", catch_exceptions=False)
        return done.stdout.strip()

    def entry(level: int, *words: str) -> str:
        said, _, example = ask(*words).partition("\n\n  Example:\n")
        shown = f"```text\n{inspect.cleandoc(example)}\n```\n\n" if example else ""
        function = functions.get(words[0], "").partition(".")[2] if len(words) == 1 else ""
        python = f"In Python: [`{function}`](python/{links()[function]}).\n\n" if function else ""
        inner = re.findall(r"^  ([a-z-]+)  ", said.split("Commands:")[1], re.M) if "Commands:" in said else []
        head = f"\n{'#' * level} chainnet {' '.join(words)}\n\n{shown}{python}```text\n{said}\n```\n"
        return head + "".join(entry(level + 1, *words, one) for one in inner)

    functions = asked()
    parts = [
        "# Command line\n\n",
        NOTE,
        "`python -m chainnet` is the same program. Each command below begins with an example that runs.\n",
        f"\n```text\n{ask()}\n```\n",
        "\n## Commands called otherwise than their function\n\nEvery other command that asks a function has its name, with "
        "`-` for `_`.\n\n| command | function |\n| --- | --- |\n",
        *(f"| `chainnet {name}` | `{function}` |\n" for name, function in sorted(differing().items())),
    ]
    for question, names in QUESTIONS.items():
        heads = {one: re.findall(r"^  (\S.*)$", ask(one), re.M)[0] for one in names}
        said = "".join(f"- [`chainnet {one}`](#chainnet-{one}): {head}\n" for one, head in heads.items())
        parts.append(f"\n## {question}\n\n{said}" + "".join(entry(3, one) for one in names))
    return "".join(parts)


# answer, to what it is settled, relative to what, how it is shown
SETTLED = (
    ("`max_flow` of a pure network", "PROOF_FLOW", "the value", "integers after exact scaling; the cut is the flow"),
    ("`max_flow`, `chokepoints`, `balance`", "PROOF", "the value, and each row's and column's size", "duals"),
    ("`stress_test`, `stockpile_requirement`, `risk_exposure`", "PROOF", "the same", "duals, over all periods"),
    ("`interdict`, `fortify`, `retaliation`, `portfolio`", "PROOF_SEARCH", "the value before", "bound of the search"),
    ("any of them with `verify`", "AGREE", "the value", "a second solver"),
    ("a tier locked before the next", "LOCK", "what it got", "the lock lies that much below"),
    ("tonnes in tables", "PRINTED", "the demand, or the commodity's size", "less counts as nothing"),
    ("a loss or shortfall that counts", "CERTAIN", "the demand or the value", "less counts as nothing"),
    ("budgets", "ROUNDING", "the budget", "what costs more is never returned"),
    ("calibrated flows", "ROUNDING", "the largest flow of the commodity", "balances and figures marked exact"),
    ("ranks", "TIE", "the largest value", "nearer values share a rank"),
)


def tolerances_page() -> str:
    """To what each kind of answer is settled, and every tolerance with its reason."""
    parts = [
        "# Tolerances\n\n",
        NOTE,
        "Nothing here is exact to the last digit of a float, except pure maximum flows. This page says to what each kind of "
        "answer is settled, and why. What decides an answer stands in `chainnet/engine/tolerances.py`; the steps of the "
        "calibration's own solver, and the digits of a drawing, stand beside their code.\n\n"
        "| answer | to | relative to | proved by |\n| --- | --- | --- | --- |\n",
    ]
    for answer, name, base, proof in SETTLED:
        parts.append(f"| {answer} | {getattr(tolerances, name):g} (`{name}`) | {base} | {proof} |\n")
    reason = ""
    for line in inspect.getsource(tolerances).splitlines():
        name, _, value = line.partition(" = ")
        if line.startswith("# -- "):
            title = line.strip("# -")
            parts.append(f"\n## {title[0].upper()}{title[1:]}\n\n| name | value | meaning |\n| --- | --- | --- |\n")
        elif line.startswith("# "):
            reason = line[2:]
        elif name.isupper():
            parts.append(f"| `{name}` | {float(value):g} | {reason} |\n")
    return "".join(parts)


def glossary_page() -> str:
    """Every word of the glossary, from the texts of the report."""
    parts = [
        "# Glossary\n\n",
        NOTE,
        "Made of `chainnet/reporting/texts.toml`, which the report prints too.\n\n",
        "| word | meaning | others say |\n| --- | --- | --- |\n",
    ]
    for one in sorted(GLOSSARY, key=lambda one: one.word.lower()):
        parts.append(f"| {one.word} | {one.means} | {one.others_say} |\n")
    return "".join(parts)


_STATES = {
    "in force": "In force",
    "unknown": "Unknown: a date has passed, and no source that was read says what followed",
    "suspended": "Suspended",
    "announced": "Announced",
    "ended": "Ended",
}


def _until(row: pd.Series[str]) -> str:
    if not row["suspended_to"]:
        return row["until"]
    return "; ".join(filter(None, (row["until"], f"suspended {row['suspended_from']} to {row['suspended_to']}")))


def policy_page() -> str:
    """Every rule of the register with its state on the newest day on which one was checked, and what comes next."""
    rules = cn.rules()
    common = FOLDER.parents[1] / "graphs" / "common"
    chains = pd.read_csv(common / "rules.csv", index_col="id")["chains"].fillna("all").str.replace(";", ", ")
    known = pd.read_csv(common / "references.csv", index_col="key")
    today = rules["checked_on"].max()

    def sources(keys: str) -> str:
        return "; ".join(
            f"[{known.loc[key, 'publisher']}]({known.loc[key, 'address']})" for key in keys.split(";") if key
        )

    def table(heads: str, rows: list[tuple[str, ...]]) -> str:
        lines = [heads.split(", "), ["---"] * len(heads.split(", ")), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

    parts = [
        "# Policy calendar\n\n",
        NOTE,
        f"As of {day_words(today)}. The {len(rules)} rules of the register `graphs/common/rules.csv`, each last checked on or "
        "before that day. `chainnet rules CHAIN --as-of DATE` gives them for a chain at another date. [Say what happens](../howto/scenarios.md) "
        "tells how measures use them.\n\n## What comes next\n\n",
    ]
    kinds = {"in_force": "begins", "until": "ends", "suspended_to": "suspension ends", "review_by": "look again"}
    dates: dict[tuple[str, str], list[str]] = {}
    for rule, row in rules.iterrows():
        for column, what in kinds.items():
            if row[column] > today:
                dates.setdefault((row[column], str(rule)), []).append(what)
    parts.append(
        table("date, what, rule", [(d, ", ".join(w), rules.loc[r, "title"]) for (d, r), w in sorted(dates.items())])
    )
    for state, heading in _STATES.items():
        rows = [
            (row["in_force"] or row["announced"], _until(row), country_name(row["actor"]), f"{row['title']} (`{rule}`)",
             chains[rule], sources(row["source"]))
            for rule, row in rules[rules["state"] == state].sort_values("in_force", kind="stable").iterrows()
        ]  # fmt: skip
        if rows:
            parts.append(f"\n## {heading}\n\n" + table("since, until, by, rule, chains, source", rows))
    return "".join(parts)


PAGES = {
    "glossary.md": glossary_page,
    "tables.md": tables_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
    "../explanation/tolerances.md": tolerances_page,
    "../explanation/policy.md": policy_page,
}


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
    shutil.rmtree(FOLDER / "python", ignore_errors=True)
    (FOLDER / "python").mkdir()
    for name, text in python_pages().items():
        (FOLDER / "python" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
