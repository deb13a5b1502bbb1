"use strict";
// Projects by how far they are, with what each gains, costs and needs; of those ticked together what is known.
C.STATES = [["running", "Running, not in the base year"], ["building", "Being built"], ["decided", "Decided, not begun"],
  ["idle", "Idle, to restart"], ["undecided", "Not decided"]];
C.ticked = new Set();
C.allProjects = C.every.sites.filter((s) => s.project);
C.sets = new Map();
C.setKey = (ids) => [...ids].sort().join("\u001f");
if (C.data.worth) C.data.worth.sets.forEach(([ids, value]) => C.sets.set(C.setKey(ids), value));
C.alone = (id) => C.data.worth.projects[id].alone;
C.together = (ids) => {
  // known sets have a value; of all others it lies between the best part of it that is known and the least whole around it
  const known = C.sets.get(C.setKey(ids));
  if (ids.length < 2) return { least: ids.length ? C.alone(ids[0]) : 0, isKnown: true };
  if (known !== undefined) return { least: known, isKnown: true };
  if (ids.length === 2) return { least: C.alone(ids[0]) + C.alone(ids[1]), isKnown: true };
  const picked = new Set(ids);
  let least = 0, most = Infinity;
  ids.forEach((a, i) => ids.slice(i + 1).forEach((b) => { least = Math.max(least, C.together([a, b]).least); }));
  C.sets.forEach((value, key) => {
    const members = key.split("\u001f");
    if (members.every((id) => picked.has(id))) least = Math.max(least, value);
    if (ids.every((id) => members.includes(id))) most = Math.min(most, value);
  });
  return { least, most, isKnown: most - least <= 1e-6 * Math.max(most, 1) };
};
C.projectName = (id) => C.byId.has(id) ? C.byId.get(id).label : id;
C.listed = (words) => words.length < 2 ? words.join("") : words.slice(0, -1).join(", ") + " and " + words[words.length - 1];
C.worthOf = (s) => C.data.worth ? C.data.worth.projects[s.id] : undefined;
C.costText = (s) => s.capex === null ? "cost not known" : "USD " + C.number(s.capex) + " million";
C.gainText = (s) => {
  const w = C.worthOf(s);
  if (!C.data.worth) return "gain not asked";
  if (!w) return "does not stand by " + C.data.worth.year;
  const tier = C.data.worth.tier && w.first > 0 ? " (" + C.data.worth.tier + ", if first: " + C.number(w.first) + ")" : "";
  return (w.alone > 0 ? "gains " + C.tonnes(w.alone) + " alone" : "gains nothing alone") + tier;
};
C.needsText = (s) => {
  const w = C.worthOf(s);
  return w && w.needs.length ? "needs " + C.listed(w.needs.map(C.projectName)) : "";
};
C.worthLines = (s) => {
  const w = C.worthOf(s), lines = [["State", s.projectText.replace(/^project, /, "")], ["Cost", C.costText(s)]];
  if (!C.data.worth) return [...lines, ["Gain", "not asked"]];
  if (!w) return [...lines, ["Gain", "none: it does not stand by " + C.data.worth.year]];
  lines.push(["Gains alone", C.tonnes(w.alone)]);
  if (C.data.worth.tier) lines.push([C.capital(C.data.worth.tier) + ", if first", C.tonnes(w.first)]);
  lines.push(["Gains as last", C.tonnes(w.lastIn)], ["Fair share", C.tonnes(w.fair) + (C.data.worth.isSampled ? " (" + C.data.worth.fairWord + ")" : "")]);
  if (w.needs.length) lines.push(["Needs", C.listed(w.needs.map(C.projectName))]);
  return lines;
};
C.worthWords = () => {
  const w = C.data.worth;
  if (!w) return "What they gain was not asked.";
  return "Gain: what more of the demand that counts is served under \u201c" + C.capital(w.words) + "\u201d: " + w.how + ".";
};
C.jointWords = () => {
  const ids = [...C.ticked].filter((id) => C.data.worth && C.data.worth.projects[id]), late = C.ticked.size - ids.length;
  if (!C.ticked.size) return C.data.worth ? "Tick projects to see what they gain together." : "";
  const cost = [...C.ticked].map((id) => C.byId.get(id).capex), unknown = cost.filter((x) => x === null).length;
  const usd = "USD " + C.number(cost.reduce((sum, x) => sum + (x || 0), 0)) + " million" + (unknown ? " and " + unknown + " of unknown cost" : "");
  if (!C.data.worth) return "Together: gain not asked; " + usd + ".";
  const found = C.together(ids), sum = ids.reduce((all, id) => all + C.alone(id), 0);
  const gain = found.isKnown ? C.tonnes(found.least) : "not asked: between " + C.number(found.least) + " and " + C.tonnes(found.most);
  const apart = ids.length > 1 && found.isKnown ? Math.abs(found.least - sum) <= 1e-6 * Math.max(sum, 1) ? ", as much as apart" : ", apart " + C.number(sum) : "";
  return (ids.length > 1 ? "Together: " : "Alone: ") + gain + apart + "; " + usd + (late ? "; " + late + " does not stand by then" : "") + ".";
};
C.projectRow = (s) => {
  const label = C.make("label", undefined, "project"), box = C.make("input"), text = C.make("span");
  box.type = "checkbox";
  box.value = s.id;
  box.checked = C.ticked.has(s.id);
  box.addEventListener("change", () => {
    if (box.checked) C.ticked.add(s.id); else C.ticked.delete(s.id);
    C.at("joint").textContent = C.jointWords();
    C.refresh();
    C.remember();
    window.network.redraw();
    C.say(C.jointWords());
  });
  const name = C.make("button", s.label, "plain");
  name.type = "button";
  name.addEventListener("click", () => { C.choose(s, true); C.goGraph(); });
  text.append(name, C.make("small", [s.step, s.place, s.start ? "from " + s.start : ""].filter(Boolean).join(" \u00b7 ")),
    C.make("small", [C.gainText(s), C.costText(s)].join(" \u00b7 ")));
  const needs = C.needsText(s);
  if (needs) text.append(C.make("small", needs));
  label.append(box, text);
  return label;
};
C.projectSide = () => {
  const joint = C.make("p", C.jointWords(), "joint"), worth = (s) => { const w = C.worthOf(s); return w ? Math.max(w.alone, w.first || 0, w.fair) : -1; };
  joint.id = "joint";
  joint.setAttribute("role", "status");
  const parts = [C.make("h2", "Projects"), C.make("p", C.worthWords(), "lead"), joint];
  C.STATES.forEach(([state, words]) => {
    const mine = C.allProjects.filter((s) => s.state === state).sort((p, q) => worth(q) - worth(p) || (p.id < q.id ? -1 : 1));
    if (!mine.length) return;
    const list = C.make("div", undefined, "projects");
    list.append(...mine.map(C.projectRow));
    parts.push(C.make("h3", words + " (" + mine.length + ")"), list);
  });
  return parts;
};
C.setPanel = (on) => {
  C.state.panel = on;
  if (on && C.state.chosen) C.choose(null);
  C.at("panel").setAttribute("aria-pressed", String(on));
  if (on && !C.state.projects) C.setProjects(true); else { C.side(); C.remember(); }
  if (on && C.narrow()) C.at("side").scrollIntoView();
};
