"""What an attack removes is told by its names, in a notebook too."""

from __future__ import annotations

import chainnet as cn


def test_a_notebook_shows_what_is_removed_and_no_empty_table() -> None:
    net = cn.read("mag-9")
    found = cn.interdict(net, 1)
    page = found._repr_html_()
    (gone,) = found.removed
    label = net.labels[gone]
    assert f"Without {label} 40 t/yr" in page
    assert gone in page
    assert "<h4>attacks</h4>" in page
    assert "<h4>pairs</h4>" not in page
    assert found.attacks["kind"].tolist() == ["optimal", "greedy"]
    assert "pairs" in cn.interdict(net, 2, details=True).tables() or cn.interdict(net, 2, details=True).pairs.empty
    links = cn.interdict(net, 1, by="edge")
    assert " -> ".join(net.labels[end] for end in links.removed[0][:2]) in links.sentence
    assert "No removal within the budget" in cn.interdict(net, 0).sentence
