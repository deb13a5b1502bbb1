"""No sentence of the first page breaks a rule, contradicts another, or a table; on random chains and all that ship."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import pypdf
import pytest
from page_one_cells import cells
from page_one_rules import faults, numbers, sentences, unnamed
from small_chains import small_chain

import chainnet as cn
from chainnet.reporting.content import build
from chainnet.reporting.formats.pdf import pdf_report


def asked(seed: int) -> cn.Assessment:
    network, scenarios = small_chain(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        return cn.assess(network, scenarios, months=12, draws=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_fifty_random_chains_keep_the_rules(seed: int) -> None:
    a = asked(seed)
    document = build(a)
    assert [*faults(a, document), *cells(a, document)] == []


def test_the_teaching_chain_keeps_the_rules(assessed: cn.Assessment) -> None:
    document = build(assessed)
    assert [*faults(assessed, document), *cells(assessed, document)] == []


@pytest.mark.slow
@pytest.mark.parametrize("graph", sorted(cn.catalog().index))
def test_every_shipped_chain_keeps_the_rules(graph: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)  # of rules that ended before the first month
        a = cn.assess(cn.read(graph))
        document = build(a)
        assert [*faults(a, document), *cells(a, document)] == []
        assert list(unnamed(a, document)) == []
    first = pypdf.PdfReader(io.BytesIO(pdf_report(document, document.stand_ins))).pages[0].extract_text()
    assert "Scenarios, worst first" in " ".join(first.split()), "bottom line, chain and scenarios share page one"


@pytest.mark.slow
def test_no_doubtful_plant_alone_contradicts_the_first_page(assessed: cn.Assessment) -> None:
    """Each is taken out; that the test can fail is seen with a table that names nobody."""
    document = build(assessed)
    assert list(unnamed(assessed, document)) == []
    silent = replace(assessed, dependencies=assessed.dependencies.iloc[:0])
    assert len(list(unnamed(silent, build(silent)))) >= 4


def test_the_rules_see_a_fault() -> None:
    assert sentences("One is 2. “A. B” is met in 2030, 3 of 4.5 t.") == [
        "One is 2.",
        "“title” is met in 2030, 3 of 4.5 t.",
    ]
    assert numbers("“title” is met in 2030, 3 of 4.5 t (T16b), 1,200.") == ["3", "4.5", "1,200"]
