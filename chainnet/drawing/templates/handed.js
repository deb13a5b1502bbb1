"use strict";
// Everything stands in its place; names from data reach the page as text, never as code.
(() => {
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const options = {
    physics: { enabled: false },
    layout: { improvedLayout: false },
    interaction: { hover: true, tooltipDelay: 120, hideEdgesOnDrag: true, hideEdgesOnZoom: true },
    nodes: { font: { size: 14, color: COLOURS.ink } },
    edges: { smooth: false, color: { inherit: "from", opacity: 0.55 }, arrows: { to: { scaleFactor: 0.5 } } },
  };
  const network = new vis.Network(at("graph"), { nodes: new vis.DataSet(data.nodes), edges: new vis.DataSet(data.edges) }, options);
  window.network = network;
  const low = (value) => String(value).toLowerCase();
  const hits = (word) => {
    const exact = data.nodes.filter((n) => low(n.label) === word || low(n.id) === word);
    return exact.length ? exact : data.nodes.filter((n) => low(n.label).includes(word) || low(n.id).includes(word));
  };
  at("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const word = low(at("search").value.trim());
    const found = word ? hits(word) : [];
    network.selectNodes(found.map((n) => n.id));
    at("found").textContent = word ? found.length + " of " + data.nodes.length + " nodes" : "";
    if (found.length) network.focus(found[0].id, { scale: Math.max(network.getScale(), 0.8), animation: false });
  });
  at("fit").addEventListener("click", () => network.fit());
})();
