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
    const breach = (exact) => activity.reduce((most, at, i) =>
      Math.max(most, (Math.max(b.rowLower[i] - at, at - b.rowUpper[i]) - exact[i]) / Math.max(this.rowScale[i], 1e-12)), 0);
    let violation = breach(new Float64Array(this.m)), natural = 0, value = 0, paid = 0;
    if (violation > data.tolerances.proof) violation = breach(this.exact(x));
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

  // in a row whose terms are large for its size a sum is no more exact than this
  exact(x) {
    const terms = new Float64Array(this.m).fill(1), sizes = new Float64Array(this.m);
    for (let j = 0; j < this.n; j++)
      for (let k = this.starts[j]; k < this.starts[j + 1]; k++) { terms[this.indices[k]]++; sizes[this.indices[k]] += Math.abs(this.values[k] * x[j]); }
    return sizes.map((size, i) => Number.EPSILON * terms[i] * size);
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
      nodeRow: p.nodeRow, columnStep: p.columnStep, rowStep: p.rowStep, carried: p.carried, goals: p.goals, contracts: p.contracts, homes: p.homes, places: p.places});
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

  // the same with contracts in force, and of plants those of one country alone
  bound(b, country = null) {
    for (const i of this.contracts) b.rowUpper[i] = 0;
    if (country === null) return b;
    const open = new Set(this.homes[country].open);
    for (let j = 0; j < this.n; j++) if (!open.has(j)) b.upper[j] = 0;
    for (const i of this.homes[country].close) b.rowUpper[i] = 0;
    return b;
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
  program.first = program.solve(b, program.serving(data.stages[data.start.order][0].rows), null, false).basis;
  return program;
}

// the countries whose export rules are in force, of which law serves users at home first
const homesOf = ({order, preset, controls}) => order !== "law" ? [] : [...new Set([...data.homes.presets[preset],
  ...Object.keys(controls).flatMap((id) => data.homes.controls[id] ?? [])])].filter((country) => country in data.homes.goals).sort();

// who is served stage by stage, each kept before the next is asked, as `balance` does; where floors collide by rounding
// they are set wider
function serve(setting, factors = []) {
  for (const looser of [1, 10]) try { return served(setting, factors, looser); } catch { /* wider floors */ }
  return served(setting, factors, 100);
}

function served(setting, factors, looser) {
  const program = programOf(setting), all = data.stages[setting.order], isLaw = setting.order === "law", {lock} = data.tolerances;
  const asked = program.bounds(setting, factors).upper, demand = (rows) => rows.reduce((sum, r) => sum + asked[program.served + r], 0);
  const kept = new Map(), proofs = [], ends = new Map(), size = (goal) => 100 * lock * program.rowScale[program.goals + goal];
  const hair = (goal, value) => Math.max(looser * lock * value, size(goal));
  const within = (floors, isBound, country = null) => {
    const b = program.bounds(setting, factors);
    if (isBound) program.bound(b, country);
    for (const [goal, value] of floors) b.rowLower[program.goals + goal] = value - hair(goal, value);
    program.put(b);
    return b;
  };
  let b = null, basis = program.first, binding = null, got = [];
  const run = (cost, isNear) => { const found = program.solve(b, cost, basis, isNear); basis = found.basis; proofs.push(found); return found; };
  const endsOf = (rows) => [1, -1].map((sign) => sign * run(program.serving(rows, sign), true).value);
  // a stage that gets all or nothing leaves nothing open
  const openIn = (rows, got, want) => want - got <= 1e-12 * want || got <= 0 ? Array(2).fill(got <= 0 ? 0 : demand(rows)) : endsOf(rows);
  // by law what users at home get of plants at home alone is theirs
  const homes = homesOf(setting);
  for (const country of homes) {
    const own = new Map();
    basis = program.first;
    for (const goal of data.homes.goals[country]) {
      b = within(own, true, country);
      own.set(goal, -run(program.serving(data.goals[goal]), own.size > 0).value);
    }
    for (const [goal, value] of own) kept.set(goal, value);
  }
  const pass = (isLast, isNear) => {
    const base = {upper: b.upper.slice(), rowUpper: b.rowUpper.slice()};
    got = all.map((stage, s) => {
      const found = run(program.serving(stage.rows), isNear || s > 0), got = Math.max(0, -found.value), want = demand(stage.rows);
      if (binding === null && stage.counts && want - got > data.tolerances.printed * want) binding = {stage: stage.name, limits: prices(program, base, found)};
      program.hold(b, found);
      if (isLast) for (const tier of data.tiers) if (tier.last[setting.order] === s) ends.set(tier.name, openIn(tier.rows, got, want));
      return got;
    });
  };
  const hasContracts = isLaw && program.contracts.length > 0, before = proofs.length;
  b = within(kept, hasContracts);
  pass(!hasContracts, homes.length === 1);
  if (hasContracts) {  // what those under contract do not take is for all: nothing but a price of a contract can change a stage
    const isPriced = proofs.slice(before).some((proof) => program.contracts.some((i) => Math.abs(proof.y[i]) > data.tolerances.priced));
    if (isPriced) {
      got.forEach((value, s) => kept.set(s, value));
      b = within(kept, false);
      pass(true, true);
    } else {
      for (const i of program.contracts) b.rowUpper[i] = Infinity;
      program.put(b);
      for (const tier of data.tiers) if (setting.order in tier.last) {
        const s = tier.last[setting.order];
        ends.set(tier.name, openIn(tier.rows, got[s], demand(all[s].rows)));
      }
    }
  }
  // by law what falls to the beneficiaries of a tier that others share is the middle of what can be
  const tiers = data.tiers.map((tier) => {
    const own = all.reduce((sum, stage, s) => sum + (stage.counts && stage.main && stage.rows.every((r) => tier.rows.includes(r)) ? got[s] : 0), 0);
    const [least, most] = ends.get(tier.name) ?? [own, own], row = program.goals + tier.goal;
    let middle = (least + most) / 2;
    if (isLaw && most - least > 10 * all.reduce((sum, _, s) => sum + hair(s, got[s]), 0)) {
      const [low, high] = endsOf(tier.rows);
      middle = Math.min(Math.max(middle, low), high);
      b.rowLower[row] = middle - hair(tier.goal, middle); b.rowUpper[row] = middle + size(tier.goal);
      program.put(b);
    }
    return {tier: tier.name, demand_tpa: demand(tier.rows), served_tpa: middle, least_tpa: least, most_tpa: most};
  });
  return {program, b, stages: all.map((stage, s) => ({name: stage.name, demand_tpa: demand(stage.rows), served_tpa: got[s]})), tiers, proofs, basis, binding};
}

function certificate(proofs) {
  const gap = Math.max(...proofs.map((p) => p.gap)), violation = Math.max(...proofs.map((p) => p.violation));
  return {ok: gap <= data.tolerances.proof && violation <= data.tolerances.proof, gap, violation, stages: proofs.length};
}

// what each tier is short of where nothing is moved; and whose shortfall leads: as the page opens that of the finding,
// later the first that is short of more than that. Of what nothing can be said is known as the page opens alone
const calm = new Map(), losses = new Map();
function already({order, relations}) {
  const key = `${order}/${relations}`;
  if (!calm.has(key)) calm.set(key, serve({controls: {}, preset: "", order, relations}).tiers.map((t) => t.demand_tpa - t.served_tpa));
  return calm.get(key);
}
function leading(setting, tiers, before) {
  const {start, none} = data, isOpening = !Object.keys(setting.controls).length && ["preset", "order", "relations"].every((key) => setting[key] === start[key]);
  const at = isOpening ? -1 : tiers.findIndex((t, k) => t.demand_tpa - t.served_tpa - before[k] > none * t.demand_tpa);
  return {tier: at < 0 ? start.tier : tiers[at].tier, unsure: isOpening ? start.unsure : []};
}

// the same, then at least cost; the face of all that serves each stage as much is kept for what is asked later
function answer(setting) {
  const began = performance.now(), {program, b, stages, tiers, proofs, basis, binding} = serve(setting);
  const face = {lower: b.lower.slice(), upper: b.upper.slice(), rowLower: b.rowLower.slice(), rowUpper: b.rowUpper.slice()};
  const last = program.solve(b, b.cost, basis);
  proofs.push(last);
  const before = already(setting);
  const found = {setting, stages, tiers, already: before, ...leading(setting, tiers, before), cost_usd: last.value, binding, flows: last.x.slice(),
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
    const {tiers, proofs} = serve(setting);
    if (certificate(proofs).ok) out.push({key, tiers});
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
    if (certificate(found.proofs).ok) out.push({dependency: number, tiers: found.tiers}); else unproved++;
  }
  return {out, unproved};
}

// the bottleneck as a finding has it: of the chain with the plants of the setting, without rules on exports, on existing
// links, the step of a country abroad whose stop costs the tier most, if served first
async function bottleneck(job, {found}) {
  const {certain, solver, proof} = data.tolerances, tier = data.tiers.find((t) => t.name === found.tier);
  const controls = Object.fromEntries(Object.entries(job.setting.controls).filter(([id]) => /^(site|owner|project):/.test(id)));
  const key = JSON.stringify([tier.name, controls]);
  if (!losses.has(key)) {
    const program = programOf({relations: "existing", preset: ""}), cost = program.serving(tier.rows), base = program.bounds({controls, preset: ""});
    program.put(base);
    const whole = program.solve(base, cost, program.first, false), out = [];
    if (whole.fault > proof) throw new Error("the bottleneck is not proved");
    const made = data.places.map((place) => place.made.reduce((sum, size, i) => sum + (place.off[i].some((id) => controls[id] === false) ? 0 : size), 0));
    for (const [at, place] of data.places.entries()) {
      const columns = program.places[at], all = made.reduce((sum, size, k) => sum + (data.places[k].name[0] === place.name[0] ? size : 0), 0);
      if (place.isOurs || !columns.some((j) => whole.x[j] > solver * program.colScale[j])) continue;
      await pause(0);
      if (running !== job.number) return null;
      const b = {...base, upper: base.upper.slice()};
      for (const j of columns) b.upper[j] = 0;
      program.put(b);
      const rest = program.solve(b, cost, whole.basis, false);
      if (rest.fault > proof) throw new Error("the bottleneck is not proved");
      out.push({name: place.name, where: place.where, step: place.step, country: place.country, goods: place.goods, share: all > 0 ? made[at] / all : null, lost_tpa: rest.value - whole.value, part: (rest.value - whole.value) / -whole.value});
    }
    const most = Math.max(...out.map((one) => one.part));
    losses.set(key, out.filter(({part}) => part > certain && part >= most - certain));
  }
  const tied = losses.get(key), fine = (value) => Math.round(1e9 * value);
  const scarce = tied.length > 1 ? scarcity(job.setting, controls, tier) : () => 0;
  const order = (a, c) => fine(scarce(c)) - fine(scarce(a)) || fine(c.part) - fine(a.part) || (c.share ?? -1) - (a.share ?? -1) || (String(a.name) < String(c.name) ? -1 : 1);
  const [first, ...others] = [...tied].sort(order);
  return {tier: tier.name, ...first, ties: others.map((one) => one.where)};
}

// of a place the largest share of the goods it makes that is short once new suppliers are qualified, beyond what is short
// with the same plants and nothing else
function scarcity(setting, controls, {rows}) {
  const asked = {...setting, relations: data.relations.includes("new") ? "new" : "existing"}, short = new Map(), want = new Map();
  for (const [sign, one] of [[1, asked], [-1, {...asked, controls, preset: ""}]]) {
    const {flows} = answer(one).found, program = programOf(one), {upper} = program.bounds(one);
    for (const r of rows) {
      const good = data.goods[r], j = program.served + r;
      short.set(good, (short.get(good) ?? 0) + sign * (upper[j] - flows[j]));
      if (sign > 0) want.set(good, (want.get(good) ?? 0) + program.colUpper[j]);
    }
  }
  const part = (good) => short.get(good) / Math.max(want.get(good), 1e-12);
  return ({goods}) => Math.max(0, ...goods.filter((good) => short.has(good)).map((good) => part(good) <= data.tolerances.certain ? 0 : part(good)));
}

// by step of a country, in the first stage that is short: price times bound of what is at its bound; of what is closed
// price times what it carried at first
function prices(program, base, found) {
  const hits = new Map();
  const add = (step, price, bound, carried) => {
    if (step < 0 || price >= -data.tolerances.priced || !Number.isFinite(bound)) return;
    const old = hits.get(step) ?? {step, served_tpa: 0, lost: 0};
    hits.set(step, {step, served_tpa: old.served_tpa - price * bound, lost: old.lost - (bound > 0 ? 0 : price * carried)});
  };
  for (let j = 0; j < program.n; j++) add(program.columnStep[j], found.reduced[j], base.upper[j], program.carried[j] ?? 0);
  for (let i = 0; i < program.m; i++) add(program.rowStep[i], found.y[i], base.rowUpper[i], 0);
  const most = [...hits.values()].filter((hit) => hit.served_tpa > 0 || hit.lost > 0)
    .sort((a, c) => c.served_tpa - a.served_tpa || c.lost - a.lost || a.step - c.step)[0];
  return most ? {...most, ...data.steps[most.step]} : null;
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
    for (const [kind, look] of [["bottleneck", () => bottleneck(job, solved)], ["ranges", () => ranges(job.number, job.setting, solved)], ["asides", () => asides(job)], ["dependencies", () => dependencies(job, solved)]]) {
      const found = await look();
      if (found === null) return;
      postMessage({kind, number: job.number, found});
    }
  } catch (error) {
    postMessage({kind: "failed", number: job.number ?? null, why: String(error.message ?? error)});
  }
};
