// What the page shows of an answer. Labels come from the data and reach the page as text alone.
const SMALL = 1e-6;

function element(tag, words, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  if (words !== null && words !== undefined) made.textContent = words;
  for (const [key, value] of Object.entries(attributes))
    if (key === "style") Object.assign(made.style, value); else made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

// what a solve leaves below nothing, or beside all, is nothing or all
const settled = (part) => part <= SMALL ? 0 : Math.abs(part - 1) <= SMALL ? 1 : part;
const percent = (part) => WORDS.percent(settled(part));
const tonnes = (value) => WORDS.tonnes(value, " ");

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const share = (stage) => stage.demand_tpa > 0 ? stage.served_tpa / stage.demand_tpa : 1;

function inWords(id, value) {
  const control = known.get(id);
  if (control.kind === "export") return value === null ? "no rule" : `${percent(value)} of baseline exports`;
  if (control.kind === "demand") return value === 1 ? "as it is" : `${percent(value)} of what is asked`;
  return {site: ["is out", "works"], stock: ["is shut", "is open"], owner: ["has all sites out", "works"], project: ["is not built", "is built"]}[control.kind][Number(value)];
}

function movedWords(id, value) {
  const control = known.get(id);
  return `${control.kind === "demand" ? "demand, " : ""}${control.label}${["export", "demand"].includes(control.kind) ? ":" : ""} ${inWords(id, value)}`;
}

// what was moved, in words; then the claims of a finding, in its wording, each slot filled from the answer on screen
const RELATIONS = {none: "no rerouting", existing: "existing links", new: "new suppliers"};
const REROUTED = {none: " without rerouting", existing: " on existing links"};
const fill = (claim, slots) => data.claims[claim].replace(/\{(\w+)\}/g, (_, key) => slots[key]);
const join = (list) => list.length < 2 ? list.join("") : `${list.slice(0, -1).join(", ")} and ${list[list.length - 1]}`;
const tierOf = (name) => data.tiers.find((t) => t.name === name);
const due = (answer, k) => Math.max(0, (answer.tiers[k].demand_tpa - answer.tiers[k].served_tpa - answer.already[k]) / Math.max(answer.tiers[k].demand_tpa, 1e-12));

function sentence() {
  if (!shown) return "";
  const {answer} = shown, moved = Object.entries(answer.setting.controls);
  const preset = presets.find((p) => p.name === answer.setting.preset), lead = preset.name ? [preset.label] : [];
  if (moved.length === 1) lead.push(movedWords(...moved[0]));
  else if (moved.length) lead.push(`${moved.length} controls moved`);
  const label = lead.join("; ") || "Nothing is restricted";
  if (!answer.certificate.ok) return `${label}: not proved, so no number is given.`;
  const k = answer.tiers.findIndex((t) => t.tier === answer.tier), part = due(answer, k), {demand} = tierOf(answer.tier);
  const claim = answer.unsure.includes(answer.tier) ? fill("cannot", {demand}) : part <= data.none ? fill("met", {demand})
    : fill("short", {share: percent(part), demand, when: REROUTED[answer.setting.relations] ?? data.claims.gone});
  return `${capital(label)}: ${claim}.`;
}

// a share in words, as words.part has it
function partWords(value) { return value >= 1 - data.none / 1e3 ? "all" : percent(value); }

// what is short without any restriction, and the other tiers
function others(answer) {
  const rest = answer.tiers.map((t, k) => ({name: t.tier, part: due(answer, k), before: answer.already[k] / Math.max(t.demand_tpa, 1e-12)}));
  const own = rest.find((t) => t.name === answer.tier), [also, unsure] = [false, true].map((is) => rest.filter((t) => t !== own && answer.unsure.includes(t.name) === is));
  const met = also.filter((t) => t.part <= data.none), short = also.filter((t) => t.part > data.none);
  return [own.before > data.none ? `${capital(fill("already", {share: percent(own.before)}))}.` : "",
    met.length ? fill("others_met", {tiers: capital(join(met.map((t) => t.name)))}) : "",
    short.length ? `${capital(join(short.map((t, i) => fill("other_short", {tier: t.name, loses: i ? "" : "loses ", share: partWords(t.part)}))))}.` : "",
    unsure.length ? `${capital(fill("cannot", {demand: `${join(unsure.map((t) => t.name))} demand`}))}.` : ""].filter(Boolean).join(" ");
}

// the change against A, in points of what each tier asks for
function against(answer) {
  const points = answer.tiers.map((t, k) => [t.tier, 100 * (share(t) - share(kept.answer.tiers[k]))]).filter(([, p]) => Math.abs(p) > 100 * SMALL);
  const words = points.map(([tier, p]) => `${p > 0 ? "+" : "\u2212"}${WORDS.number(Math.abs(p))} points for ${tier}`);
  return `Against A: ${join(words) || "no tier gets more or less"}.`;
}

const otherOrder = (order) => ({allies_first: "allies_last", law: "allies_last", allies_last: "allies_first"})[order];

function stagesOf(answer) {
  return data.stages[answer.setting.order].map((stage, k) => ({...stage, ...answer.stages[k]}));
}

function bar(stage, before, other) {
  const part = share(stage);
  const track = element("span", null, {class: "track"}, element("i", null, {style: {width: `${100 * part}%`}}));
  if (before) track.append(element("b", null, {class: "mark", style: {left: `${100 * share(before)}%`}, title: `A: ${percent(share(before))}`}));
  const lost = stage.demand_tpa - stage.served_tpa;
  const words = part >= 1 - SMALL ? "all served" : `${percent(part)} served, ${tonnes(lost)} short`;
  const change = before && Math.abs(share(before) - part) > SMALL ? ` (A: ${percent(share(before))})` : "";
  const end = other ? ` · ${other.first}: ${percent(share(other))} served` : "";
  const tied = stage.most_tpa - stage.least_tpa > SMALL * stage.demand_tpa ? `, a tie with others between ${[stage.least_tpa, stage.most_tpa].map((v) => percent(v / stage.demand_tpa)).join(" and ")}` : "";
  return element("div", null, {class: "bar"},
    element("span", stage.name, {class: "who"}), track,
    element("span", `${words} of ${tonnes(stage.demand_tpa)}${tied}${change}${end}`, {class: "what"}));
}

// the beneficiaries' tiers where the others are served at the other end of the order
function otherEnd(answer, asides) {
  const key = otherOrder(answer.setting.order), found = asides?.find((a) => a.key === key);
  const words = key === "allies_last" ? "stress test, others first" : `${data.whose} first`;
  return new Map((found?.tiers ?? []).map((t) => [t.tier, {...t, first: words}]));
}

// what each project that does not stand would add to what the beneficiaries get, all tiers together
function paintAdds(answer, asides) {
  for (const span of document.querySelectorAll(".adds")) span.textContent = "";
  if (!asides) return;
  const total = (list, what = "served_tpa") => list.reduce((sum, t) => sum + t[what], 0), now = total(answer.tiers), whole = total(answer.tiers, "demand_tpa");
  for (const {key, tiers} of asides) {
    const span = known.has(key) && document.querySelector(`[data-row="${CSS.escape(key)}"] .adds`);
    if (!span || now >= whole * (1 - SMALL)) continue;
    const more = total(tiers) - now;
    span.textContent = Math.abs(more) <= SMALL * whole ? " · adds nothing here" : more > 0 ? ` · adds ${tonnes(more)} here` : ` · ${tonnes(-more)} less here, in all tiers together`;
  }
}

function paintBars(answer, asides) {
  const stages = stagesOf(answer).filter((s) => s.demand_tpa > 0), tiers = answer.tiers.filter((t) => t.demand_tpa > 0).map((t) => ({...t, name: t.tier}));
  const before = new Map((kept?.answer.tiers ?? []).map((t) => [t.tier, t]));
  const box = $("bars"), ends = otherEnd(answer, asides), isTogether = ["law", "alike"].includes(answer.setting.order);
  box.replaceChildren(element("h3", capital(data.whose)), ...tiers.map((t) => bar(t, before.get(t.name), ends.get(t.name))));
  const groups = [[isTogether ? "Everyone, stage by stage" : "The others", stages.filter((s) => s.main && data.hasOthers && (isTogether || !s.counts))], ["By-products and other goods", stages.filter((s) => !s.main)]];
  for (const [words, list] of groups.filter(([, list]) => list.length)) box.append(element("details", null, {}, element("summary", `${words} (${list.length})`), ...list.map((s) => bar(s))));
}

function paintStrip(answer, bottleneck) {
  const rows = new Map();
  data.steps.forEach((group, k) => {
    const row = rows.get(group.step) ?? {now: 0, first: 0, parts: []};
    row.now += answer.steps[k]; row.first += group.base ?? first.steps[k];
    row.parts.push({...group, now: answer.steps[k]});
    rows.set(group.step, row);
  });
  const box = $("strip");
  box.replaceChildren();
  for (const [step, row] of rows) {
    const size = Math.max(row.first, row.now) || 1, narrow = bottleneck && bottleneck.step === step;
    const track = element("span", null, {class: "track tall"});
    for (const part of row.parts) {
      if (part.now <= 1e-9 * size) continue;
      track.append(element("i", null, {title: `${part.country}: ${tonnes(part.now)}`, style: {width: `${100 * part.now / size}%`, background: part.colour}}));
    }
    if (row.first < row.now) track.append(element("b", null, {class: "mark", style: {left: `${100 * row.first / size}%`}}));
    const words = row.first > 0 ? percent(row.now / row.first) : tonnes(row.now);
    box.append(element("div", null, {class: narrow ? "bar step narrow" : "bar step"},
      element("span", capital(step), {class: "who"}), track,
      element("span", narrow ? `${words} · bottleneck` : words, {class: "what"})));
  }
  const colours = new Map();
  for (const group of data.steps) if (!colours.has(group.country)) colours.set(group.country, group.colour);
  const counts = new Map();
  for (const colour of colours.values()) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const key = [...colours].filter(([, colour]) => counts.get(colour) === 1);
  if (key.length < colours.size) key.push(["other countries", [...counts].find(([, n]) => n > 1)[0]]);
  $("legend").replaceChildren(...key.map(([words, colour]) => element("span", null, {class: "key"}, element("i", null, {style: {background: colour}}), element("bdi", words))));
}

function paintMembers(answer, found) {
  const body = $("members").tBodies[0];
  body.replaceChildren();
  if (!found) { $("tie").textContent = "Looking for the ends between which the part of each can lie."; return; }
  const short = found.filter((m) => m.most_tpa === null || m.demand_tpa - m.least_tpa > data.tolerances.printed * m.demand_tpa);
  const tied = short.some((m) => m.most_tpa === null || m.most_tpa - m.least_tpa > data.tolerances.printed * m.demand_tpa);
  $("tie").textContent = !short.length ? `Nobody of ${data.whose} is short.`
    : tied ? "Where two numbers stand, who inside a tier is short is a tie: each end can come about while every tier gets what it gets." : "Each number is the only one with which every tier gets what it gets.";
  $("members").hidden = !short.length;
  short.sort((a, b) => (b.demand_tpa - (b.least_tpa ?? 0)) - (a.demand_tpa - (a.least_tpa ?? 0)));
  for (const m of short) {
    const member = data.members[m.member], ends = m.most_tpa === null ? null : [m.demand_tpa - m.most_tpa, m.demand_tpa - m.least_tpa].map((v) => v <= data.tolerances.printed * m.demand_tpa ? 0 : v);
    const two = (form) => ends === null ? "not proved" : ends[1] - ends[0] <= data.tolerances.printed * m.demand_tpa ? form(ends[0]) : `${form(ends[0])} to ${form(ends[1])}`;
    body.append(element("tr", null, {}, element("th", member.tier), element("td", null, {}, element("bdi", member.label)),
      element("td", tonnes(m.demand_tpa).replace(" t/yr", ""), {class: "n"}),
      element("td", two((v) => tonnes(v).replace(" t/yr", "")), {class: "n"}),
      element("td", two((v) => percent(v / m.demand_tpa)), {class: "n"})));
  }
}

function paintBottleneck(found) {
  const words = (one) => fill("narrow", {where: one.where, lost: WORDS.tonnes(one.lost_tpa),
    demand: tierOf(found.tier).demand, also: one.ties.length ? fill("also", {steps: one.ties.length > 1 ? "Other steps cost" : "Another step costs"}) : ""});
  $("narrow").textContent = !found ? "Solving without each step of a country abroad." : found.where ? words(found) : fill("no_narrow", {demand: tierOf(found.tier).demand});
  $("narrow").title = found?.ties.join("; ") ?? "";
}

function paintLimits({binding}) {
  const limits = binding?.limits, place = limits && capital(`${limits.step}${limits.where ? ` in ${limits.where}` : ""}`);
  $("limits").textContent = !binding ? "Nothing: all that counts is served." : !limits ? "Nothing that could pass is left: what is needed is closed."
    : limits.served_tpa > 0 ? `${place}: ${tonnes(limits.served_tpa)} is all that fits through there while ${binding.stage} is short. One of several equally good readings where prices tie.`
    : `${place}: the way out is closed while ${binding.stage} is short. One of several equally good readings where prices tie.`;
}

// what the answer depends on: weak inputs that alone bring a tier to another class of short demand
const classOf = (stage) => data.classes.find(([, most]) => 1 - share(stage) <= most + 1e-6)?.[0] ?? "most";

function paintDependencies(answer, found) {
  const box = $("dependencies"), names = new Set(data.dependencies.map((h) => h.kind + h.id));
  box.replaceChildren();
  if (!names.size) { $("dependency").textContent = "No plant, relation or demand here is marked inferred or assumed."; return; }
  if (!found) { $("dependency").textContent = "Asking each inferred or assumed input again: gone, and at the ends of its range."; return; }
  const now = answer.tiers, hits = [];
  for (const {dependency, tiers: after} of found.out) {
    const at = now.map((_, k) => k).filter((k) => now[k].demand_tpa > 0 && Math.abs(share(now[k]) - share(after[k])) > SMALL);
    if (at.length) hits.push({...data.dependencies[dependency], at, after, size: Math.max(...at.map((k) => Math.abs(share(now[k]) - share(after[k])))),
      turns: at.filter((k) => classOf(now[k]) !== classOf(after[k]))});
  }
  const turning = hits.filter((h) => h.turns.length).sort((a, b) => a.turns[0] - b.turns[0] || b.size - a.size);
  const count = (list) => new Set(list.map((h) => h.kind + h.id)).size;
  $("dependency").textContent = `${turning.length ? `${count(turning)} of ${names.size} inferred or assumed inputs would alone change this (another class: met, under 10\u00a0%, under half, more short)`
    : `None of ${names.size} inferred or assumed inputs changes this alone`}; ${count(hits)} move a tier at all.${found.unproved ? ` ${found.unproved} were not proved.` : ""} Recipes, and two at once, are not tried.`;
  const once = turning.filter((h, i) => turning.findIndex((o) => o.kind + o.id === h.kind + h.id) === i);
  for (const h of once.slice(0, 6)) {
    const k = h.turns[0], how = {absent: "gone", low: "at its low end", high: "at its high end"}[h.variant];
    box.append(element("li", null, {}, element("bdi", h.label), element("small", ` ${h.grade}, ${how}: ${now[k].tier} ${percent(share(now[k]))} → ${percent(share(h.after[k]))}`)));
  }
}

function paintMoved(setting) {
  const moved = Object.entries(setting.controls);
  $("list").replaceChildren(...(moved.length ? moved.map(([id, value]) => element("li", null, {}, element("bdi", movedWords(id, value)))) : [element("li", "nothing")]));
  const words = [moved.length === 1 ? "1 control moved" : moved.length ? `${moved.length} controls moved` : setting.preset ? "scenario as shipped" : "as the data stand",
    RELATIONS[setting.relations]];
  if (data.hasOthers) words.push(data.orders[setting.order]);
  return words.join(" · ");
}

function paint(found) {
  const {answer} = found, proof = answer.certificate;
  document.documentElement.classList.toggle("unproved", !proof.ok);
  $("heading").textContent = sentence();
  const words = paintMoved(answer.setting);
  $("under").textContent = `${words} · ${proof.ok ? "arithmetic checked" : "not proved"}`;
  $("others").textContent = proof.ok ? others(answer) : "";
  $("against").textContent = kept && proof.ok ? against(answer) : "";
  $("proof").textContent = proof.ok ? `Optimal: gap ${WORDS.gap(proof.gap)}, breach ${WORDS.gap(proof.violation)}, ${proof.stages} programs, ${Math.round(answer.ms.solve)} ms.` : "The answer failed its own check, so it is not shown.";
  if (!proof.ok) { for (const id of ["bars", "strip", "dependencies", "course"]) $(id).replaceChildren(); $("narrow").textContent = $("limits").textContent = $("dependency").textContent = $("course-words").textContent = ""; paintMembers(answer, null); $("tie").textContent = ""; return; }
  paintBars(answer, found.asides); paintAdds(answer, found.asides); paintStrip(answer, found.bottleneck); paintBottleneck(found.bottleneck); paintLimits(answer); paintMembers(answer, found.ranges); paintDependencies(answer, found.dependencies);
}
