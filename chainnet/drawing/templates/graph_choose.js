"use strict";
// Choosing a site: pointer, search, keys; its chain is traced and its card shown.
C.say = (text) => { C.at("live").textContent = text; };
C.choose = (s, move) => {
  if (s && !s.members && !C.isSingle(s)) C.open(C.family(s));
  C.state.chosen = s;
  C.state.hover = null;
  C.state.traced = s ? C.trace(s) : null;
  if (s && s.project && !C.state.projects) C.setProjects(true);
  if (s && !C.siteShown(s)) C.clearFilters();
  C.refresh();
  if (s) {
    window.network.selectNodes([s.key], false);
    if (move) C.centre(s);
    C.say(C.spoken(s));
  } else {
    window.network.unselectAll();
  }
  C.side();
  C.follow();
  C.remember();
};
C.centre = (s) => {
  // in the middle, but never so far that the pane shows what lies beyond the graph
  const pane = C.at("graph").getBoundingClientRect(), scale = Math.max(window.network.getScale(), 1);
  const middle = (at, room, whole) => whole <= room ? room / 2 : Math.max(room / 2, Math.min(whole - room / 2, at));
  C.move({ x: middle(s.x, pane.width / scale, C.world.width), y: middle(s.y, pane.height / scale, C.world.height) }, scale, true);
};
C.spoken = (s) => [s.label, s.step, s.place, s.baseText + " baseline",
  C.data.hasResult ? s.resultText + " " + C.resultWord() : "", s.capacityText + " capacity",
  s.rank ? "loss " + s.lostText + ", rank " + s.rankText : "", s.inCut ? "in the minimum cut" : ""].filter(Boolean).join(", ");
C.hit = (point) => {
  // a site is hit within 12 px of its centre or on its label
  const at = window.network.DOMtoCanvas(point), reach = 12 / window.network.getScale();
  let best = null, least = Infinity;
  C.sites.forEach((s) => {
    if (!C.siteShown(s)) return;
    const away = Math.hypot(s.x - at.x, s.y - at.y);
    if (away <= Math.max(C.radius(s) + 2, reach) && away < least) { least = away; best = s; }
  });
  if (best) return best;
  const box = (C.boxes || []).find((b) => at.x >= b.x1 && at.x <= b.x2 && at.y >= b.y1 && at.y <= b.y2);
  return box ? box.s : null;
};
// the first source in words; the card names them all
C.sourceText = (row) => {
  if (!row.references.length) return "n/d";
  const first = C.data.references[row.references[0]] || row.references[0], more = row.references.length - 1;
  return (first.length > 90 ? first.slice(0, 89).trimEnd() + "\u2026" : first) + (more ? " and " + more + " more" : "");
};
C.tipRows = (row) => {
  if (row.step !== undefined) {
    const lines = [["Step", row.step + (row.place ? ", " + row.place : "")]];
    if (row.operator) lines.push(["Operator", row.operator]);
    if (row.owner || row.ownerCountry) lines.push(["Owner", [row.owner, row.ownerCountry].filter(Boolean).join(", ")]);
    if (row.makes) lines.push(["Counts", row.makes]);
    if (C.isShort(row) && row.stage === "end_use") lines.push(["Is short", C.shortfallText(row).slice(6) + " t/yr (" + C.percent(C.shortfallShare(row)) + ")"]);
    lines.push(["Capacity", row.capacityText], C.flowLine(row), ["Used", C.usedText(row)]);
    if (row.project) lines.push(...C.worthLines(row).filter(([name]) => name !== "State"));
    if (C.data.hasLosses && row.stage !== "end_use" && !row.members && !row.project) {
      lines.push(["Its loss costs", C.costs(row) + (row.rank ? " (" + row.lostShareText + ", rank " + row.rankText + ")" : row.several && row.lost > 0 ? " (may be several plants)" : "")]);
    }
    if (row.members) { lines.push(["Its loss costs", "not asked for groups"], ["Open", "double click or Enter"]); return [row.place + ", " + row.label, lines]; }
    lines.push(["In the cut", row.inCut ? "yes" : "no"], ["Quality", row.quality], ["Source", C.sourceText(row)]);
    return [row.label + (row.project ? " (" + row.projectText + ")" : ""), lines];
  }
  const lines = [["Commodity", row.commodityText || "n/d"],
    C.flowLine(row), ["Capacity", row.capacityText],
    ["Quality", row.quality + (row.isNew ? "" : row.isInferred ? " (no figure of its own)" : "")]];
  if (row.inCut) lines.push(["In the cut", "yes"]);
  if (C.movedText(row)) lines.push(["Change", C.movedText(row)]);
  row.fields.forEach((f) => lines.push(f));
  lines.push(["Source", C.sourceText(row)]);
  return [row.from.label + " \u2192 " + row.to.label, lines];
};
// what a loss costs: with two rankings that of the first tier, then that of all
C.costs = (s) => C.both && s.firstLost !== null ? C.data.firstTier + " " + s.firstLostText + ", all tiers " + s.ofAll.lostText : s.lostText;
C.list = (lines) => {
  const list = C.make("dl");
  lines.forEach(([name, text]) => { list.append(C.make("dt", name), C.make("dd", text)); });
  return list;
};
C.tip = (row, point) => {
  const tip = C.at("tip");
  if (!row) { tip.hidden = true; return; }
  const [title, lines] = C.tipRows(row);
  tip.replaceChildren(C.make("b", title), C.list(lines));
  tip.hidden = false;
  const pane = C.at("graph").getBoundingClientRect(), box = tip.getBoundingClientRect();
  const left = point.x + 16 + box.width > pane.width ? point.x - 12 - box.width : point.x + 16;
  tip.style.left = Math.max(2, left) + "px";
  tip.style.top = Math.max(2, Math.min(point.y + 12, pane.height - box.height - 4)) + "px";
};
C.pointer = () => {
  const pane = C.at("graph");
  let waiting = null;
  pane.addEventListener("mousemove", (event) => {
    const box = pane.getBoundingClientRect(), point = { x: event.clientX - box.left, y: event.clientY - box.top };
    if (event.buttons) { C.tip(null); return; }
    if (waiting) cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      waiting = null;
      const s = C.hit(point);
      const edge = s ? undefined : window.network.getEdgeAt(point);
      pane.style.cursor = s ? "pointer" : "default";
      if (C.state.hover !== s) { C.state.hover = s; window.network.redraw(); }
      const k = edge === undefined ? null : C.linkById.get(edge);
      C.tip(s || (k && C.linkShown(k) ? k : null), point);
    });
  });
  pane.addEventListener("mouseleave", () => {
    if (waiting) cancelAnimationFrame(waiting);
    C.tip(null);
    if (C.state.hover) { C.state.hover = null; window.network.redraw(); }
  });
  window.network.on("doubleClick", (event) => {
    const s = C.hit(event.pointer.DOM);
    if (s && s.members) { C.tip(null); C.open(C.family(s)); }
  });
  window.network.on("click", (event) => { C.tip(null); C.choose(C.hit(event.pointer.DOM), false); });
};
C.bare = (text) => String(text).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
// end uses whose demand counts are sought more often than those of others
C.ours = (s) => s.asked > 0 ? 1 : 0;
C.find = (words) => {
  const wanted = C.bare(words.trim()), each = wanted.split(/\s+/);
  if (!wanted) return [];
  const level = (s) => {
    const name = C.bare(s.label), id = C.bare(s.id);
    if (id === wanted || name === wanted) return 0;
    if (id.startsWith(wanted) || name.startsWith(wanted)) return 1;
    if (id.includes(wanted) || name.includes(wanted)) return 2;
    const said = C.bare([s.label, s.id, s.operator, s.owner, s.place, s.ownerCountry, s.step].join("\n"));
    return each.every((word) => said.includes(word)) ? 3 : 9;
  };
  // groups too: they are what is seen
  return [...C.sites.filter((s) => s.members), ...C.every.sites].map((s) => [level(s), s]).filter(([l]) => l < 9)
    .sort((p, q) => (p[0] > 0) - (q[0] > 0) || p[1].project - q[1].project || p[0] - q[0] || C.ours(q[1]) - C.ours(p[1]) || C.flow(q[1]) - C.flow(p[1]) || p[1].index - q[1].index).map(([, s]) => s);
};
C.newSearch = () => {
  // a search starts from nothing
  C.drawer(true);
  const box = C.at("search");
  box.value = "";
  box.dispatchEvent(new Event("input"));
  box.focus();
};
C.search = () => {
  const box = C.at("search"), hits = C.at("hits"), found = C.at("found");
  let current = [], at = 0;
  const draw = () => {
    current = C.find(box.value);
    at = 0;
    hits.hidden = !current.length;
    found.textContent = !box.value.trim() ? "" : current.length ? current.length + (current.length === 1 ? " hit" : " hits") + ", Enter shows it"
      : "nothing found";
    mark();
  };
  const mark = () => {
    hits.replaceChildren(...current.slice(0, 12).map((s, i) => {
      const item = C.make("li"), button = C.make("button", (s.place ? s.place + " " : "") + s.label + (s.project ? " (project)" : ""));
      button.type = "button";
      button.tabIndex = -1;
      button.setAttribute("aria-selected", String(i === at));
      button.addEventListener("click", () => take(s));
      item.append(button);
      return item;
    }));
  };
  const take = (s) => {
    hits.hidden = true;
    found.textContent = "";
    C.drawer(false);
    C.choose(s, true);
    C.goGraph();
  };
  box.addEventListener("input", draw);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      const hit = current[at] || C.find(box.value)[0];
      if (hit) take(hit); else draw();
    }
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = Math.max(0, Math.min(Math.min(current.length, 12) - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
      mark();
    } else if (event.key === "Escape") { box.value = ""; draw(); C.choose(null); C.goGraph(); }
  });
};
C.step = (key) => {
  const shown = C.sites.filter(C.siteShown);
  const here = C.state.hover || C.state.chosen ||
    shown.slice().sort((p, q) => (p.rank || 1e9) - (q.rank || 1e9) || C.flow(q) - C.flow(p))[0];
  if (!here) return;
  let next = null;
  if (!C.state.hover && !C.state.chosen) next = here;
  else if (key === "ArrowRight" || key === "ArrowLeft") {
    const right = key === "ArrowRight";
    const ways = (right ? here.out : here.into).filter(C.linkShown).sort((p, q) => C.flow(q) - C.flow(p));
    next = ways.length ? (right ? ways[0].to : ways[0].from) : null;
  } else {
    const near = shown.filter((s) => s.block === here.block).sort((p, q) => p.y - q.y || p.x - q.x);
    next = near[near.indexOf(here) + (key === "ArrowDown" ? 1 : -1)] || null;
  }
  if (!next) return;
  C.state.hover = next;
  C.say(C.spoken(next));
  const at = window.network.canvasToDOM({ x: next.x, y: next.y }), pane = C.at("graph").getBoundingClientRect();
  if (at.x < 0 || at.y < 70 || at.x > pane.width - 40 || at.y > pane.height - 20) C.centre(next);
  window.network.redraw();
  C.tip(next, window.network.canvasToDOM({ x: next.x, y: next.y }));
};
C.keys = () => {
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && !["checkbox", "range"].includes(event.target.type);
    const inside = event.target === C.at("graph"), key = event.key, bracket = key === "[" || key === "]";
    // brackets may need a third key on the board
    const held = event.metaKey || ((event.ctrlKey || event.altKey) && !(bracket && event.getModifierState("AltGraph")));
    if (typing || held || C.at("keys").open) return;
    if (C.story && !inside && event.target.type !== "range" && (key === "ArrowRight" || key === "ArrowLeft")) {
      event.preventDefault();
      C.tell(Math.max(1, Math.min(5, C.state.step + (key === "ArrowRight" ? 1 : -1))));
      return;
    }
    if (bracket && C.data.months) { C.setMonth(C.state.month + (key === "]" ? 1 : -1)); return; }
    if (key === "/") { event.preventDefault(); C.newSearch(); }
    else if (key === "?") C.at("keys").showModal();
    else if (key === "Escape") { C.tip(null); C.choose(null); }
    else if (key === "c" && C.data.hasLosses) C.setChoke(!C.state.choke);
    else if (key === "t" && C.both) C.setTier(C.state.tier === "first" ? "all" : "first");
    else if (key === "p" && C.allProjects.length) C.setPanel(!C.state.panel);
    else if ("123".includes(key) && !C.at("switch").hidden) C.setMode(["base", "result", "diff"][Number(key) - 1]);
    else if (key === "0") C.show(true);
    else if (inside && (key === "+" || key === "-")) window.network.moveTo({ scale: window.network.getScale() * (key === "+" ? 1.25 : 0.8) });
    else if (inside && key.startsWith("Arrow")) { event.preventDefault(); C.step(key); }
    else if (inside && key === "Enter" && !C.state.hover && C.state.chosen && C.state.chosen.members) C.open(C.family(C.state.chosen));
    else if (inside && key === "Enter" && C.state.hover) { const s = C.state.hover; C.tip(null); C.choose(s, false); }
  });
};
