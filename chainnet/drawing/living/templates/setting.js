"use strict";
// The setting: what was moved, in the address, in a scenario file, and as it was before.
const PERCENT = 100;

// only what differs from the default
function tidy(setting) {
  const controls = {};
  for (const id of Object.keys(setting.controls ?? {}).sort()) {
    const control = known.get(id);
    if (control && setting.controls[id] !== control.default) controls[id] = setting.controls[id];
  }
  return {controls, order: setting.order ?? start.order, relations: setting.relations ?? start.relations,
    preset: setting.preset ?? start.preset, months: setting.months ?? start.months};
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function fits(control, value) {
  if (typeof control.default === "boolean") return typeof value === "boolean";
  if (value === null) return control.kind === "export";
  const top = control.kind === "export" ? 1 : 2;
  return typeof value === "number" && value >= 0 && value <= top && (control.graded || value === 0);
}

// what a setting may hold, and in one sentence what was dropped
function checked(given) {
  const setting = {controls: {}}, dropped = [];
  for (const [id, value] of Object.entries(given.controls ?? {})) {
    const control = known.get(id);
    if (control && fits(control, value)) setting.controls[id] = value; else dropped.push(id);
  }
  const words = {order: Object.keys(data.stages), relations: data.relations, preset: presets.map((p) => p.name)};
  for (const [key, list] of Object.entries(words)) {
    if (given[key] === undefined) continue;
    if (list.includes(given[key])) setting[key] = given[key]; else dropped.push(key);
  }
  if (given.months !== undefined) {
    if (Number.isInteger(given.months) && given.months >= 1 && given.months <= start.months) setting.months = given.months; else dropped.push("months");
  }
  return {setting: tidy(setting), dropped};
}

function addressOf(setting) {
  const parts = new URLSearchParams();
  for (const key of ["months", "order", "preset", "relations"]) if (setting[key] !== start[key]) parts.append(key, setting[key]);
  for (const [id, value] of Object.entries(setting.controls)) parts.append(id, String(value));
  return parts.toString();
}

function settingOf(fragment) {
  const given = {controls: {}};
  for (const [key, text] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    if (["order", "preset", "relations"].includes(key)) given[key] = text;
    else if (key === "months") given.months = text.trim() === "" ? NaN : Number(text);
    else given.controls[key] = text === "true" ? true : text === "false" ? false
      : text === "null" ? null : text.trim() === "" ? NaN : Number(text);
  }
  return checked(given);
}

// -- the scenario file: the measures of the preset, then those of what was moved -------------------------
function quoted(text) {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

function tomlOf(value) {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(tomlOf).join(", ")}]`;
  if (value !== null && typeof value === "object")
    return `{${Object.entries(value).map(([k, v]) => `${/^[A-Za-z0-9_-]+$/.test(k) ? k : quoted(k)} = ${tomlOf(v)}`).join(", ")}}`;
  return String(value);
}

// ids of the projects that the preset has built
function standing({relations, preset}) {
  const program = data.programs[`${relations}/${preset}`] ?? data.programs[relations];
  return new Set(program.presets[preset].stands);
}

function measuresOf(setting) {
  const stands = standing(setting), preset = presets.find((p) => p.name === setting.preset);
  const own = Object.entries(setting.controls).flatMap(([id, value]) => {
    const control = known.get(id);
    if (value === control.default || stands.has(id)) return [];
    const sized = control.kind === "export" || control.kind === "demand";
    return control.measures.map((measure) => sized ? {...measure, share: value} : measure);
  });
  const lasts = setting.months < start.months ? {months: setting.months} : {};
  return [...preset.measures, ...own, ...(data.months?.shut ?? [])].map((measure) => data.kinds.endless.includes(measure.kind) ? measure : {...measure, ...lasts});
}

function fileOf(setting) {
  const name = `${data.graph}-setting`, measures = measuresOf(setting), builds = measures.some((measure) => data.kinds.standing.includes(measure.kind));
  const lines = [`# chainnet balance ${data.graph} --scenario ${name}.toml --reroute ${setting.relations} --order ${setting.order}${data.asks}`,
    ...(whyNoCourse(setting) ? [] : [`# month by month${builds ? ", where the page has none of the projects built here" : ""}: chainnet stress ${data.graph} --scenario ${name}.toml`
      + ` --months ${data.months.n} --reroute ${inMonths(setting).relations} --order ${inMonths(setting).order}${data.asks}`]),
    `# digest of the data: ${data.digest}; all is in force from the first month on`, `label = ${quoted(sentence().slice(0, 300))}`];
  const shut = new Set((data.months?.shut ?? []).flatMap((measure) => measure.stocks));
  for (const measure of measures)
    lines.push("", ...(measure.stocks?.some((name) => shut.has(name))
      ? ["# the page shuts this stock over months: it is kept for some tiers, which the page cannot part"] : []), "[[measures]]", ...Object.entries(measure).map(([key, value]) => `${key} = ${tomlOf(value)}`));
  return {name: `${name}.toml`, text: lines.join("\n") + "\n"};
}
