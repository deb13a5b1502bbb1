// Opens the page: unpacks data and solver, holds the first answer against Python's, then follows the controls.
const $ = (id) => document.getElementById(id);
const AGREE = 1e-9, LONG = 2000, REST = 250;
let data = null, start = null, presets = [], known = new Map();
let worker = null, parts = null, running = null, waiting = null, number = 0;
let setting = null, shown = null, first = null, kept = null, past = [], future = [], rest = null;

async function unpacked(id) {
  const bytes = Uint8Array.from(atob($(`block-${id}`).textContent), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

// -- one job runs, one waits; a newer one takes the place of the waiting one ------------------------------
function hire() {
  worker = new Worker(parts.url);
  return new Promise((done, fail) => {
    worker.onerror = (event) => { event.preventDefault(); fail(new Error("its solver cannot run here")); };
    worker.onmessage = ({data: said}) => {
      if (said.kind === "loaded") { worker.onmessage = heard; done(); } else fail(new Error(said.why));
    };
    worker.postMessage({kind: "load", wasm: parts.wasm, text: parts.text});
  });
}

function heard({data: said}) {
  if (["bottleneck", "ranges", "asides", "dependencies"].includes(said.kind)) {
    if (!shown || shown.number !== said.number) return;
    shown[said.kind] = said.found;
    if (said.kind === "ranges") paintMembers(shown.answer, said.found);
    else if (said.kind === "bottleneck") { paintBottleneck(said.found); paintStrip(shown.answer, said.found); }
    else if (said.kind === "dependencies") paintDependencies(shown.answer, said.found);
    else { paintBars(shown.answer, shown.asides); paintAdds(shown.answer, shown.asides); }
    return;
  }
  if (!running || running.number !== said.number) return;
  const job = running;
  clearTimeout(job.clock);
  $("slow").hidden = true;
  running = null;
  if (said.kind === "answer") job.done(said.found, job); else job.fail(new Error(said.why));
  next();
}

function next() {
  if (running || !waiting) return;
  running = waiting; waiting = null;
  running.clock = setTimeout(saySlow, LONG);
  worker.postMessage({kind: "solve", number: running.number, setting: running.setting, asides: asidesOf(running.setting)});
}

// no run is interrupted inside: who stops it, or has asked for another setting, gets a new solver
function saySlow() {
  if (waiting) { stop(); return; }
  $("slow").hidden = false;
}

async function stop() {
  const job = running;
  if (!job) return;
  job.stopped = true;
  $("slow").hidden = true;
  worker.terminate();
  await hire();
  if (running === job) running = null;
  job.fail(new DOMException("stopped", "AbortError"));
  next();
}

// what is looked for while nobody moves anything: the other end of the order of service, each project in addition
function asidesOf(of) {
  const found = [], other = otherOrder(of.order);
  if (data.hasOthers && other) found.push({key: other, setting: {...of, order: other}});
  const stands = standing(of);
  for (const {id, kind} of data.controls)
    if (kind === "project" && !of.controls[id] && !stands.has(id))
      found.push({key: id, setting: {...of, controls: {...of.controls, [id]: true}}});
  return found;
}

function ask(asked) {
  return new Promise((done, fail) => {
    if (waiting) waiting.fail(new DOMException("a newer setting came", "AbortError"));
    else if (running && !$("slow").hidden && !running.stopped) setTimeout(stop, 0);
    waiting = {number: ++number, setting: asked, done: (found, job) => done({found, number: job.number}), fail};
    next();
  });
}

// -- the setting ------------------------------------------------------------------------------------------
async function solve(asked) {
  const {found, number: of} = await ask(asked);
  const began = performance.now();
  shown = {answer: found, number: of, bottleneck: null, ranges: null, asides: null, dependencies: null, months: null};
  paint(shown);
  found.ms.paint = performance.now() - began;
  followCourse();
  return publicAnswer();
}

function publicAnswer() {
  const {answer} = shown, limits = answer.binding?.limits;
  return {setting: answer.setting, stages: answer.stages, tiers: answer.tiers, tier: answer.tier, cost_usd: answer.cost_usd,
    limits: limits && {step: limits.step, country: limits.country, served_tpa: limits.served_tpa},
    flows: answer.flows, certificate: answer.certificate, ms: answer.ms, memory_bytes: answer.memory_bytes};
}

function show(to) {
  setting = to;
  for (const input of document.querySelectorAll("[data-control]")) {
    const control = known.get(input.dataset.control), value = setting.controls[control.id] ?? control.default;
    if (input.type === "checkbox") {
      const stands = standing(setting).has(control.id);
      input.checked = value || stands;
      input.disabled = stands;
      input.closest("label").title = stands ? "stands in the scenario" : "";
    } else {
      input.value = value === null ? PERCENT : Math.round(PERCENT * value);
      $(`o-${control.id}`).textContent = value === null ? "no rule" : percent(value);
      input.setAttribute("aria-valuetext", inWords(control.id, value));
    }
    input.closest(".control").classList.toggle("is-moved", control.id in setting.controls);
  }
  for (const key of ["preset", "relations", "order", "months"]) if ($(key)) $(key).value = setting[key];
  if ($("months")) {
    const words = setting.months < start.months ? `${setting.months} months` : "to the end";
    $("lasts").textContent = words;
    $("months").setAttribute("aria-valuetext", words);
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    const moved = Object.keys(setting.controls).filter((id) => known.get(id).kind === group.dataset.group).length;
    group.querySelector(".moved").textContent = moved ? `· ${moved} moved` : "";
  }
  $("undo").disabled = !past.length; $("redo").disabled = !future.length;
}

// a step that can be undone; while a slider is dragged only its start is one
function go(to, isNew = true) {
  to = tidy(to);
  if (isNew && !same(to, setting)) { past.push(setting); past = past.slice(-200); future = []; }
  show(to);
  clearTimeout(rest);
  rest = setTimeout(() => {
    const fragment = addressOf(setting);
    history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname);
    $("spoken").textContent = $("heading").textContent;
  }, 2 * REST);
  return solve(to);
}

const quietly = (promise) => promise.catch((error) => {
  if (error.name !== "AbortError") $("cause").textContent = `That setting could not be solved: ${error.message}.`;
});

function back(from, into) {
  if (!from.length) return;
  into.push(setting);
  quietly(go(from.pop(), false));
}

function valueOf(input) {
  const control = known.get(input.dataset.control);
  if (input.type === "checkbox") return input.checked;
  const value = Number(input.value);
  return control.kind === "export" && value >= PERCENT ? null : value / PERCENT;
}

function moved(input, isNew) {
  const id = input.dataset.control;
  return go({...setting, controls: {...setting.controls, [id]: valueOf(input)}}, isNew);
}

function listen() {
  let dragged = null;
  $("controls").addEventListener("input", ({target}) => {
    if (target.dataset.control) { const isNew = dragged !== target; dragged = target; quietly(moved(target, isNew)); }
    if (target.id === "months") { const isNew = dragged !== target; dragged = target; quietly(go({...setting, months: Number(target.value)}, isNew)); }
    if (target.classList.contains("filter")) filter(target);
  });
  $("controls").addEventListener("change", ({target}) => {
    dragged = null;
    if (["preset", "relations", "order"].includes(target.id)) quietly(go({...setting, [target.id]: target.value}));
    if (target.id === "year" && target.value) {
      const controls = {...setting.controls};
      for (const c of data.controls) if (c.kind === "project") controls[c.id] = Number(/from (\d+)$/.exec(c.detail)?.[1] ?? Infinity) <= Number(target.value);
      target.value = "";
      quietly(go({...setting, controls}));
    }
  });
  $("controls").addEventListener("keydown", (event) => {
    const {target, key} = event;
    if (target.type !== "range" || !["PageUp", "PageDown"].includes(key) || Number(target.step) > 1) return;
    event.preventDefault();
    target.value = Number(target.value) + (key === "PageUp" ? 10 : -10);
    dragged = null;
    quietly(moved(target, true));
  });
  $("stop").onclick = stop;
  $("undo").onclick = () => back(past, future);
  $("redo").onclick = () => back(future, past);
  $("reset").onclick = () => quietly(go({controls: {}}));
  $("keep").onclick = keep;
  $("print").onclick = () => print();
  $("save").onclick = () => {
    const {name, text} = fileOf(shown.answer.setting), link = element("a", null, {download: name});
    link.href = URL.createObjectURL(new Blob([text], {type: "application/toml"}));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), REST);
  };
  addEventListener("hashchange", () => { const {setting: to} = settingOf(location.hash); if (!same(to, setting)) quietly(go(to)); });
  addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input[type=search],select,textarea");
    if (typing || event.altKey) return;
    const command = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
    if (command && key === "z" && !event.shiftKey) { event.preventDefault(); $("undo").click(); }
    else if (command && (key === "y" || (key === "z" && event.shiftKey))) { event.preventDefault(); $("redo").click(); }
    else if (!command && key === "a") keep();
  });
}

function keep() {
  kept = kept ? null : {answer: shown.answer};
  $("keep").textContent = kept ? "Drop A" : "Keep as A";
  paint(shown);
}

function filter(box) {
  const words = box.value.trim().toLowerCase(), group = box.closest(".group");
  if (words && group.querySelector(".more")) group.querySelector(".more").open = true;
  for (const row of group.querySelectorAll(".control")) row.hidden = words !== "" && !row.textContent.toLowerCase().includes(words);
}

function years() {
  const found = new Set(data.controls.flatMap((c) => c.kind === "project" ? /from (\d+)$/.exec(c.detail)?.[1] ?? [] : []));
  if (!$("year")) return;
  if (!found.size) { $("year").closest(".pair").hidden = true; return; }
  $("year").append(element("option", "choose a year", {value: ""}), ...[...found].sort().map((y) => element("option", y, {value: y})));
}

async function open() {
  for (const [word, thing] of [["WebAssembly", window.WebAssembly], ["DecompressionStream", window.DecompressionStream], ["Worker", window.Worker]])
    if (!thing) throw new Error(`this browser has no ${word}`);
  const [text, solver, wasm] = await Promise.all(["data", "solver", "program"].map(unpacked));
  const words = new TextDecoder().decode(text);
  data = JSON.parse(words);
  start = {...data.start, months: data.months?.n ?? 1};
  presets = [{name: "", label: "", measures: []}, ...data.presets];
  known = new Map(data.controls.map((control) => [control.id, control]));
  parts = {wasm, text: words, url: URL.createObjectURL(new Blob([solver], {type: "text/javascript"}))};
  await hire();
  const opened = tidy({controls: {}}), {found, number: of} = await ask(opened);
  const whole = found.stages.reduce((sum, s) => sum + s.demand_tpa, 0);
  const apart = Math.max(...found.stages.map((s, k) => Math.abs(s.served_tpa - start.served[k]))) / Math.max(whole, 1e-9);
  if (!found.certificate.ok) throw new Error("its first answer is not proved");
  if (!(apart <= AGREE)) throw new Error(`its first answer is not Python's (off by ${WORDS.gap(apart)} of all demand)`);
  first = found; shown = {answer: found, number: of, bottleneck: null, ranges: null, asides: null, dependencies: null, months: null}; setting = opened;
  document.documentElement.className = "live";
  for (const input of document.querySelectorAll("main [disabled],header [disabled]")) input.disabled = false;
  years(); show(setting); listen(); guide();
  const wanted = settingOf(location.hash);
  if (wanted.dropped.length) $("cause").textContent = `Not known here and left out of the address: ${wanted.dropped.slice(0, 5).join(", ")}.`;
  if (same(wanted.setting, setting)) { paint(shown); followCourse(); } else await go(wanted.setting, false);
  return {contract: data.contract, graph: data.graph, digest: data.digest, version: data.version,
    controls: data.controls.map(({id, kind, label, graded, default: value}) => ({id, kind, label, graded, default: value})),
    orders: Object.keys(data.stages), relations: data.relations, presets: presets.map((p) => p.name)};
}

const ready = open();
window.chainnet = {
  ready,
  async set(given) {
    await ready;
    const {setting: to, dropped} = checked({...given, controls: given.controls ?? {}});
    if (dropped.length) throw new RangeError(`unknown or out of range: ${dropped.join(", ")}`);
    return go(to);
  },
  get: () => setting && {...setting, controls: {...setting.controls}},
  async answer() { await ready; return publicAnswer(); },
  async bottleneck() {
    await ready;
    while (shown.bottleneck === null) await new Promise((next) => setTimeout(next, 20));
    return shown.bottleneck;
  },
  async months() { await ready; return courseOf(shown.number, shown.answer.setting); },
  toml: () => shown && fileOf(shown.answer.setting).text,
};
ready.catch((error) => {
  $("cause").textContent = `The page cannot be solved again here: ${error.message}. Below stand the baseline and Python's answer to the setting that it opens with.`;
  $("heading").textContent = document.title;
  $("under").textContent = "";
  document.querySelector("details.picture").open = true;
});
