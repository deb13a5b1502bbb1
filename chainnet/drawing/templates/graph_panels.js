"use strict";
// The rail on the right, filters, counts, tables, saved pictures.
C.row = (s, lead, number, share, colour, small) => {
  const button = C.make("button", undefined, "row"), top = C.make("span", undefined, "top");
  button.type = "button";
  top.append(C.make("span", lead), C.make("span", number, "num"));
  button.append(top);
  if (small) button.append(C.make("small", small));
  if (share !== null) {
    const line = C.make("span", undefined, "barline"), bar = C.make("i");
    bar.style.width = Math.max(1, 100 * Math.min(share, 1)) + "%";
    bar.style.background = colour;
    line.append(bar);
    button.append(line);
  }
  if (s) button.addEventListener("click", () => { C.choose(s, true); C.goGraph(); }); else button.disabled = true;
  return button;
};
C.side = () => {
  const side = C.at("side");
  side.replaceChildren(...(C.state.chosen ? C.card(C.state.chosen) : C.ranking()));
  side.scrollTop = 0;
};
C.rows = (buttons) => {
  const list = C.make("ol");
  buttons.forEach((b) => { const item = C.make("li"); item.append(b); list.append(item); });
  return list;
};
C.ranking = () => {
  if (C.state.panel) return C.projectSide();
  if (C.data.hasLosses) return [...C.storySide(), ...C.monthSide(), ...C.losses()];
  const sums = new Map();
  C.every.sites.forEach((s) => sums.set(s.block, (sums.get(s.block) || 0) + C.flow(s)));
  const part = (s) => sums.get(s.block) > 0 ? C.flow(s) / sums.get(s.block) : 0;
  const large = C.every.sites.filter((s) => s.stage !== "end_use" && C.flow(s) > 0 && C.siteShown(s))
    .sort((p, q) => part(q) - part(p) || p.index - q.index).slice(0, 12);
  return [...C.storySide(), ...C.monthSide(), C.make("h2", "Largest parts of a step"), C.make("p", "Share of its step's output. Size is not loss: no ranking of losses was given.", "lead"),
    C.rows(large.map((s) => C.row(s, s.label, C.percent(part(s)), part(s), s.colour, [s.step, s.place].filter(Boolean).join(" \u00b7 "))))];
};
C.herdCard = (s, parts) => {
  const open = C.make("button", "Open this group");
  open.type = "button";
  open.addEventListener("click", () => C.open(C.family(s)));
  parts.push(C.list([["Capacity", s.capacityText], ["Flow, baseline", s.baseText], ["Used", C.usedText(s)], ["Quality", s.quality]]), open,
    C.make("p", "The loss of a group is not the sum of its members' losses and was not asked.", "lead"), C.make("p", C.feeds(C.state.traced)));
  C.partners(parts, "Suppliers", s.into, "from");
  C.partners(parts, "Users", s.out, "to");
  const most = s.members.slice().sort((p, q) => C.flow(q) - C.flow(p) || (p.id < q.id ? -1 : 1)), whole = C.flow(s);
  parts.push(C.make("h3", "Members" + (most.length > 12 ? " (12 of " + most.length + ")" : "")));
  parts.push(C.rows(most.slice(0, 12).map((m) => C.row(m, m.label, C.state.mode === "base" ? m.baseText : m.resultText, whole > 0 ? C.flow(m) / whole : null, m.colour))));
  return parts;
};
C.card = (s) => {
  const back = C.make("button", "\u2190 Back to the list", "back");
  back.type = "button";
  back.addEventListener("click", () => { C.choose(null); C.goGraph(); });
  const parts = [back, C.make("h2", s.label), C.make("p", [s.step, s.place, s.projectText].filter(Boolean).join(" \u00b7 "), "lead")];
  if (s.members) return C.herdCard(s, parts);
  if (C.isShort(s) && s.stage === "end_use") parts.push(C.make("p", C.capital(C.shortfallText(s)) + " t/yr (" + C.percent(C.shortfallShare(s)) + ")", "big"));
  if (s.project) parts.push(C.list(C.worthLines(s)));
  else if (C.data.hasLosses && s.stage !== "end_use") {
    parts.push(C.make("p", s.lost > 0 ? (s.unitLabel ? "The loss of " + s.unitLabel : "Its loss") + " costs " + C.costs(s) : s.lost === null ? "Loss not tested" : "Its loss costs nothing in the baseline", s.lost > 0 ? "big" : "big none"));
    if (s.lost > 0) parts.push(C.make("p", s.lostShareText + " of deliveries of " + C.tierName() + (s.several ? "; may be several plants, so it bears no rank" : "; rank " + s.rankText) + (s.inCut ? "; \u25b6 in the minimum cut" : ""), "lead"));
    C.underWords(s).forEach((text) => parts.push(C.make("p", text)));
  } else if (s.inCut) parts.push(C.make("p", "\u25b6 in the minimum cut", "lead"));
  const lines = [["Capacity", s.capacityText], ["Flow, baseline", s.baseText]];
  if (C.data.hasResult) lines.push(["Flow, " + C.resultWord(), s.resultText]);
  lines.push(["Used", C.usedText(s)]);
  if (s.makes) lines.push(["Counts t of", s.makes]);
  lines.push(["Quality", s.quality]);
  parts.push(C.list(lines), C.make("p", C.feeds(C.state.traced)));
  if (!C.state.traced.byFlow) parts.push(C.make("p", "No link has flow here: all links on record are traced.", "lead"));
  C.partners(parts, "Suppliers", s.into, "from");
  C.partners(parts, "Users", s.out, "to");
  if (s.demand.length) {
    parts.push(C.make("h3", "Demand"));
    parts.push(C.list(s.demand.map((d) => [d.tier || "no tier", d.text + (d.commodity ? " " + d.commodity : "")])));
  }
  parts.push(C.make("h3", "On record"), C.list([["Stage", C.data.stageWords[s.stage]], ["Step", s.step], ["Country", s.place || "n/d"], ...s.fields, ["Id", s.id]]));
  parts.push(C.make("h3", "Sources"));
  if (!s.references.length) parts.push(C.make("p", "n/d"));
  s.references.forEach((key) => parts.push(C.make("p", key + (C.data.references[key] ? ": " + C.data.references[key] : ""), "lead")));
  return parts;
};
C.partners = (parts, title, links, end) => {
  const open = links.filter((k) => C.flow(k) > 0).sort((p, q) => C.flow(q) - C.flow(p) || p.index - q.index);
  if (!links.length) return;
  parts.push(C.make("h3", title + (open.length > 6 ? " (6 of " + open.length + ")" : "")));
  if (!open.length) { parts.push(C.make("p", "none with flow; " + links.length + " on record", "lead")); return; }
  const sums = {};
  open.forEach((k) => { sums["c" + k.commodity] = (sums["c" + k.commodity] || 0) + C.flow(k); });
  parts.push(C.rows(open.slice(0, 6).map((k) => {
    const share = C.flow(k) / sums["c" + k.commodity], other = k[end];
    const text = C.state.mode === "base" ? k.baseText : C.state.mode === "result" ? k.resultText : k.changeText;
    return C.row(other, other.label, text, share, k.from.colour,
      [other.place, C.percent(share) + (k.commodityText ? " of " + k.commodityText : ""), k.quality].filter(Boolean).join(" \u00b7 "));
  })));
};
C.count = () => {
  const real = C.sites.filter((s) => C.state.projects || !s.project), shown = real.filter(C.siteShown);
  const moving = C.links.filter(C.carries), seen = moving.filter(C.linkShown);
  const main = (k) => !C.data.main.length || C.data.main.includes(k.commodity);
  const whole = moving.filter(main).reduce((sum, k) => sum + C.flow(k), 0), part = seen.filter(main).reduce((sum, k) => sum + C.flow(k), 0);
  const flow = C.data.main.length && whole > 0 ? ", " + C.percent(part / whole) + " of main flow" : "";
  const heads = (rows) => rows.reduce((sum, row) => sum + row.size, 0), herds = shown.filter((s) => s.members).length;
  // of a bundle only those count that carry goods
  const links = (rows) => rows.reduce((sum, k) => sum + (k.parts || [k]).filter(C.carries).length, 0);
  C.at("count").textContent = C.whole(heads(shown)) + " of " + C.whole(heads(real)) + " sites" + (herds ? " (" + herds + " groups)" : "") + ", " + links(seen) + " of " +
    links(moving) + " links with flow" + flow;
};
C.chips = () => {
  const chips = [], st = C.state;
  const chip = (text, undo) => {
    const button = C.make("button", text + " \u00d7");
    button.type = "button";
    button.title = "Remove this filter";
    button.addEventListener("click", () => { undo(); C.changed(); });
    chips.push(button);
  };
  Object.entries(st.off).forEach(([kind, set]) => { if (set.size) chip("without " + [...set].map((v) => v || "no country").join(", "), () => C.allOn(kind)); });
  if (st.commodity) chip("only " + C.at("commodity").selectedOptions[0].textContent, () => { st.commodity = ""; C.at("commodity").value = ""; });
  if (st.least > 0) chip("links from " + C.percent(st.least) + " of the widest", () => { st.least = 0; C.at("least").value = 0; C.at("leastText").textContent = "0"; });
  if (C.opened.size) chip("opened groups", () => C.regroup());
  if (st.chosen) chip("chain of " + st.chosen.label, () => C.choose(null));
  C.at("chips").replaceChildren(...chips);
};
C.allOn = (kind) => {
  C.state.off[kind].clear();
  document.querySelectorAll("#legend input[data-filter]").forEach((box) => { if (box.dataset.filter === kind) box.checked = true; });
};
C.clearFilters = () => {
  Object.keys(C.state.off).forEach(C.allOn);
  C.state.commodity = ""; C.state.least = 0;
  C.at("commodity").value = ""; C.at("least").value = 0; C.at("leastText").textContent = "0";
};
C.follow = () => {
  // counts, chips and tables follow what is shown
  C.count();
  C.chips();
  document.querySelectorAll("#sites tbody tr").forEach((row) => {
    const s = C.byId.get(row.dataset.site);
    row.hidden = !(C.siteShown(s) || s.project && C.state.projects === false && !C.state.off.step.has(s.step) && !C.state.off.place.has(s.place));
    row.classList.toggle("on", s === C.state.chosen);
  });
  document.querySelectorAll("#links tbody tr").forEach((row) => {
    const k = C.rowById.get(row.dataset.link), st = C.state;
    row.hidden = [k.from, k.to].some((s) => st.off.step.has(s.step) || st.off.place.has(s.place)) || st.off.quality.has(k.quality) ||
      (Boolean(st.commodity) && k.commodity !== st.commodity) || (st.least > 0 && C.flow(k) < st.least * (C.mostLink.get(k.basis) || 0));
    row.classList.toggle("on", Boolean(st.chosen) && (k.from === st.chosen || k.to === st.chosen));
  });
};
C.marks = () => {
  document.querySelectorAll("#switch button").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.mode === C.state.mode)));
  C.at("changes").hidden = C.state.mode !== "diff";
  C.markStory();
  C.at("choke").setAttribute("aria-pressed", String(C.state.choke));
  C.heading();
  C.at("shortfallKey").hidden = C.state.choke || !C.data.hasUnmet;
  C.at("areaWords").textContent = C.state.choke ? "area = loss if the site drops out; dot = no loss" : "area = output, t/yr";
};
C.changed = (fresh) => {
  if (C.state.chosen) C.state.traced = C.trace(C.state.chosen);
  C.badges = new Set(C.sites.filter((s) => s.rank && s.rank <= 3 && C.sites.filter((t) => t.rank && t.rank <= 3).length <= 6));
  if (!fresh) C.refresh();
  C.side();
  C.follow();
  C.fillHeads();
  C.fitHeads();
  C.stepList();
  C.remember();
  window.network.redraw();
};
C.fitHeads = () => {
  // the first rows begin where the highest head ends
  let moved = false;
  for (let tries = 0; tries < 3; tries += 1) {
    C.placeHeads();
    const tall = Math.max(0, ...C.heads.filter((h) => !h.low).map((h) => h.element.scrollHeight)) + 14;
    if (!(tall > 14) || Math.abs(tall - C.headPx) < 3) break;
    moved = true;
    C.headPx = tall;
    C.layout();
    C.makeHeads();
    C.fillHeads();
    C.show(false);
  }
  if (moved) C.refresh();
};
C.setMode = (mode) => {
  C.state.mode = mode;
  C.leave();
  // a loss and a change are two things, and both are brown: one of them is shown
  if (mode === "diff") C.state.choke = false;
  if (mode === "diff" && C.isPlan()) { C.state.month = C.lasting(); C.putMonth(); }
  C.marks();
  C.changed();
  C.say({ base: "Baseline", result: C.data.resultName, diff: "Difference" }[mode] + " shown");
};
C.setChoke = (on) => {
  C.state.choke = on;
  C.leave();
  if (on && C.state.mode === "diff") C.state.mode = "result";
  C.marks();
  C.changed();
  C.say(on ? "Chokepoints shown: area is the loss if the site drops out" : "Chokepoints off: area is output");
};
C.setProjects = (on) => {
  C.state.projects = on;
  if (C.at("projects")) C.at("projects").checked = on;
  C.layout();
  C.makeHeads();
  C.changed();
  C.show(false);
};
C.makeHeads = () => {
  C.at("heads").replaceChildren(...C.heads.map((h) => {
    h.element = C.make("div", undefined, "head" + (h.low ? " low" : ""));
    return h.element;
  }));
};
C.fillHeads = () => {
  C.heads.forEach((h) => {
    const b = h.block, after = C.state.mode !== "base" && C.data.hasResult;
    const flow = after ? b.resultText : b.baseText, used = after ? b.utilResultText : b.utilText;
    const numbers = /t\/yr$/.test(flow) ? flow.replace(" t/yr", "") : flow;
    const name = C.make("b", (b.nCut ? "\u25b6 " : "") + b.name);
    const arrow = C.state.mode === "diff" && /t\/yr$/.test(b.baseText) && /t\/yr$/.test(b.resultText);
    const sum = arrow ? b.baseText.replace(" t/yr", "") + " \u2192 " + b.resultText : b.stage === "end_use" ? flow + " delivered" : numbers + (b.capacityText.includes("t/yr") ? " of " : ", capacity ") + b.capacityText;
    h.element.classList.toggle("cut", b.nCut > 0);
    h.element.classList.toggle("worst", b.narrowest);
    h.element.title = b.name;
    h.element.replaceChildren(name);
    if (h.low) { name.textContent += "  " + (flow === "not added" ? "" : sum); return; }
    h.element.append(C.make("div", sum));
    const line = C.make("div");
    if (/%/.test(used)) {
      const bar = C.make("span", undefined, "use"), fill = C.make("i");
      fill.style.width = Math.min(100, parseFloat(used.replace(/[<>]/, ""))) + "%";
      bar.append(fill);
      line.append(bar, used + " used");
    } else line.append(b.stage === "end_use" ? b.n + (b.n === 1 ? " end use" : " end uses") : "use n/d");
    h.element.append(line);
    if (b.bottleneckText) h.element.append(C.make("span", "\u25b6 " + b.bottleneckText, "chip bottleneck"));
    else if (b.worst) {
      const chip = C.make("span", (b.narrowest ? C.markWords + ", loss " : "worst loss ") + b.worstText, "chip"), colour = C.data.lossColours[b.worstClass - 1];
      chip.style.background = colour[0];
      chip.style.color = colour[1];
      h.element.append(chip);
    } else if (b.narrowest) h.element.append(C.make("span", C.markWords + (b.group ? ", group of plants " + b.group.lostText : ""), "chip none"));
    else if (C.data.hasLosses && b.stage !== "end_use") h.element.append(C.make("span", b.group ? "group of plants " + b.group.lostText : "no single loss", "chip none"));
  });
};
C.thing = (row) => row.dataset.site === undefined ? C.rowById.get(row.dataset.link) : C.byId.get(row.dataset.site);
C.value = (row, key) => {
  if (key === "change") return (row.result || 0) - (row.base || 0);
  if (key === "rank") return row.rank || 9999;
  return row[key] === null || row[key] === undefined ? -1 : row[key];
};
C.sort = (table, head, down) => {
  const column = head.cellIndex, value = (row) => head.dataset.k ? C.value(C.thing(row), head.dataset.k) : row.cells[column].textContent;
  table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "ascending" : "descending");
  const rows = [...table.tBodies[0].rows].map((row, i) => [value(row), i, row]);
  const order = (p, q) => p[0] === q[0] ? p[1] - q[1] : (p[0] < q[0] ? -1 : 1) * (down ? 1 : -1);
  table.tBodies[0].append(...rows.sort(order).map((r) => r[2]));
};
C.tables = () => {
  document.querySelectorAll("table.sorts").forEach((table) => {
    table.querySelectorAll("thead th").forEach((head) => {
      head.tabIndex = 0;
      const turn = () => C.sort(table, head, head.getAttribute("aria-sort") === "descending" || (!head.getAttribute("aria-sort") && !head.classList.contains("n")));
      head.addEventListener("click", turn);
      head.addEventListener("keydown", (event) => { if (event.key === "Enter") turn(); });
    });
  });
  C.at("sites").tBodies[0].addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !String(getSelection())) { C.choose(C.byId.get(row.dataset.site), true); document.querySelector(".app").scrollIntoView(); }
  });
};
C.save = (url, name) => {
  const link = C.make("a");
  link.href = url;
  link.download = name;
  link.click();
};
C.sharp = (job) => {
  // for paper and files the picture is drawn at twice its size, then put back
  const net = window.network, pane = C.at("graph"), hidden = !(pane.clientWidth && pane.clientHeight);
  if (hidden) pane.style.setProperty("display", "block", "important");
  const { width, height } = hidden ? C.seen : { width: pane.clientWidth, height: pane.clientHeight };
  const view = { position: net.getViewPosition(), scale: net.getScale() };
  const size = (factor) => {
    C.pixel = factor;
    net.setSize(width * factor + "px", height * factor + "px");
    net.moveTo({ position: view.position, scale: view.scale * factor, animation: false });
    net.redraw();
  };
  C.placeHeads();
  size(2);
  try { return job(width, height); } finally {
    size(1);
    net.setSize("100%", "100%");
    if (hidden) pane.style.removeProperty("display");
    net.redraw();
  }
};
C.above = () => C.data.page.marking ? 94 : 70;
C.compose = (titled) => C.sharp((width, height) => {
  // the picture with its title, heads and marking, as it leaves the page
  const from = document.querySelector("#graph canvas"), ratio = from.width / width, top = titled ? C.above() : 0;
  const to = C.make("canvas");
  to.width = from.width;
  to.height = (height + top + (titled && C.data.page.marking ? 50 : 26)) * ratio;
  const ctx = to.getContext("2d");
  ctx.fillStyle = "#fff"; ctx.fillRect(0, 0, to.width, to.height);
  if (from.width && from.height) ctx.drawImage(from, 0, top * ratio);
  ctx.scale(ratio, ratio);
  C.frame(ctx, width, height, titled);
  return to;
});
C.frame = (ctx, width, height, titled) => {
  // what stands around the graph and on its upper edge; returns the height of it all
  const marking = titled && C.data.page.marking, top = titled ? C.above() : 0;
  const put = (text, x, y, font, colour, room) => { ctx.font = font; ctx.fillStyle = colour; ctx.textBaseline = "top"; ctx.fillText(C.isolated(C.short(ctx, text, room)), x, y); };
  let y = 6;
  const mark = (at) => { ctx.textAlign = "center"; put(C.data.page.marking, width / 2, at, "bold 14px sans-serif", C.INK, width); ctx.textAlign = "left"; };
  if (marking) { mark(y); y += 24; }
  ctx.font = "bold 16px sans-serif";
  if (titled) C.wrap(ctx, document.querySelector("h1").textContent, width - 20, 0, 2).forEach((line, i) => put(line, 10, y + i * 20, "bold 16px sans-serif", C.INK, width - 20));
  if (titled) put(C.data.page.title, 10, y + 42, "13px sans-serif", COLOURS.soft, width - 20);
  C.heads.forEach((h) => {
    const x = h.left, base = h.top + top, wide = h.wide - 8;
    // the head of recyclers stands among their links: no more of these is hidden than must be
    ctx.font = "bold 13px " + C.FONT;
    const cover = h.low ? Math.min(wide, ctx.measureText(h.element.textContent).width + 16) : wide;
    ctx.fillStyle = "#fff"; ctx.fillRect(x, base, cover, h.low ? 20 : C.headPx - 6);
    [...h.element.children].forEach((line, i) => put(line.textContent, x + 8, base + 4 + i * 17, (i ? "12px " : "bold 13px ") + C.FONT,
      line.className === "chip" ? C.LESS : C.INK, wide));
  });
  const words = [C.at("count").textContent, [...C.at("chips").children].map((c) => c.textContent.slice(0, -2)).join("; "),
    "input digest " + C.data.page.digest].filter(Boolean).join(" \u00b7 ");
  put(words, 10, top + height + 6, "12px sans-serif", COLOURS.soft, width - 20);
  if (marking) mark(top + height + 28);
  return top + height + (marking ? 50 : 26);
};
C.print = () => {
  // where nothing can be drawn there is no picture rather than a broken one
  const image = C.at("printed"), picture = C.compose(false);
  if (picture.width && picture.height) image.src = picture.toDataURL("image/png"); else image.removeAttribute("src");
};
C.csv = () => {
  const safe = (text) => {
    const guarded = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return /[",\n\r]/.test(guarded) ? '"' + guarded.replace(/"/g, '""') + '"' : guarded;
  };
  const rows = [...C.at("sites").rows].filter((row) => !row.hidden);
  const text = rows.map((row) => [...row.cells].map((cell) => safe(cell.textContent.trim())).join(",")).join("\r\n");
  const url = URL.createObjectURL(new Blob(["\ufeff" + text + "\r\n"], { type: "text/csv" }));
  C.save(url, "sites" + C.fileMonth() + ".csv");
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};
