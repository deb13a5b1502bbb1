"use strict";
// Solves an exported program again under another setting. Knows arrays alone: bounds, costs, stages, effects.
let highs = null, data = null, running = 0;
const programs = {};

const PLAIN = {solver: "simplex", presolve: "off", simplex_strategy: 1, simplex_scale_strategy: 2,
  simplex_dual_edge_weight_strategy: 1, simplex_iteration_limit: 2147483647};
const FINE = {...PLAIN, simplex_strategy: 4, simplex_scale_strategy: 0};
const least = (list) => Float64Array.from(list, (v) => v === null ? -Infinity : v);
const most = (list) => Float64Array.from(list, (v) => v === null ? Infinity : v);

// rows and columns of a program in sizes near one, and the model that solves it; bounds come with each question
class Model {
  setUp({n, m, starts, indices, values, rowScale, colScale}, b) {
    Object.assign(this, {n, m, starts, indices, values, rowScale, colScale, first: null});
    const scaled = new Float64Array(values.length);
    for (let j = 0; j < n; j++)
      for (let k = starts[j]; k < starts[j + 1]; k++) scaled[k] = values[k] * colScale[j] / rowScale[indices[k]];
    this.model = highs.createModel({numCols: n, numRows: m, colCost: new Float64Array(n), colLower: new Float64Array(n),
      colUpper: over(b.upper, colScale), rowLower: over(b.rowLower, rowScale), rowUpper: over(b.rowUpper, rowScale),
      matrix: {format: "csc", numRows: m, numCols: n, starts, indices, values: scaled}});
    const t = data.tolerances, most = n + m + 1000;
    this.model.options.set({output_flag: false, small_matrix_value: t.negligible});
    this.ways = {
      plain: {...PLAIN, primal_feasibility_tolerance: t.solver, dual_feasibility_tolerance: t.solver},
      near: {...FINE, primal_feasibility_tolerance: t.solver, dual_feasibility_tolerance: t.solver, simplex_iteration_limit: most},
      fine: {...FINE, primal_feasibility_tolerance: t.solver, dual_feasibility_tolerance: t.finest, simplex_iteration_limit: most},
      wide: {...PLAIN, presolve: "on", primal_feasibility_tolerance: t.wide, dual_feasibility_tolerance: t.wide}};
  }

  put(b) {
    this.model.changeColsBounds({kind: "range", from: 0, to: this.n - 1}, over(b.lower, this.colScale), over(b.upper, this.colScale));
    this.model.changeRowsBounds({kind: "range", from: 0, to: this.m - 1}, over(b.rowLower, this.rowScale), over(b.rowUpper, this.rowScale));
  }

  // the least of a cost under bounds that are in place, by the ways that Python goes; the neatest answer of them.
  // near: the answer of the basis keeps all bounds, only the cost is another, so the primal method has few steps to go
  solve(b, cost, basis, isNear = true) {
    const scaled = new Float64Array(this.n);
    let size = 0;
    for (let j = 0; j < this.n; j++) { scaled[j] = cost[j] * this.colScale[j]; size = Math.max(size, Math.abs(scaled[j])); }
    size = size || 1;
    for (let j = 0; j < this.n; j++) scaled[j] /= size;
    this.model.changeColsCost({kind: "range", from: 0, to: this.n - 1}, scaled);
    let best = null, from = basis;
    const ways = [...(isNear ? ["near"] : []), "plain", "fine", "again", "wide"];
    for (const way of ways) {
      const afresh = way === "again" || way === "wide";
      this.model.options.set(this.ways[way === "again" ? "plain" : way]);
      this.model.clearSolver();
      if (!afresh && from) this.model.setBasis(from);
      const {modelStatus} = this.model.run();
      if (modelStatus !== highs.constants.modelStatus.optimal) continue;
      const found = this.read(b, cost, size);
      if (best === null || found.fault < best.fault) { best = found; from = found.basis; }
      if (best.fault <= (way === ways[0] ? data.tolerances.neat : data.tolerances.wide)) break;
    }
    if (best === null) throw new Error("the solver found no answer");
    return best;
  }

  read(b, cost, size) {
    const {colValue, rowDual} = this.model.getSolution();
    const x = times(colValue, this.colScale), y = over(rowDual, this.rowScale).map((v) => v * size);
    return {x, y, size, basis: this.model.getBasis(), ...this.proof(b, cost, x, y)};
  }

  // what the prices prove: largest breach of a bound, and how far the dual value is from the value
  proof(b, cost, x, y) {
    const activity = new Float64Array(this.m), reduced = Float64Array.from(cost);
    for (let j = 0; j < this.n; j++)
      for (let k = this.starts[j]; k < this.starts[j + 1]; k++) {
        activity[this.indices[k]] += this.values[k] * x[j];
        reduced[j] -= this.values[k] * y[this.indices[k]];
      }
    let violation = 0, natural = 0, value = 0, paid = 0;
    for (let i = 0; i < this.m; i++)
      violation = Math.max(violation, Math.max(b.rowLower[i] - activity[i], activity[i] - b.rowUpper[i]) / Math.max(this.rowScale[i], 1e-12));
    for (let j = 0; j < this.n; j++) {
      violation = Math.max(violation, Math.max(b.lower[j] - x[j], x[j] - b.upper[j]) / this.colScale[j]);
      natural = Math.max(natural, Math.abs(cost[j]) * this.colScale[j]);
      value += cost[j] * x[j]; paid += Math.abs(cost[j] * x[j]);
    }
    const rows = side(y, b.rowLower, b.rowUpper, this.rowScale, natural);
    const cols = side(reduced, b.lower, b.upper, this.colScale, natural);
    const bound = rows.held + cols.held;
    const gap = (Math.abs(value - bound) + rows.lost + cols.lost) / Math.max(Math.abs(value), Math.abs(bound), paid, natural, 1e-12);
    return {activity, reduced, value, bound, gap, violation, fault: Math.max(gap, violation)};
  }

  // leave only what is as good: what has a price in one optimal dual lies at its bound (complementary slackness)
  hold(b, found) {
    const {paid, wide} = data.tolerances;
    const keep = (price, x, lower, upper, scale, size) => {
      for (let i = 0; i < x.length; i++) {
        const p = price[i] * scale[i] / size;
        if (p > paid && (x[i] - lower[i]) / scale[i] <= wide) upper[i] = lower[i];
        else if (p < -paid && (upper[i] - x[i]) / scale[i] <= wide) lower[i] = upper[i];
      }
    };
    keep(found.reduced, found.x, b.lower, b.upper, this.colScale, found.size);
    keep(found.y, found.activity, b.rowLower, b.rowUpper, this.rowScale, found.size);
    this.put(b);
  }
}

// a program of one year as it was exported, with what each control does
class Program extends Model {
  constructor(p) {
    super();
    Object.assign(this, {effects: p.effects, presets: p.presets, served: p.served, steps: p.steps, activity: p.activity,
      nodeRow: p.nodeRow, colInput: p.colInput, rowInput: p.rowInput});
    this.baseLower = least(p.rowLower); this.baseUpper = most(p.rowUpper); this.colUpper = most(p.colUpper);
    this.cost = Float64Array.from(p.cost);
    this.setUp({n: p.cols, m: p.rows, starts: Int32Array.from(p.starts), indices: Int32Array.from(p.indices),
      values: Float64Array.from(p.values), rowScale: Float64Array.from(p.rowScale), colScale: Float64Array.from(p.colScale)},
    {upper: this.colUpper, rowLower: this.baseLower, rowUpper: this.baseUpper});
  }

  // the bounds and costs of a setting: what the preset says, then the effects of what was moved, then factors on some
  bounds(setting, factors = [], hasProjects = true) {
    const upper = this.colUpper.slice(), rowUpper = this.baseUpper.slice(), cost = this.cost.slice();
    const preset = this.presets[setting.preset];
    for (const [list, into] of [[preset.cols, upper], [preset.rows, rowUpper], [preset.costs, cost]])
      for (const [at, value] of list) into[at] = value === null ? Infinity : value;
    for (const control of data.controls) {
      const value = control.id in setting.controls ? setting.controls[control.id] : control.default;
      const effect = this.effects[control.id];
      if (effect.shut) {
        if (value === null) continue;
        for (const j of effect.shut) upper[j] = 0;
        if (value === 0) for (const j of effect.zero) upper[j] = 0;
        for (const [i, full] of effect.cap) rowUpper[i] = Math.min(rowUpper[i], value * full);
      } else if (effect.times) {
        if (value !== 1) for (const j of effect.times) upper[j] *= value;
      } else if ((!value || !hasProjects && control.kind === "project") && !(hasProjects && preset.stands.includes(control.id))) {
        for (const j of effect.close) upper[j] = 0;
        for (const i of effect.closeRows) rowUpper[i] = 0;
      }
    }
    for (const {col, row, factor} of factors) if (col >= 0) upper[col] *= factor; else rowUpper[row] *= factor;
    return {lower: new Float64Array(this.n), upper, rowLower: this.baseLower.slice(), rowUpper, cost};
  }

  serving(rows, sign = -1) {
    const cost = new Float64Array(this.n);
    for (const r of rows) cost[this.served + r] = sign;
    return cost;
  }
}

function over(a, scale) { const out = new Float64Array(a.length); for (let i = 0; i < out.length; i++) out[i] = a[i] / scale[i]; return out; }
function times(a, scale) { const out = new Float64Array(a.length); for (let i = 0; i < out.length; i++) out[i] = a[i] * scale[i]; return out; }

function side(price, lower, upper, sizes, natural) {
  let held = 0, lost = 0;
  for (let i = 0; i < price.length; i++) {
    const at = price[i] > 0 ? lower[i] : upper[i], size = sizes[i];
    const dust = Math.abs(price[i]) * size <= data.tolerances.rounding * natural && Math.abs(at) > 1000 * size;
    if (Number.isFinite(at) && !dust) held += price[i] === 0 ? 0 : price[i] * at;
    else lost += Math.abs(price[i]) * size;
  }
  return {held, lost};
}

// the program of a setting: that of its relations, or one of its own for a preset that parts goods; of those the last
// one asked for stays
let own = "";
function programOf(setting) {
  const name = `${setting.relations}/${setting.preset}`, key = name in data.programs ? name : setting.relations;
  if (programs[key]) return programs[key];
  if (key === name) {
    if (own) { programs[own].model.dispose(); delete programs[own]; }
    own = key;
  }
  const program = programs[key] = new Program(data.programs[key]);
  const b = program.bounds({controls: {}, preset: key === name ? setting.preset : ""});
  program.put(b);
  program.first = program.solve(b, program.serving(data.stages.allies_first[0].rows), null, false).basis;
  return program;
}

// who is served stage by stage, each kept before the next is asked
function serve(setting, factors = []) {
  const program = programOf(setting), b = program.bounds(setting, factors);
  const asked = data.stages[setting.order].map((s) => s.rows.reduce((sum, r) => sum + b.upper[program.served + r], 0));
  const base = {upper: b.upper.slice(), rowUpper: b.rowUpper.slice()};
  program.put(b);
  const stages = [], proofs = [];
  let basis = program.first, binding = null;
  data.stages[setting.order].forEach((stage, s) => {
    const found = program.solve(b, program.serving(stage.rows), basis, s > 0);
    basis = found.basis;
    proofs.push(found);
    const served = Math.max(0, -found.value);
    stages.push({name: stage.name, demand_tpa: asked[s], served_tpa: served});
    if (binding === null && stage.counts && asked[s] - served > data.tolerances.printed * asked[s])
      binding = {stage: stage.name, inputs: prices(program, base, found)};
    program.hold(b, found);
  });
  return {program, b, stages, proofs, basis, binding};
}

function certificate(proofs) {
  const gap = Math.max(...proofs.map((p) => p.gap)), violation = Math.max(...proofs.map((p) => p.violation));
  return {ok: gap <= data.tolerances.proof && violation <= data.tolerances.proof, gap, violation, stages: proofs.length};
}

// the same, then at least cost; the face of all that serves each stage as much is kept for what is asked later
function answer(setting) {
  const began = performance.now(), {program, b, stages, proofs, basis, binding} = serve(setting);
  const face = {lower: b.lower.slice(), upper: b.upper.slice(), rowLower: b.rowLower.slice(), rowUpper: b.rowUpper.slice()};
  const last = program.solve(b, b.cost, basis);
  proofs.push(last);
  const found = {setting, stages, cost_usd: last.value, binding, flows: last.x.slice(),
    steps: program.steps.map((step) => step.reduce((sum, j) => sum + last.x[j], 0)), certificate: certificate(proofs),
    ms: {solve: performance.now() - began}, memory_bytes: highs.memoryBytes};
  return {found, face, basis, proofs};
}

const pause = (ms) => new Promise((next) => setTimeout(next, ms));

// other settings, asked while nobody moves anything: what each stage would get
async function asides(job) {
  const out = [];
  for (const {key, setting} of job.asides) {
    await pause(0);
    if (running !== job.number) return null;  // a newer question came in between
    const {stages, proofs} = serve(setting);
    if (certificate(proofs).ok) out.push({key, stages});
  }
  return out;
}

// weak inputs made otherwise, one by one: what each stage would get. Left out is what cannot matter: less of what is
// not used up to there, more of what has no price in any stage
async function dependencies(job, {proofs}) {
  const program = programOf(job.setting), out = [], last = proofs[proofs.length - 1], b = program.bounds(job.setting);
  let unproved = 0;
  const used = (col, row) => col >= 0 ? last.x[col] / program.colScale[col] : last.activity[row] / program.rowScale[row];
  const bound = (col, row) => col >= 0 ? b.upper[col] / program.colScale[col] : b.rowUpper[row] / program.rowScale[row];
  const priced = (col, row) => proofs.slice(0, -1).some((p) => Math.abs(col >= 0 ? p.reduced[col] : p.y[row]) > data.tolerances.priced);
  for (const [number, dependency] of data.dependencies.entries()) {
    const absent = dependency.table === "nodes" && dependency.variant === "absent", site = `site:${dependency.id}`;
    if (absent && job.setting.controls[site] === false) continue;
    const factors = dependency.rows.map((r, k) => ({factor: dependency.factors[k], col: dependency.table === "edges" ? r
      : dependency.table === "demand" ? program.served + r : program.activity[r], row: dependency.table === "nodes" ? program.nodeRow[r] : -1}));
    const known = factors.every(({col, row}) => col >= 0 || row >= 0);
    if (!known && !absent) continue;
    if (known && !factors.some(({factor, col, row}) => factor < 1
      ? used(col, row) > factor * bound(col, row) + data.tolerances.solver : priced(col, row) && Number.isFinite(bound(col, row)))) continue;
    await pause(0);
    if (running !== job.number) return null;
    const setting = absent ? {...job.setting, controls: {...job.setting.controls, [site]: false}} : job.setting;
    const found = serve(setting, absent ? [] : factors);
    if (certificate(found.proofs).ok) out.push({dependency: number, stages: found.stages}); else unproved++;
  }
  return {out, unproved};
}

// inputs at their bound whose price is not nothing in the first stage that is short: price times bound; of what is
// closed price times what it carried at first
function prices(program, base, found) {
  const hits = new Map();
  const add = (input, price, bound) => {
    if (input === null || price >= -data.tolerances.priced || !Number.isFinite(bound)) return;
    const old = hits.get(input) ?? {input, price: 0, carried: 0, lost: 0};
    hits.set(input, {input, price: Math.max(old.price, -price), carried: old.carried - price * bound,
      lost: old.lost - (bound > 0 ? 0 : price * data.inputs[input].flow)});
  };
  for (let j = 0; j < program.n; j++) add(program.colInput[j], found.reduced[j], base.upper[j]);
  for (let i = 0; i < program.m; i++) add(program.rowInput[i], found.y[i], base.rowUpper[i]);
  return [...hits.values()].filter((hit) => hit.carried > 0 || hit.lost > 0)
    .sort((a, c) => c.carried - a.carried || c.lost - a.lost || a.input - c.input);
}

// between which ends the part of one member can lie, all stages being kept
async function ranges(job, setting, {found, face, basis}) {
  const program = programOf(setting), out = [];
  const short = new Set(data.stages[setting.order].filter((s, k) =>
    found.stages[k].demand_tpa - found.stages[k].served_tpa > data.tolerances.printed * found.stages[k].demand_tpa
    && found.stages[k].served_tpa > data.tolerances.printed * found.stages[k].demand_tpa).flatMap((s) => s.rows));
  const bounds = program.bounds(setting);
  for (const [number, member] of data.members.entries()) {
    const demand = member.rows.reduce((sum, r) => sum + bounds.upper[program.served + r], 0);
    const served = member.rows.reduce((sum, r) => sum + found.flows[program.served + r], 0);
    let low = served, high = served;
    if (member.rows.some((r) => short.has(r))) {
      await pause(0);
      if (running !== job) return null;
      program.put(face);
      const down = program.solve(face, program.serving(member.rows, 1), basis);
      const up = program.solve(face, program.serving(member.rows, -1), basis);
      if (Math.max(down.fault, up.fault) > data.tolerances.proof) { low = high = null; }
      else { low = Math.max(0, down.value); high = Math.min(demand, -up.value); }
    }
    out.push({member: number, demand_tpa: demand, least_tpa: low, most_tpa: high});
  }
  return out;
}

async function load({wasm, text, onlyMonths}) {
  data = JSON.parse(text);
  highs = await new Promise((done, fail) => {
    const bring = (imports, take) => {
      WebAssembly.instantiate(wasm, imports).then((r) => take(r.instance, r.module), fail);
      return {};
    };
    Module({instantiateWasm: bring}).then(done, fail);
  });
  if (!onlyMonths) for (const relations of data.relations) programOf({relations, preset: ""});
}

onmessage = async ({data: job}) => {
  try {
    if (job.kind === "load") { await load(job); postMessage({kind: "loaded"}); return; }
    running = job.number;
    if (job.kind === "rest") return;
    if (job.kind === "months") {
      const found = await overMonths(job);
      if (found) postMessage({kind: "months", number: job.number, found});
      return;
    }
    const solved = answer(job.setting);
    postMessage({kind: "answer", number: job.number, found: solved.found});
    await pause(60);
    if (running !== job.number) return;
    for (const [kind, look] of [["ranges", () => ranges(job.number, job.setting, solved)], ["asides", () => asides(job)], ["dependencies", () => dependencies(job, solved)]]) {
      const found = await look();
      if (found === null) return;
      postMessage({kind, number: job.number, found});
    }
  } catch (error) {
    postMessage({kind: "failed", number: job.number ?? null, why: String(error.message ?? error)});
  }
};
