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
  if (control.kind === "site") return value ? "works" : "out";
  if (control.kind === "stock") return value ? "open" : "shut";
  if (control.kind === "owner") return value ? "works" : "all its sites out";
  return value ? "stands" : "not built";
}

function movedWords(id, value) {
  const control = known.get(id);
  return `${control.kind === "demand" ? "demand, " : ""}${control.label}: ${inWords(id, value)}`;
}

// the heading: what was moved, who gets which part, where it is narrow
function sentence() {
  if (!shown) return "";
  const {answer} = shown, moved = Object.entries(answer.setting.controls);
  const preset = presets.find((p) => p.name === answer.setting.preset);
  const lead = [];
  if (preset && preset.name) lead.push(preset.label);
  if (moved.length === 1) lead.push(movedWords(...moved[0]));
  else if (moved.length) lead.push(`${moved.length} controls moved`);
  if (!answer.certificate.ok) return `${lead.length ? `${lead.join("; ")}: ` : ""}not proved, so no number is given.`;
  const main = stagesOf(answer).filter((s) => s.counts && s.main && s.demand_tpa > 0);
  const whose = answer.setting.order === "alike" && data.hasOthers ? "everyone together" : data.whose;
  const gets = main.every((s) => share(s) >= 1 - SMALL) ? `all that ${whose === "everyone" ? "is" : `${whose}`} ${whose === "everyone" ? "asked for" : whose.includes(" and ") ? "ask for" : "asks for"} is served`
    : `of what ${whose} ${whose.includes(" and ") ? "ask" : "asks"} for, ${main.map((s) => `${s.name} gets ${percent(share(s))}`).join(", ")}`;
  const bottleneck = bottleneckOf(answer), place = bottleneck && `${bottleneck.step}${bottleneck.where ? ` in ${bottleneck.where}` : ""}`;
  const tail = !bottleneck ? "" : bottleneck.closed ? `; the way out of ${place} is closed` : `; the narrow step is ${place}`;
  return capital(`${lead.length ? `${lead.join("; ")}: ` : ""}${gets}${tail}.`);
}

function stagesOf(answer) {
  return data.stages[answer.setting.order].map((stage, k) => ({...stage, ...answer.stages[k]}));
}

// the step whose inputs carry the largest part in the proof of the first stage that is short; where nothing carries
// any part, the step that carried most before it was closed
function bottleneckOf(answer) {
  if (!answer.binding) return null;
  const steps = new Map();
  for (const hit of answer.binding.inputs) {
    const input = data.inputs[hit.input], key = JSON.stringify([input.step, input.country]);
    const old = steps.get(key) ?? {step: input.step, country: input.country, where: input.where, served_tpa: 0, lost: 0};
    old.served_tpa += hit.carried; old.lost += hit.lost;
    steps.set(key, old);
  }
  const found = [...steps.values()].sort((a, b) => b.served_tpa - a.served_tpa || b.lost - a.lost)[0] ?? null;
  return found && {...found, closed: found.served_tpa <= 0};
}

function bar(stage, before, other) {
  const part = share(stage);
  const track = element("span", null, {class: "track"}, element("i", null, {style: {width: `${100 * part}%`}}));
  if (before) track.append(element("b", null, {class: "mark", style: {left: `${100 * share(before)}%`}, title: `A: ${percent(share(before))}`}));
  const lost = stage.demand_tpa - stage.served_tpa;
  const words = part >= 1 - SMALL ? "all served" : `${percent(part)} served, ${tonnes(lost)} short`;
  const change = before && Math.abs(share(before) - part) > SMALL ? ` (A: ${percent(share(before))})` : "";
  const end = other ? ` · ${other.first}: ${percent(share(other))} served` : "";
  return element("div", null, {class: "bar"},
    element("span", stage.name, {class: "who"}), track,
    element("span", `${words} of ${tonnes(stage.demand_tpa)}${change}${end}`, {class: "what"}));
}

// the beneficiaries' tiers where the others are served at the other end of the order
function otherEnd(answer, asides) {
  const key = {allies_first: "allies_last", allies_last: "allies_first"}[answer.setting.order], found = asides?.find((a) => a.key === key);
  const words = key === "allies_last" ? "others first" : `${data.whose} first`;
  return new Map((found?.stages ?? []).map((s) => [s.name, {...s, first: words}]));
}

// what each project that does not stand would add to what the beneficiaries get, all tiers together
function paintAdds(answer, asides) {
  for (const span of document.querySelectorAll(".adds")) span.textContent = "";
  if (!asides) return;
  const total = (list) => data.stages[answer.setting.order].reduce((sum, s, k) => sum + (s.counts && s.main ? list[k].served_tpa : 0), 0);
  const now = total(answer.stages), whole = data.stages[answer.setting.order].reduce((sum, s, k) => sum + (s.counts && s.main ? answer.stages[k].demand_tpa : 0), 0);
  for (const {key, stages} of asides) {
    const span = known.has(key) && document.querySelector(`[data-row="${CSS.escape(key)}"] .adds`);
    if (!span || now >= whole * (1 - SMALL)) continue;
    const more = total(stages) - now;
    span.textContent = Math.abs(more) <= SMALL * whole ? " · adds nothing here" : more > 0 ? ` · adds ${tonnes(more)} here` : ` · ${tonnes(-more)} less here, in all tiers together`;
  }
}

function paintBars(answer, asides) {
  const stages = stagesOf(answer).filter((s) => s.demand_tpa > 0);
  const before = kept && kept.answer.setting.order === answer.setting.order ? new Map(kept.answer.stages.map((s) => [s.name, s])) : new Map();
  const box = $("bars"), ends = otherEnd(answer, asides);
  box.replaceChildren();
  const together = answer.setting.order === "alike" && data.hasOthers;
  const groups = [[together ? "Everyone, nobody first" : capital(data.whose), stages.filter((s) => s.main && s.counts)],
    ["The others", stages.filter((s) => s.main && !s.counts)], ["By-products and other goods", stages.filter((s) => !s.main)]];
  for (const [words, list] of groups.filter(([, list]) => list.length)) {
    const inside = list.map((s) => bar(s, before.get(s.name), s.counts ? ends.get(s.name) : null));
    if (words.startsWith("By-products")) box.append(element("details", null, {}, element("summary", `${words} (${list.length})`), ...inside));
    else box.append(element("h3", words), ...inside);
  }
}

function paintStrip(answer) {
  const rows = new Map();
  data.steps.forEach((group, k) => {
    const row = rows.get(group.step) ?? {now: 0, first: 0, parts: []};
    row.now += answer.steps[k]; row.first += group.base ?? first.steps[k];
    row.parts.push({...group, now: answer.steps[k]});
    rows.set(group.step, row);
  });
  const bottleneck = bottleneckOf(answer), box = $("strip");
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
      element("span", narrow ? `${words} · ${bottleneck.closed ? "closed" : "narrow step"}` : words, {class: "what"})));
  }
  const colours = new Map();
  for (const group of data.steps) if (!colours.has(group.country)) colours.set(group.country, group.colour);
  const counts = new Map();
  for (const colour of colours.values()) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const key = [...colours].filter(([, colour]) => counts.get(colour) === 1);
  if (key.length < colours.size) key.push(["order", [...counts].find(([, n]) => n > 1)[0]]);
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

function paintRests(answer) {
  const bottleneck = bottleneckOf(answer);
  $("narrow").textContent = bottleneck?.closed ? `The way out of ${bottleneck.step}${bottleneck.where ? ` in ${bottleneck.where}` : ""} is closed, and what ${answer.binding.stage} lacks has no other. One of several equally good readings where prices tie.`
    : bottleneck ? `${capital(bottleneck.step)}${bottleneck.where ? ` in ${bottleneck.where}` : ""}: of what ${answer.binding.stage} gets, ${tonnes(bottleneck.served_tpa)} is what fits through there. One of several equally good readings where prices tie.`
    : answer.binding ? "Nothing that could pass is left: what is needed is closed." : "None: all that counts is served.";
  const order = ["assumed", "inferred", "estimated", "reported", ""];
  const hits = (answer.binding?.inputs ?? []).slice().sort((a, b) => order.indexOf(data.inputs[a.input].grade) - order.indexOf(data.inputs[b.input].grade) || b.carried - a.carried);
  if (!hits.length) $("rests").replaceChildren(element("li", answer.binding ? "no input that has a price" : "nothing binds"));
  else $("rests").replaceChildren(...hits.slice(0, 5).map((hit) => {
    const input = data.inputs[hit.input];
    return element("li", null, {}, element("bdi", input.label), element("small", ` ${[input.grade, hit.carried > 0 ? `${tonnes(hit.carried)} pass` : "closed"].filter(Boolean).join(", ")}`));
  }));
}

// what the answer depends on: weak inputs that alone bring a tier to another class of short demand
const classOf = (stage) => data.classes.find(([, most]) => 1 - share(stage) <= most + 1e-6)?.[0] ?? "most";

function paintDependencies(answer, found) {
  const box = $("dependencies"), names = new Set(data.dependencies.map((h) => h.kind + h.id));
  box.replaceChildren();
  if (!names.size) { $("dependency").textContent = "No plant, relation or demand here is marked inferred or assumed."; return; }
  if (!found) { $("dependency").textContent = "Asking each inferred or assumed input again: gone, and at the ends of its range."; return; }
  const now = stagesOf(answer), hits = [];
  for (const {dependency, stages} of found.out) {
    const after = data.stages[answer.setting.order].map((stage, k) => ({...stage, ...stages[k]}));
    const at = now.map((_, k) => k).filter((k) => now[k].counts && now[k].main && now[k].demand_tpa > 0 && Math.abs(share(now[k]) - share(after[k])) > SMALL);
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
    box.append(element("li", null, {}, element("bdi", h.label), element("small", ` ${h.grade}, ${how}: ${now[k].name} ${percent(share(now[k]))} → ${percent(share(h.after[k]))}`)));
  }
}

function paintMoved(setting) {
  const moved = Object.entries(setting.controls);
  $("list").replaceChildren(...(moved.length ? moved.map(([id, value]) => element("li", null, {}, element("bdi", movedWords(id, value)))) : [element("li", "nothing")]));
  const words = [moved.length === 1 ? "1 control moved" : `${moved.length} controls moved`, `${setting.relations} relations`];
  if (data.hasOthers) words.push({allies_first: `${data.whose} first`, allies_last: "others first", alike: "nobody first"}[setting.order]);
  if (data.year) words.push(`year ${data.year}`);
  return words.join(" · ");
}

function paint(found) {
  const {answer} = found, proof = answer.certificate;
  document.documentElement.classList.toggle("unproved", !proof.ok);
  $("heading").textContent = sentence();
  const words = paintMoved(answer.setting);
  $("under").textContent = `${words} · ${proof.ok ? "arithmetic checked" : "not proved"}${kept ? " · A is kept" : ""}`;
  $("proof").textContent = proof.ok ? `Optimal: gap ${WORDS.gap(proof.gap)}, breach ${WORDS.gap(proof.violation)}, ${proof.stages} programs, ${Math.round(answer.ms.solve)} ms.` : "The answer failed its own check, so it is not shown.";
  if (!proof.ok) { for (const id of ["bars", "strip", "rests", "dependencies", "course"]) $(id).replaceChildren(); $("narrow").textContent = $("dependency").textContent = $("course-words").textContent = ""; paintMembers(answer, null); $("tie").textContent = ""; return; }
  paintBars(answer, found.asides); paintAdds(answer, found.asides); paintStrip(answer); paintRests(answer); paintMembers(answer, found.ranges); paintDependencies(answer, found.dependencies);
}
