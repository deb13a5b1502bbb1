"use strict";
// Whose losses are ranked: those of all tiers or, where both were asked, those of the first tier.
C.LOSSES = ["lost", "lostText", "lostShare", "lostShareText", "lossClass", "rank", "rankText"];
C.both = Boolean(C.data.firstTier);
C.every.sites.forEach((s) => {
  s.ofAll = Object.fromEntries(C.LOSSES.map((key) => [key, s[key]]));
  s.ofFirst = Object.fromEntries(C.LOSSES.map((key) => [key, s["first" + key[0].toUpperCase() + key.slice(1)]]));
});
C.cutBinds = C.data.narrowBy === "cut";
// why a step is marked where no bottleneck was asked for
C.markWords = "\u25b6 " + (C.cutBinds ? "in a minimum cut" : "costliest step");
C.putTier = () => {
  // the ranking of one tier takes the place of the other's, everywhere
  const mine = C.both && C.state.tier === "first" ? "ofFirst" : "ofAll";
  C.every.sites.forEach((s) => Object.assign(s, s[mine]));
  C.mostLost = C.every.sites.reduce((top, s) => Math.max(top, s.lost || 0), 0);
  const ranked = C.every.sites.filter((s) => s.rank).sort((p, q) => p.rank - q.rank || (p.id < q.id ? -1 : 1));
  const top = C.every.sites.reduce((most, s) => s.lost > (most ? most.lost : 0) ? s : most, null);
  C.blocks.forEach((b) => {
    const worst = ranked.find((s) => s.block === b.index);
    b.group = worst ? null : C.every.sites.filter((s) => s.block === b.index && s.several && s.lost > 0).reduce((top, s) => !top || s.lost > top.lost ? s : top, null);
    Object.assign(b, { worst: worst ? worst.id : null, worstText: worst ? worst.lostText : "", worstClass: worst ? Math.max(1, worst.lossClass) : 0 });
    if (C.data.narrowBy !== "bottleneck" && !C.cutBinds) b.narrowest = Boolean(top) && top.block === b.index;
  });
};
C.tierName = () => C.both && C.state.tier === "first" ? C.data.firstTier : C.data.lossTier || (C.data.tierOrder.length ? "all tiers" : "demand");
C.setTier = (tier) => {
  C.state.tier = tier;
  C.putTier();
  if (C.grouping) C.redo(); else C.changed();
  C.marks();
  C.say("Losses of " + C.tierName() + " shown");
};
C.tierSwitch = () => {
  if (!C.both) return [];
  const row = C.make("div", undefined, "switch");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Whose losses");
  [["first", C.data.firstTier], ["all", "all tiers"]].forEach(([tier, words]) => {
    const button = C.make("button", words);
    button.type = "button";
    button.setAttribute("aria-pressed", String(C.state.tier === tier));
    button.addEventListener("click", () => { C.setTier(tier); C.at("side").querySelector(".switch [aria-pressed=true]").focus(); });
    row.append(button);
  });
  return [row];
};
C.lossLine = (s, lead) => C.row(s, lead + (s.inCut ? "\u25b6 " : "") + C.unitName(s), s.lostText, C.mostLost > 0 ? s.lost / C.mostLost : null, C.LESS,
  [s.step, s.place, s.lostShareText].filter(Boolean).join(" \u00b7 "));
// of a site of several parts only the largest is listed, under the name of the site
C.unitName = (s) => s.unitLabel || s.label;
C.units = (rows) => {
  const seen = new Map();
  rows.forEach((s) => { const unit = s.unit || s.id, old = seen.get(unit); if (!old || (s.base || 0) > (old.base || 0)) seen.set(unit, s); });
  return [...seen.values()];
};
C.losses = () => {
  // single sites first; what may be several plants stands by itself and bears no rank
  const tested = C.units(C.every.sites.filter((s) => s.lost !== null));
  const ranked = tested.filter((s) => s.rank).sort((p, q) => p.rank - q.rank || (p.id < q.id ? -1 : 1));
  const groups = tested.filter((s) => s.several && s.lost > 0).sort((p, q) => q.lost - p.lost || (p.id < q.id ? -1 : 1));
  const counts = C.both && C.state.tier === "first" ? C.data.firstTested : C.data.tested;
  const parts = [C.make("h2", "Costliest single losses"), ...C.tierSwitch(), C.make("p", C.lossSentence(), "lead")];
  if (ranked.length) parts.push(C.rows(ranked.slice(0, 12).map((s) => C.lossLine(s, s.rankText + "  "))));
  const more = counts.costly - Math.min(ranked.length, 12), rest = more ? "and " + C.whole(more) + " more; " : "";
  parts.push(C.make("p", rest + C.whole(counts.single - counts.costly) + " of " + C.whole(counts.single) + " single sites cost " + C.tierName() + " nothing" + C.largestHarmless() + ".", "lead"));
  if (groups.length) {
    parts.push(C.make("h3", "Groups of plants"), C.make("p", "Each entry may be several plants: a region, or no single operator on record. They are no single sites and bear no rank.", "lead"),
      C.rows(groups.slice(0, 6).map((s) => C.lossLine(s, ""))));
    if (groups.length > 6) parts.push(C.make("p", "and " + (groups.length - 6) + " more.", "lead"));
  }
  return parts;
};
C.lossSentence = () => C.both && C.state.tier === "first"
  ? "Loss: what " + C.data.firstTier + " loses, if served first, when the site alone drops out and the rest is rerouted (" + C.data.lossCounts + ")."
  : C.data.lossWords;
C.largestHarmless = () => {
  const none = C.every.sites.filter((s) => s.lost === 0 && !s.several && !s.project && (s.base || 0) > 0).sort((p, q) => q.base - p.base || p.index - q.index)[0];
  return none ? ", among them " + none.label + " (" + none.baseText + ")" : "";
};
