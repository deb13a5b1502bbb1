"use strict";
// Too many sites to tell apart: those of one step and country stand together, except the costliest and the cut.
C.GROUPED = 150;
C.SINGLE = 8;
C.opened = new Set();
C.grouping = C.every.sites.filter((s) => !s.project).length > C.GROUPED;
C.family = (s) => s.block + " " + s.place;
C.isSingle = (s) => !C.grouping || s.project || s.inCut && C.fewCut || C.leaders.has(s) || C.opened.has(C.family(s));
// of many that cost the same only the first few stand alone
C.lead = () => {
  const ranked = C.every.sites.filter((s) => s.rank).sort((p, q) => p.rank - q.rank || (p.id < q.id ? -1 : 1));
  C.leaders = new Set(ranked.slice(0, C.SINGLE));
  C.fewCut = C.every.sites.filter((s) => s.inCut).length <= 2 * C.SINGLE;
};
C.sum = (rows, name) => {
  const known = rows.map((r) => r[name]).filter((v) => v !== null && v !== undefined);
  return known.length ? known.reduce((a, b) => a + b, 0) : null;
};
C.herd = (members) => {
  const first = members[0], base = C.sum(members, "base"), result = C.sum(members, "result");
  const whole = members.every((s) => s.capacity !== null), capacity = whole ? C.sum(members, "capacity") : null;
  const share = (flow) => flow === null || !(capacity > 0) ? null : flow / capacity;
  return {
    ...C.added(members), ...C.data.blanks.site, id: "group " + C.family(first), key: "group " + C.family(first), members,
    label: C.whole(members.reduce((sum, s) => sum + s.size, 0)) + " sites, " + first.step, stage: first.stage, step: first.step, place: first.place, block: first.block,
    order: members.reduce((sum, s) => sum + s.order, 0) / members.length, colour: first.colour,
    base, result, capacity, baseText: C.tonnes(base), resultText: C.data.hasResult ? C.tonnes(result) : "-",
    capacityText: whole ? C.tonnes(capacity) : first.stage === "end_use" ? "n/a" : "not all on record",
    utilBase: share(base), utilResult: share(result), utilText: share(base) === null ? "n/d" : C.percent(share(base)),
    quality: [...new Set(members.map((s) => s.quality))].sort().join(", "),
    commodity: members.every((s) => s.commodity === first.commodity) ? first.commodity : "",
    makes: members.every((s) => s.makes === first.makes) ? first.makes : "",
    demand: members.flatMap((s) => s.demand), references: [], fields: [], inCut: members.some((s) => s.inCut),
    asked: C.sum(members, "asked"), shortfall: C.sum(members, "shortfall"), several: false, size: members.reduce((sum, s) => sum + s.size, 0),
  };
};
C.scene = () => {
  // groups and single sites, and the links between them with their flows added
  C.lead();
  if (!C.grouping) { C.wire(C.every.sites, C.every.links); return; }
  const families = new Map(), item = new Map();
  C.every.sites.forEach((s) => {
    if (C.isSingle(s)) { item.set(s, s); return; }
    if (!families.has(C.family(s))) families.set(C.family(s), []);
    families.get(C.family(s)).push(s);
  });
  families.forEach((members) => {
    const one = members.length === 1 ? members[0] : C.herd(members);
    members.forEach((s) => item.set(s, one));
  });
  const bundles = new Map();
  C.every.links.forEach((k) => {
    const from = item.get(k.from), to = item.get(k.to), name = [from.key, to.key, k.commodity, k.isNew].join("\u001f");
    if (from === to) return;
    if (!bundles.has(name)) bundles.set(name, []);
    bundles.get(name).push([k, from, to]);
  });
  const links = [...bundles.values()].map((rows) => {
    const [first, from, to] = rows[0];
    if (rows.length === 1 && from.size === 1 && to.size === 1) return first;
    const parts = rows.map((r) => r[0]), base = C.sum(parts, "base"), result = C.sum(parts, "result");
    const top = (k) => Math.max(k.base || 0, k.result || 0);
    const whole = parts.reduce((sum, k) => sum + top(k), 0), guessed = parts.filter((k) => k.isInferred).reduce((sum, k) => sum + top(k), 0);
    return {
      ...first, ...C.added(parts), id: "group " + first.id, from, to, base, result, parts,
      baseText: C.tonnes(base), resultText: C.data.hasResult ? C.tonnes(result) : "-",
      changeText: C.data.hasResult ? C.changeText(base, result) : "-", capacityText: "of " + parts.length + " links",
      isInferred: guessed > whole / 2, inCut: parts.some((k) => k.inCut), fields: [["Links", String(parts.length)]], references: [],
      quality: parts.every((k) => k.quality === first.quality) ? first.quality : "mixed",
    };
  });
  C.wire([...new Set(item.values())], links);
};
C.redo = () => {
  // the same page with other groups open
  C.state.traced = null;
  C.scene();
  C.layout();
  C.makeHeads();
  C.nodes.clear();
  C.edges.clear();
  C.nodes.add(C.sites.map(C.siteStyle));
  C.edges.add(C.inOrder().map(C.linkStyle));
  C.changed(true);
  C.show(false);
};
C.open = (family) => { C.opened.add(family); C.state.chosen = null; C.redo(); };
C.regroup = () => { C.opened.clear(); C.state.chosen = null; C.redo(); };
