// The course over months: the block of one year once a month, goods under way, stocks.
class Months extends Model {
  constructor(program, months) {
    super();
    Object.assign(this, {program, months});
    const {years} = months, n = data.months.n, M = program.m, late = new Map(months.late);
    const draws = new Set(months.stocks.map((stock) => stock.col)), closed = program.bounds({controls: {}, preset: ""}, [], false).upper;
    // what never opens is left out: projects have no part in it
    this.kept = [...closed.keys()].filter((j) => closed[j] > 0 || draws.has(j));
    const starts = [0], indices = [], values = [], colScale = [], stockRow = new Map(months.stocks.map((stock, k) => [stock.col, n * M + k]));
    for (let t = 0; t < n; t++)
      for (const j of this.kept) {
        for (let k = program.starts[j]; k < program.starts[j + 1]; k++) {
          const at = t + (late.get(k) ?? 0);
          if (at < n) { indices.push(at * M + program.indices[k]); values.push(program.values[k]); }
        }
        if (stockRow.has(j)) { indices.push(stockRow.get(j)); values.push(1); }
        starts.push(indices.length); colScale.push(program.colScale[j] * years);
      }
    const isKept = new Set(this.kept);
    this.underWay = months.underWay.filter(([j]) => isKept.has(j));
    for (const [j, month] of this.underWay) {
      for (let k = program.starts[j]; k < program.starts[j + 1]; k++)
        if (late.has(k)) { indices.push(month * M + program.indices[k]); values.push(program.values[k]); }
      starts.push(indices.length); colScale.push(program.colScale[j] * years);
    }
    const rowScale = new Float64Array(n * M + months.stocks.length);
    for (let t = 0; t < n; t++) for (let i = 0; i < M; i++) rowScale[t * M + i] = program.rowScale[i] * years;
    months.stocks.forEach((stock, k) => { rowScale[n * M + k] = stock.rowScale; });
    this.place = new Map(this.kept.map((j, k) => [j, k]));
    const size = colScale.length, rows = rowScale.length;
    const none = {controls: {}, preset: "", order: "allies_first", months: n};
    this.setUp({n: size, m: rows, starts: Int32Array.from(starts), indices: Int32Array.from(indices),
      values: Float64Array.from(values), rowScale, colScale: Float64Array.from(colScale)}, this.bounds(none, size, rows));
    this.none = none;
  }

  // in force from the first month for as long as the setting lasts; a stock that is shut stays shut
  bounds(setting, size = this.n, rows = this.m) {
    const {program, months, kept} = this, {years} = months, n = data.months.n, K = kept.length, M = program.m;
    const on = program.bounds(setting, [], false), off = program.bounds({controls: {}, preset: ""}, [], false);
    const upper = new Float64Array(size), rowLower = new Float64Array(rows), rowUpper = new Float64Array(rows);
    for (let t = 0; t < n; t++) {
      const b = t < setting.months ? on : off;
      kept.forEach((j, k) => { upper[t * K + k] = b.upper[j] * years; });
      for (let i = 0; i < M; i++) { rowLower[t * M + i] = b.rowLower[i] * years; rowUpper[t * M + i] = b.rowUpper[i] * years; }
    }
    this.underWay.forEach(([, , tonnes], k) => { upper[n * K + k] = tonnes; });
    const shut = new Set(Object.entries(months.shuts).filter(([id]) => setting.controls[id] === false).flatMap(([, list]) => list));
    months.stocks.forEach((stock, k) => {
      const [rate, whole, after] = stock.presets[setting.preset], isShut = setting.controls[stock.control] === false, at = kept.indexOf(stock.col);
      for (let t = 0; t < n; t++)
        upper[t * K + at] = isShut || t < setting.months && shut.has(k) ? 0 : t < setting.months ? rate : stock.presets[""][0];
      rowLower[n * M + k] = -Infinity;
      rowUpper[n * M + k] = setting.months >= n ? whole : after;
    });
    return {lower: new Float64Array(size), upper, rowLower, rowUpper};
  }

  // the columns of some demand rows, month by month
  served(rows) {
    return Array.from({length: data.months.n}, (_, t) => rows.map((r) => t * this.kept.length + this.place.get(this.program.served + r)));
  }

  serving(rows, weight) {
    const cost = new Float64Array(this.n);
    this.served(rows).forEach((columns, t) => { for (const j of columns) cost[j] = -weight(t); });
    return cost;
  }
}

// what a later tier is worth against an earlier one, and the first month against the last, where a search begins
const WORTH = 0.1, EARLY = 0.1;
const monthly = {};

function monthsOf(relations) {
  if (monthly[relations]) return monthly[relations];
  const found = monthly[relations] = new Months(programOf({relations, preset: ""}), data.months.programs[relations]);
  const b = found.bounds(found.none);
  found.put(b);
  found.first = found.solve(b, found.serving(data.stages.allies_first[0].rows, () => 1), null, false).basis;
  return found;
}

// tier by tier over all months, early rather than late, as far as those who count; then who is served when
async function overMonths({number, setting}) {
  const began = performance.now(), model = monthsOf(setting.relations), b = model.bounds(setting), n = data.months.n;
  const all = data.stages[setting.order], last = all.findLastIndex((stage) => stage.counts && stage.main);
  const asked = all.map((stage) => model.served(stage.rows).map((columns) => columns.reduce((sum, j) => sum + b.upper[j], 0)));
  const sum = (list) => list.reduce((a, c) => a + c, 0), proofs = [];
  model.put(b);
  // where to begin: every turn at once, each worth far more than the next; what holds exactly the turns then find
  const cost = new Float64Array(model.n);
  for (let s = 0; s <= last; s++)
    model.served(all[s].rows).forEach((columns, t) => { for (const j of columns) cost[j] = -(WORTH ** s) * (1 + EARLY * (n - t) / n); });
  let basis = model.solve(b, cost, model.first, false).basis, found = null;
  const turn = (cost, isNear) => { found = model.solve(b, cost, basis, isNear); basis = found.basis; proofs.push(found); model.hold(b, found); };
  for (let s = 0; s <= last; s++) {
    await pause(0);
    if (running !== number) return null;
    turn(model.serving(all[s].rows, () => 1), true);
    const short = sum(asked[s]) + found.value;
    if (!(all[s].counts && all[s].main) || short <= data.tolerances.printed * sum(asked[s])) continue;
    await pause(0);
    if (running !== number) return null;
    turn(model.serving(all[s].rows, (t) => (n - t) / n), true);
  }
  const stages = all.slice(0, last + 1).map((stage, s) => ({name: stage.name, counts: stage.counts && stage.main, asked_t: asked[s],
    served_t: model.served(stage.rows).map((columns, t) => Math.min(asked[s][t], Math.max(0, columns.reduce((a, j) => a + found.x[j], 0))))}));
  return {stages, certificate: certificate(proofs), ms: performance.now() - began};
}
