"use strict";
// The months of an answer: what changes is put into the rows, then all that shows them follows.
C.runs = (text, base) => text.split(" ").flatMap((token) => {
  const [value, times] = token.split("*");
  return Array(Number(times || 1)).fill(value === "b" ? base : Number(value));
});
C.unpackMonths = () => {
  const unpack = (row, text, course) => {
    const series = C.runs(text, row.base);
    if (!row.courses) { row.courses = []; row.first = row.result || 0; row.most = row.first; }
    row.courses[course] = series;
    row.most = Math.max(row.most, ...series);
  };
  C.data.courses.forEach((c, i) => {
    ["asked", "shortfall"].forEach((name) => Object.entries(c[name]).forEach(([j, text]) => {
      const row = C.every.sites[j], key = name + "Courses";
      if (!row[key]) { row[key] = []; row[name + "First"] = row[name] || 0; }
      row[key][i] = C.runs(text, null);
    }));
    Object.entries(c.links).forEach(([j, text]) => unpack(C.every.links[j], text, i));
    Object.entries(c.sites).forEach(([j, text]) => unpack(C.every.sites[j], text, i));
  });
};
// what a row carries in a month of a scenario; what never changes is as at first
C.inMonth = (row, course, month) => !row.courses ? row.result || 0 : row.courses[course] ? row.courses[course][month] : row.first;
C.added = (rows) => {
  // the most that a group carries in any month is not the sum of what its members carry at most
  const fixed = rows.filter((r) => !r.courses).reduce((sum, r) => sum + (r.result || 0), 0), moving = rows.filter((r) => r.courses);
  let most = 0;
  C.data.courses.forEach((c, i) => c.rows.forEach((_, m) => {
    most = Math.max(most, moving.reduce((sum, r) => sum + C.inMonth(r, i, m), fixed));
  }));
  return { most };
};
C.monthNow = () => C.data.months ? C.data.months.rows[C.state.month] : null;
// only the long run is the nearest to its baseline; the plan of a month is the cheapest, and moves what it likes
C.lasting = () => C.data.months ? C.data.months.rows.findIndex((r) => r.n === 0) : -1;
C.isPlan = () => C.lasting() >= 0 && C.monthNow().n !== 0;
C.capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
C.fileMonth = () => !C.data.months ? "" : C.monthNow().n ? "-month-" + C.monthNow().n : "-long-run";
C.resultWord = () => C.data.months ? C.monthNow().name : C.data.resultName.toLowerCase();
C.flowLine = (row) => {
  if (!C.data.hasResult) return ["Flow", row.baseText];
  return [C.data.months ? "Base year \u2192 " + C.monthNow().name : "Flow", row.baseText + " \u2192 " + row.resultText];
};
C.usedText = (row) => C.data.months && row.base !== null && row.utilResult !== null ? row.utilText + " \u2192 " + C.percent(row.utilResult) : row.utilText;
C.putMonth = () => {
  const at = C.state.month, course = C.state.course, now = C.monthNow();
  C.every.links.forEach((k) => {
    if (!k.courses) return;
    k.result = C.inMonth(k, course, at);
    k.resultText = C.tonnes(k.result);
    k.changeText = C.changeText(k.base, k.result);
  });
  C.every.sites.forEach((s) => {
    ["asked", "shortfall"].forEach((name) => {
      const mine = s[name + "Courses"];
      if (mine) s[name] = mine[course] ? mine[course][at] : s[name + "First"];
    });
    if (!s.courses) return;
    s.result = C.inMonth(s, course, at);
    s.resultText = C.tonnes(s.result);
    s.utilResult = C.ratio(s.result, s.capacity);
    if (s.base === null) s.utilText = C.percent(s.utilResult);
  });
  C.blocks.forEach((b, i) => { [b.resultText, b.utilResultText] = now.heads[i]; });
  const slider = C.at("month");
  slider.max = C.data.months.rows.length - 1;
  slider.value = at;
  slider.setAttribute("aria-valuetext", now.words);
  C.at("monthText").textContent = C.capital(now.words);
  C.fillMonth();
};
C.fillMonth = () => {
  // the tables beneath the graph
  const now = C.monthNow();
  document.querySelectorAll("[data-month]").forEach((e) => { e.textContent = C.capital(now.name); });
  ["sites", "links"].forEach((id) => {
    const table = C.at(id), column = (key) => { const head = table.querySelector("th[data-k=" + key + "]"); return head ? head.cellIndex : -1; };
    const result = column("result"), change = column("change");
    [...table.tBodies[0].rows].forEach((row) => {
      const thing = C.thing(row);
      if (!thing.courses) return;
      row.cells[result].textContent = thing.resultText;
      if (change >= 0) row.cells[change].textContent = thing.changeText;
    });
    const sorted = table.querySelector("th[aria-sort]");
    if (sorted && ["result", "change"].includes(sorted.dataset.k)) C.sort(table, sorted, sorted.getAttribute("aria-sort") === "ascending");
  });
  const put = (id, rows, first) => [...C.at(id).tBodies[0].rows].forEach((row, i) => rows[i].forEach((text, j) => { row.cells[first + j].textContent = text; }));
  put("steps", now.heads, C.at("steps").querySelector("th[data-k=result]").cellIndex);
  if (C.at("courseWords")) C.at("courseWords").textContent = C.data.months.words;
  if (C.at("served")) put("served", now.tiers, 2);
};
C.heading = () => {
  if (!C.data.months) return;
  const now = C.monthNow();
  C.at("heading").textContent = C.state.mode === "base" ? C.data.months.baseHeading : now.heading;
  C.at("inferred").textContent = now.inferred;
  C.at("printed").alt = C.at("heading").textContent;
};
C.setMonth = (to) => {
  const next = Math.max(0, Math.min(C.data.months.rows.length - 1, to));
  if (next === C.state.month && C.state.mode !== "base") return;
  C.state.month = next;
  if (C.state.mode === "diff" && C.isPlan()) C.state.mode = "result";
  C.renew();
};
C.pickCourse = (i) => {
  C.state.course = i;
  C.data.months = C.data.courses[i];
  C.at("course").value = C.data.months.scenario;
};
C.setCourse = (i) => {
  // scenarios may be cut into other periods: the same month is another place then
  const { n } = C.monthNow();
  C.pickCourse(i);
  if (!C.data.months.isEven) C.recallMonth(n);
  C.renew();
  C.say(C.data.months.words + ". " + C.monthNow().spoken);
};
C.renew = () => {
  if (C.state.mode === "base") C.state.mode = "result";
  C.leave();
  C.putMonth();
  if (C.grouping) {
    // the same groups with the sums of the month
    const same = (s) => s && C.sites.find((t) => t.key === s.key) || null, { chosen, hover } = C.state;
    C.state.traced = null;
    C.scene();
    C.state.chosen = same(chosen);
    C.state.hover = same(hover);
    C.layout();
    C.makeHeads();
  }
  C.tip(null);
  C.marks();
  const side = C.at("side"), scrolled = side.scrollTop;
  C.changed();
  side.scrollTop = scrolled;
  C.say(C.monthNow().spoken);
};
C.recallMonth = (n) => {
  // where not every month is on the page: the place that stands for it
  const rows = C.data.months.rows;
  const exact = rows.findIndex((r) => r.n === n);
  if (exact >= 0) C.state.month = exact;
  else if (!C.data.months.isEven) C.state.month = rows.reduce((last, r, i) => r.n && r.n <= n ? i : last, 0);
  else if (Number.isFinite(n)) C.state.month = rows.reduce((best, r, i) => Math.abs(r.n - n) < Math.abs(rows[best].n - n) ? i : best, 0);
};
C.monthControls = () => {
  if (!C.data.months) return;
  const slider = C.at("month"), leap = Number(slider.dataset.leap);
  slider.addEventListener("input", () => C.setMonth(Number(slider.value)));
  if (C.at("course")) C.at("course").addEventListener("change", (event) => C.setCourse(event.target.selectedIndex));
  slider.addEventListener("keydown", (event) => {
    const way = { PageUp: leap, PageDown: -leap }[event.key];
    if (way) { event.preventDefault(); C.setMonth(C.state.month + way); }
  });
};
C.monthSide = () => {
  // who is served, and which links change most, each measured by the widest of its kind of tonne
  if (!C.data.months || C.state.mode === "base") return [];
  const now = C.monthNow(), parts = [C.make("h2", C.capital(now.name.replace(/ of .*$/, "")) + ": who is served")];
  const served = C.list(C.data.months.tiers.map((tier, i) => [tier, now.tiers[i][2] + ", short " + now.tiers[i][1]]));
  served.className = "served";
  const weight = (k) => Math.abs(C.change(k)) / (C.mostLink.get(k.basis) || 1), told = [...C.movedNow().keys()];
  const changed = (told.length ? told.map((id) => C.rowById.get(id)) : C.every.links.slice().sort((p, q) => weight(q) - weight(p) || (p.id < q.id ? -1 : 1)))
    .filter((k) => C.change(k) && C.siteShown(k.from) && C.siteShown(k.to)).slice(0, 8);
  if (C.isPlan()) return [...parts, served];
  const list = C.rows(changed.map((k) => C.row(k.from, k.from.label, k.base === null ? "+" + k.resultText : k.changeText, null, "", [C.movedText(k), "\u2192 " + k.to.label, k.commodityText].filter(Boolean).join(" \u00b7 "))));
  list.className = "tight";
  parts.push(served, C.make("h3", "Links that change most"), changed.length ? list : C.make("p", C.isCalm() ? "none: nobody is short because of it, whatever goes another way" : "none", "lead"));
  return parts;
};
