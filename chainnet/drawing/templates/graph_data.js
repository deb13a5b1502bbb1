"use strict";
// What the page knows, what is switched on, and what follows from both. Data becomes text nodes, never markup.
const C = { data: JSON.parse(document.getElementById("data").textContent) };
C.data.months = C.data.courses[0] || null;
// on a page a number and its unit may part at the end of a line
C.number = WORDS.number; C.whole = WORDS.count;
C.percent = (share) => WORDS.percent(share, " ");
C.tonnes = (x) => WORDS.tonnes(x, " ");
C.ratio = (flow, capacity) => flow === null || !(capacity > 0) ? null : Number((flow / capacity).toPrecision(9));
C.changeText = (before, after) => {
  if (before === null || after === null) return "n/d";
  const change = after - before;
  if (Math.abs(change) <= 1e-6 * Math.max(Math.abs(before), Math.abs(after), 1e-9)) return "0";
  return WORDS.change(change, " ");
};
// what the files hold; C.sites and C.links are what is drawn, groups included.
// What follows from a row's numbers, its step or its place is not in the file: it is filled in here.
C.words = new Map(Object.entries(C.data.commodityWords));
C.colours = new Map(Object.entries(C.data.colourOf));
C.fields = (row) => row.fields.map((f) => typeof f === "number" ? C.data.common[f] : f);
C.same = (given) => ({ result: C.data.hasResult && given.base !== undefined ? given.base : null });
C.fill = {
  site: (given) => {
    const s = { ...C.data.blanks.site, ...C.same(given), ...given }, block = C.data.blocks[s.block];
    s.utilBase = given.utilBase === undefined ? C.ratio(s.base, s.capacity) : given.utilBase;
    s.utilResult = given.utilResult === undefined ? C.ratio(s.result, s.capacity) : given.utilResult;
    return {
      stage: block.stage, step: block.name, colour: C.colours.get(s.place),
      baseText: C.tonnes(s.base), resultText: C.data.hasResult ? C.tonnes(s.result) : "-",
      capacityText: s.capacity !== null ? C.tonnes(s.capacity) : block.stage === "end_use" ? "n/a" : "no limit (no capacity on record)",
      utilText: C.percent(s.base === null ? s.utilResult : s.utilBase),
      lostText: s.lost === null ? "-" : C.tonnes(s.lost), lostShareText: s.lost === null ? "-" : C.percent(s.lostShare),
      firstLostText: s.firstLost === null ? "-" : C.tonnes(s.firstLost), firstLostShareText: s.firstLost === null ? "-" : C.percent(s.firstLostShare),
      ...s, fields: C.fields(s),
    };
  },
  link: (given, i) => {
    const k = { id: "e" + i, ...C.data.blanks.link, ...C.same(given), ...given };
    return {
      isInferred: k.quality === "inferred", commodityText: C.words.has(k.commodity) ? C.words.get(k.commodity) : k.commodity,
      baseText: C.tonnes(k.base), resultText: C.data.hasResult ? C.tonnes(k.result) : "-",
      changeText: C.data.hasResult ? C.changeText(k.base, k.result) : "-", ...k, fields: C.fields(k),
    };
  },
};
C.every = { sites: C.data.sites.map(C.fill.site), links: C.data.links.map(C.fill.link) };
C.blocks = C.data.blocks;
C.at = (id) => document.getElementById(id);
C.make = (tag, text, kind) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
};
// names that every JavaScript object bears would be mistaken for entries by the drawing engine
C.every.sites.forEach((s) => { s.key = s.id in {} ? "id:" + s.id : s.id; });
C.every.links.forEach((k) => { k.from = C.every.sites[k.s]; k.to = C.every.sites[k.t]; k.basis = C.data.basisOf[k.commodity] || k.commodity || ""; });
C.byId = new Map(C.every.sites.map((s) => [s.id, s]));
C.rowById = new Map(C.every.links.map((k) => [k.id, k]));
C.wire = (sites, links) => {
  C.sites = sites;
  C.links = links;
  C.sites.forEach((s, i) => { s.index = i; s.out = []; s.into = []; });
  C.links.forEach((k, i) => {
    k.index = i;
    k.from.out.push(k);
    k.to.into.push(k);
    const a = C.blocks[k.from.block].column, b = C.blocks[k.to.block].column;
    k.isBack = a < 0 || b < 0 || b <= a;
  });
  C.linkById = new Map(C.links.map((k) => [k.id, k]));
  // tonnes of different materials are never compared: each kind of tonne has its own scale
  C.links.forEach((k) => { k.basis = C.data.basisOf[k.commodity] || k.commodity || ""; });
  C.sites.forEach((s) => {
    const top = (s.out.length ? s.out : s.into).reduce((a, k) => !a || C.peak(k) > C.peak(a) ? k : a, null);
    s.basis = top ? top.basis : "";
  });
  C.mostAsked = C.sites.reduce((top, s) => Math.max(top, s.asked || 0), 0);
  C.aim();
  C.mostSite = C.mosts(C.sites);
  C.mostLink = C.mosts(C.links);
};
C.state = {
  mode: C.data.hasResult ? "result" : "base",
  step: 0,
  focus: false,
  choke: C.data.startChoke,
  tier: C.data.firstTier && C.data.sites.some((s) => s.firstLost > 0) ? "first" : "all",
  panel: false,
  chosen: null,
  traced: null,
  hover: null,
  off: { step: new Set(), place: new Set(), quality: new Set() },
  commodity: "",
  least: 0,
  projects: C.data.showProjects,
  idle: false,
  capacity: false,
  course: 0,
  month: C.data.months ? C.data.months.start : 0,
};
C.flow = (row) => {
  if (C.state.mode === "base") return row.base || 0;
  if (C.state.mode === "result") return row.result || 0;
  return Math.max(row.base || 0, row.result || 0);
};
C.change = (row) => {
  if (C.isCalm()) return 0;
  const before = row.base || 0, after = row.result || 0, change = after - before;
  return Math.abs(change) <= 1e-6 * Math.max(before, after, 1e-9) ? 0 : change;
};
// with months: the most in any of them, so that widths and areas keep their scale
C.peak = (row) => Math.max(row.base || 0, row.result || 0, row.most || 0);
C.mosts = (rows) => rows.reduce((all, r) => all.set(r.basis, Math.max(all.get(r.basis) || 0, C.peak(r))), new Map());
C.mostLost = 0;
C.carries = (k) => C.flow(k) > 0;
C.siteShown = (s) => !C.state.off.step.has(s.step) && !C.state.off.place.has(s.place) &&
  (C.state.projects || !s.project);
C.linkOpen = (k) => C.siteShown(k.from) && C.siteShown(k.to) && !C.state.off.quality.has(k.quality) &&
  (!C.state.commodity || k.commodity === C.state.commodity);
C.linkShown = (k) => {
  const flow = C.state.mode === "diff" && C.change(k) < 0 ? k.result || 0 : C.flow(k), st = C.state;
  const chosen = st.traced && st.traced.links.has(k);
  if (!C.linkOpen(k)) return false;
  if (flow <= 0) return st.idle || Boolean(chosen);
  return flow >= st.least * (C.mostLink.get(k.basis) || 0);
};
// what an end use asks for and does not get, where its demand counts; nothing in the base year
C.isShort = (s) => C.state.mode !== "base" && s.asked > 0 && s.shortfall > 0;
C.shortfallShare = (s) => s.asked > 0 ? Math.min(1, (s.shortfall || 0) / s.asked) : 0;
C.shortfallText = (s) => "short " + C.number(s.shortfall) + " of " + C.number(s.asked);
// of the links that moved most: whether each answer that serves as much moves them too
C.movedNow = () => {
  const from = C.data.months || C.data;
  if (!from.moved || C.data.months && C.monthNow().n !== 0) return C.NONE;
  if (!from.ends) from.ends = new Map(from.moved.map(([i, least, most]) => ["e" + i, [least, most]]));
  return from.ends;
};
C.NONE = new Map();
C.movedText = (k) => {
  const ends = C.movedNow().get(k.id), base = k.base || 0;
  if (!ends) return "";
  const hair = 1e-6 * Math.max(base, ends[1], 1e-9), forced = base < ends[0] - hair || base > ends[1] + hair;
  const range = ends[1] - ends[0] > hair ? ", " + C.number(ends[0]) + " to " + C.number(ends[1]) : "";
  return (forced ? "forced" : "one of several equally good ways") + range;
};
C.isolated = (text) => "\u2068" + text + "\u2069";
C.trace = (start) => {
  // everything up- and downstream along links with flow; where none has any, along all links.
  // Scrap goes round: the way ends at a recycler, else every chain would be the whole graph.
  const open = (k) => C.state.capacity || C.carries(k) || (C.state.mode === "diff" && C.flow(k) > 0);
  const any = [...start.out, ...start.into].some(open);
  const way = any ? open : () => true;
  const sites = new Set([start]), links = new Set(), ends = { up: new Set(), down: new Set() };
  const walk = (side, next, found) => {
    const seen = new Set([start]), queue = [start];
    while (queue.length) {
      const here = queue.pop();
      here[side].forEach((k) => {
        if (!way(k)) return;
        links.add(k);
        const there = k[next];
        if (seen.has(there)) return;
        seen.add(there);
        sites.add(there);
        found.add(there);
        if (there.stage !== "recycler") queue.push(there);
      });
    }
  };
  walk("out", "to", ends.down);
  walk("into", "from", ends.up);
  return { sites, links, up: ends.up, down: ends.down, byFlow: any };
};
C.feeds = (traced) => {
  // which part of each tier's demand stands at the end uses reached
  const ends = [...traced.down].filter((s) => s.stage === "end_use");
  const parts = {};
  ends.forEach((s) => s.demand.forEach((d) => {
    if (d.counts && d.tier) parts["t " + d.tier] = (parts["t " + d.tier] || 0) + (d.tpa || 0);
  }));
  const words = C.data.tierOrder.map((tier) => {
    const whole = C.data.tierTotals[tier], part = parts["t " + tier];
    return whole && part !== undefined ? C.percent(part / whole) + " of " + tier : "";
  }).filter(Boolean);
  const heads = (rows) => rows.reduce((sum, s) => sum + s.size, 0);
  const sources = heads([...traced.up].filter((s) => s.stage === "mine")), reached = heads(ends);
  const groups = [...traced.sites].some((s) => s.members) ? " Traced by groups: single sites reach no more than this." : "";
  return "Reached by " + sources + (sources === 1 ? " mine" : " mines") + "; feeds " + reached +
    (reached === 1 ? " end use" : " end uses") + (words.length ? ", which ask for " + words.join(", ") + " demand." : ".") + groups;
};
