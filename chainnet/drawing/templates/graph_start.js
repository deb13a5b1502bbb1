"use strict";
// The engine is started with everything in its place: no physics, nothing moves by itself.
C.remember = () => {
  const st = C.state, parts = new URLSearchParams(), told = C.story && st.step > 0;
  if (told) { if (st.step !== C.OPENS) parts.set("step", String(st.step)); }
  else if (C.story) { parts.set("step", "explore"); if (st.focus) parts.set("focus", "1"); }
  if (told) { if (st.chosen) parts.set("site", st.chosen.id); C.keep(parts); return; }
  if (st.mode !== C.usual()) parts.set("flows", st.mode);
  if (st.course) parts.set("scenario", C.data.months.scenario);
  if (C.data.months && st.month !== C.data.months.start) parts.set("month", String(C.data.months.rows[st.month].n));
  if (st.choke !== C.data.startChoke) parts.set("chokepoints", st.choke ? "1" : "0");
  if (C.both && st.tier !== C.startTier) parts.set("losses", st.tier);
  if (st.panel) parts.set("panel", "projects");
  C.ticked.forEach((id) => parts.append("project", id));
  if (st.chosen) parts.set("site", st.chosen.id);
  C.keep(parts);
};
// beside the story stands the network as it is today
C.usual = () => C.data.hasResult && !(C.story && C.data.hasBase) ? "result" : "base";
C.keep = (parts) => {
  Object.entries(C.state.off).forEach(([kind, set]) => set.forEach((value) => parts.append("without-" + kind, value)));
  const text = parts.toString();
  try { history.replaceState(null, "", text ? "#" + text : location.pathname + location.search); } catch (error) { C.hashless = true; }
};
C.recall = () => {
  const parts = new URLSearchParams(location.hash.slice(1)), st = C.state, step = Number(parts.get("step"));
  if (C.story && (step >= 1 && step <= 5 || !location.hash.slice(1))) {
    C.pose(Math.round(step) || C.OPENS);
    C.recallFilters(parts);
    return C.byId.get(parts.get("site"));
  }
  if (parts.get("focus") === "1" && C.story) st.focus = true;
  st.mode = C.usual();
  const known = C.data.hasResult && C.data.hasBase ? ["base", "result", "diff"] : [];
  if (known.includes(parts.get("flows"))) st.mode = parts.get("flows");
  const course = C.data.courses.findIndex((c) => c.scenario === parts.get("scenario"));
  if (course > 0) C.pickCourse(course);
  if (C.data.months && parts.has("month")) C.recallMonth(Number(parts.get("month")));
  if (C.data.hasLosses && parts.has("chokepoints")) st.choke = parts.get("chokepoints") === "1";
  if (st.mode === "diff" && (st.choke || C.isPlan())) st.mode = "result";
  C.recallFilters(parts);
  if (C.both && ["first", "all"].includes(parts.get("losses"))) st.tier = parts.get("losses");
  parts.getAll("project").forEach((id) => { if (C.byId.has(id) && C.byId.get(id).project) C.ticked.add(id); });
  if (parts.get("panel") === "projects" && C.allProjects.length) { st.panel = true; st.projects = true; }
  return C.byId.get(parts.get("site"));
};
C.recallFilters = (parts) => document.querySelectorAll("#legend input[data-filter]").forEach((box) => {
  if (parts.getAll("without-" + box.dataset.filter).includes(box.value)) { box.checked = false; C.state.off[box.dataset.filter].add(box.value); }
});
C.narrow = () => matchMedia("(max-width: 1000px)").matches;
C.drawer = (open) => {
  // search, filters and legend lie over the picture, and only when asked for
  document.querySelector(".app").classList.toggle("filters", open);
  C.at("filters").setAttribute("aria-expanded", String(open));
};
C.reset = () => {
  // all as it was at first: filters, search, projects, what was opened or chosen
  C.clearFilters();
  const box = C.at("search");
  box.value = "";
  box.dispatchEvent(new Event("input"));
  C.ticked.clear();
  Object.assign(C.state, { panel: false, projects: C.data.showProjects, idle: false, capacity: false });
  C.at("idle").checked = C.at("capacity").checked = false;
  C.at("panel").setAttribute("aria-pressed", "false");
  C.choose(null);
  C.opened.clear();
  if (C.grouping) C.redo(); else { C.setProjects(C.state.projects); }
  if (C.story) C.tell(C.OPENS);
  C.show(true);
};
C.controls = () => {
  document.querySelectorAll("#switch button").forEach((b) => b.addEventListener("click", () => C.setMode(b.dataset.mode)));
  C.at("choke").addEventListener("click", () => C.setChoke(!C.state.choke));
  C.at("skip").addEventListener("click", (event) => { event.preventDefault(); C.goGraph(); });
  C.at("fit").addEventListener("click", () => C.show(true));
  C.at("reset").addEventListener("click", C.reset);
  C.at("panel").addEventListener("click", () => C.setPanel(!C.state.panel));
  C.at("filters").addEventListener("click", () => C.drawer(!document.querySelector(".app").classList.contains("filters")));
  C.at("closeFilters").addEventListener("click", () => { C.drawer(false); C.at("filters").focus(); });
  C.at("help").addEventListener("click", () => C.at("keys").showModal());
  C.at("csv").addEventListener("click", C.csv);
  C.at("png").addEventListener("click", () => C.compose(true).toBlob((blob) => {
    const url = URL.createObjectURL(blob);
    C.save(url, "graph" + C.fileMonth() + ".png");
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }));
  C.at("svg").addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([C.svg()], { type: "image/svg+xml" }));
    C.save(url, "graph" + C.fileMonth() + ".svg");
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  });
  document.querySelectorAll("#legend input[data-filter]").forEach((box) => box.addEventListener("change", () => {
    const set = C.state.off[box.dataset.filter];
    if (box.checked) set.delete(box.value); else set.add(box.value);
    C.changed();
  }));
  if (C.at("projects")) C.at("projects").addEventListener("change", (event) => C.setProjects(event.target.checked));
  C.at("idle").addEventListener("change", (event) => { C.state.idle = event.target.checked; C.changed(); });
  C.at("capacity").addEventListener("change", (event) => { C.state.capacity = event.target.checked; C.changed(); });
  C.at("commodity").addEventListener("change", (event) => { C.state.commodity = event.target.value; C.changed(); });
  C.at("least").addEventListener("input", (event) => {
    // the slider follows the square root, as the widths do
    const share = Number(event.target.value) / 100;
    C.state.least = share * share;
    C.at("leastText").textContent = C.percent(C.state.least) + " of the widest";
    C.changed();
  });
};
C.samples = () => {
  // samples in the kind of tonne that is counted, else in that which most links carry
  const counts = new Map();
  C.links.forEach((k) => counts.set(k.basis, (counts.get(k.basis) || 0) + 1));
  const usual = [...counts].sort((p, q) => q[1] - p[1])[0];
  const basis = C.mostLink.get(C.data.mainBasis) > 0 ? C.data.mainBasis : usual ? usual[0] : "", widest = C.mostLink.get(basis);
  if (!(widest > 0)) { C.at("widths").textContent = "no flow on record: all links are thin"; return; }
  const round = (x) => Number(x.toPrecision(1)), space = "http://www.w3.org/2000/svg";
  [widest / 100, widest / 10, widest].map(round).forEach((flow) => {
    const picture = document.createElementNS(space, "svg"), line = document.createElementNS(space, "path");
    picture.setAttribute("viewBox", "0 0 22 16");
    picture.style.width = "22px";
    line.setAttribute("d", "M0 8H22");
    line.setAttribute("stroke", COLOURS.soft);
    line.setAttribute("stroke-width", String(Math.min(C.linkWidth(flow, basis), 14)));
    picture.append(line);
    const sample = C.make("span");
    sample.append(picture, " " + C.number(flow, 1e-9));
    C.at("widths").append(sample);
  });
  const kinds = [...C.mostLink.values()].filter((most) => most > 0).length;
  C.at("widths").append(" t/yr" + (basis ? " " + basis.replace(/^t /, "") : "") + (kinds > 1 ? "; each kind of tonne has its own scale" : ""));
};
C.inOrder = () => {
  // what flows back first, then wide links, so that thin ones stay on top
  return C.links.slice().sort((p, q) => q.isBack - p.isBack || C.peak(q) - C.peak(p) || p.index - q.index);
};
C.resize = () => {
  const above = document.querySelector(".app").getBoundingClientRect().top + scrollY;
  document.documentElement.style.setProperty("--above", Math.round(above) + "px");
};
// the page stands still when the graph takes the keys
C.goGraph = () => C.at("graph").focus({ preventScroll: true });
C.start = () => {
  C.resize();
  C.unpackMonths();
  C.putTier();
  C.scene();
  C.widest = C.links.length > 600 ? 7 : 12;
  C.badges = new Set();
  C.startTier = C.state.tier;
  const named = C.recall();
  C.putTier();
  if (C.data.months) { C.putMonth(); if (C.grouping) C.scene(); }
  C.aim();
  if (C.at("projects")) C.at("projects").checked = C.state.projects;
  C.at("panel").setAttribute("aria-pressed", String(C.state.panel));
  C.layout();
  C.makeHeads();
  C.nodes = new vis.DataSet(C.sites.map(C.siteStyle));
  C.edges = new vis.DataSet(C.inOrder().map(C.linkStyle));
  window.network = new vis.Network(C.at("graph"), { nodes: C.nodes, edges: C.edges }, {
    physics: false,
    layout: { improvedLayout: false, randomSeed: 1 },
    nodes: { labelHighlightBold: false, chosen: false },
    edges: { chosen: false },
    interaction: {
      dragNodes: false, hover: false, tooltipDelay: 1e9, selectConnectedEdges: false, keyboard: false,
      hideEdgesOnDrag: C.links.length > 800, hideEdgesOnZoom: C.links.length > 800,
    },
  });
  window.network.on("beforeDrawing", C.under);
  window.network.on("afterDrawing", C.paint);
  C.samples();
  C.controls();
  C.monthControls();
  C.storyControls();
  C.timeline();
  C.pointer();
  C.search();
  C.keys();
  C.tables();
  C.show(false);
  C.marks();
  C.changed(true);
  if (named) C.choose(named, false);
  let last = innerWidth + "x" + innerHeight;
  addEventListener("resize", () => {
    const now = innerWidth + "x" + innerHeight;
    if (now === last || matchMedia("print").matches) return;
    last = now;
    C.resize(); C.timeline(); C.layout(); C.makeHeads(); C.changed(); C.show(false);
  });
  addEventListener("beforeprint", C.print);
  addEventListener("afterprint", () => { window.network.setSize("100%", "100%"); window.network.redraw(); });
};
C.start();
