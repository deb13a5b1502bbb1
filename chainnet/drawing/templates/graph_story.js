"use strict";
// The finding: told in five steps, with what ends in its demand, what is lost of it, and its course over time.
C.story = C.data.story;
C.MARKS = { height: 54, bar: 26 };
C.OPENS = 3;  // the step at which the page opens: its picture is that of the heading
C.aim = () => {
  // what leads to the demand of the finding at any time, and of it what does so now; scrap goes round, so the way ends
  // at a recycler
  if (!C.story) { C.focus = null; return; }
  const asks = (s) => s.stage === "end_use" && (s.asked > 0 || !C.data.hasUnmet) && s.demand.some((d) => d.counts && (!C.story.tier || d.tier === C.story.tier));
  const reach = (opens) => {
    const queue = C.sites.filter(asks), sites = new Set(queue), links = new Set();
    while (queue.length) {
      queue.pop().into.forEach((k) => {
        if (!opens(k)) return;
        links.add(k);
        if (sites.has(k.from)) return;
        sites.add(k.from);
        if (k.from.stage !== "recycler") queue.push(k.from);
      });
    }
    return { sites, links };
  };
  const found = reach((k) => C.peak(k) > 0);
  C.focus = found.sites.size ? { ...found, now: reach((k) => C.flow(k) > 0).links } : null;
};
C.lit = () => C.state.traced || (C.state.focus ? C.focus : null);
// a picture in which nobody is short has lost nothing, whatever goes another way
C.isCalm = () => C.data.hasResult && (C.data.months ? C.monthNow().isCalm : C.data.isCalm);
C.isTold = () => Boolean(C.story) && (!C.data.months || C.story.names.includes(C.data.months.scenario));
C.along = (ctx, k) => {
  const bend = (k.to.x - k.from.x) / 2;
  ctx.beginPath();
  ctx.moveTo(k.from.x, k.from.y);
  ctx.bezierCurveTo(k.from.x + bend, k.from.y, k.to.x - bend, k.to.y, k.to.x, k.to.y);
};
C.under = (ctx) => {
  // behind the links: the column of the bottleneck, and as hollow bands what no longer comes
  const px = (C.pixel || 1) / window.network.getScale(), lit = C.lit(), h = C.heads.find((one) => one.block.bottleneckText);
  if (h) {
    const below = C.heads.filter((one) => one.x === h.x && one.y > (h.y || 0)).map((one) => one.y);
    const top = h.y === null ? 0 : h.y, bottom = below.length ? Math.min(...below) : C.bandTop === null || h.low ? C.world.height : C.bandTop;
    ctx.fillStyle = C.fade(C.LESS, 0.1);
    ctx.fillRect(h.x, top, h.wide - 8, bottom - top);
  }
  if (C.state.mode === "base" || C.state.choke || C.isCalm()) return;
  C.links.filter((k) => C.change(k) < 0 && !k.isBack && C.linkOpen(k) && !(lit && !lit.links.has(k)))
    .sort((p, q) => (q.base || 0) - (p.base || 0) || p.index - q.index).forEach((k) => {
      const wide = C.linkWidth(k.base, k.basis), hollow = wide > 3 * px;
      C.along(ctx, k);
      ctx.globalAlpha = hollow ? 1 : 0.55;
      ctx.strokeStyle = C.SAME; ctx.lineWidth = hollow ? wide : px; ctx.stroke();
      ctx.globalAlpha = 1;
      if (hollow) { C.along(ctx, k); ctx.strokeStyle = "#fff"; ctx.lineWidth = wide - 1.6 * px; ctx.stroke(); }
    });
};
// an end use whose demand counts is a block: as tall as it asks for, filled as far as it is served
C.isBlock = (s) => s.stage === "end_use" && s.asked > 0 && !C.state.choke;
C.blockHeight = (s) => Math.max(7, Math.min(s.room * 0.8, 34) * Math.sqrt(s.asked / C.mostAsked));
C.block = (ctx, s) => {
  const tall = C.blockHeight(s), dim = C.dim(s), left = s.x - 6, top = s.y - tall / 2, hollow = tall * (C.isShort(s) ? C.shortfallShare(s) : 0);
  ctx.fillStyle = "#fff"; ctx.fillRect(left, top, 12, tall);
  ctx.fillStyle = dim ? C.fade(s.colour, 0.1) : s.colour; ctx.fillRect(left, top + hollow, 12, tall - hollow);
  ctx.strokeStyle = dim ? COLOURS.dim : hollow > 0 ? C.LESS : C.INK; ctx.lineWidth = 1;
  ctx.beginPath(); ctx.rect(left, top, 12, tall); ctx.stroke();
};
C.steps = () => [...document.querySelectorAll("#story button")];
C.markStory = () => {
  if (!C.story) return;
  C.steps().forEach((b) => { if (Number(b.dataset.step) === C.state.step) b.setAttribute("aria-current", "step"); else b.removeAttribute("aria-current"); });
  C.at("told").textContent = C.state.step ? C.story.steps[C.state.step - 1][2] : C.isTold() ? C.story.where : "";
  C.at("focus").setAttribute("aria-pressed", String(C.state.focus));
};
C.pose = (step) => {
  // the state of a step; 0 = the whole network as it is today
  const st = C.state, mode = step ? C.story.steps[step - 1][1] : "base";
  st.step = step;
  st.focus = step > 0;
  st.mode = C.data.hasResult && (C.data.hasBase || mode !== "base") ? mode : C.data.hasResult && !C.data.hasBase ? "result" : "base";
  st.choke = st.panel = false;
  st.chosen = st.traced = st.hover = null;
  C.ticked.clear();
  if (step === 5) C.story.projects.filter((id) => C.byId.has(id)).forEach((id) => C.ticked.add(id));
  st.projects = C.data.showProjects || C.ticked.size > 0;
  if (!C.data.months) return;
  const mine = C.data.courses.findIndex((c) => C.story.names.includes(c.scenario));
  if (step && mine >= 0 && mine !== st.course) C.pickCourse(mine);
  const lasting = C.lasting();
  if (step && lasting >= 0) st.month = lasting;
};
C.tell = (step) => {
  C.tip(null);
  window.network.unselectAll();
  C.pose(step);
  if (C.at("projects")) C.at("projects").checked = C.state.projects;
  C.at("panel").setAttribute("aria-pressed", "false");
  if (C.data.months) { C.putMonth(); if (C.grouping) { C.scene(); C.nodes.clear(); C.edges.clear(); } }
  C.layout();
  C.makeHeads();
  if (C.data.months && C.grouping) { C.nodes.add(C.sites.map(C.siteStyle)); C.edges.add(C.inOrder().map(C.linkStyle)); }
  C.marks();
  C.changed();
  C.show(false);
  C.say((step ? C.story.steps[step - 1][0] : "Explore") + ". " + C.at("told").textContent);
};
// what is chosen by hand is no step any more; what stands out stays
C.leave = () => { C.state.step = 0; C.markStory(); };
C.storyControls = () => {
  C.steps().forEach((b) => b.addEventListener("click", () => C.tell(Number(b.dataset.step))));
  C.at("focus").hidden = !C.focus;
  C.at("focus").addEventListener("click", () => { C.state.focus = !C.state.focus; C.leave(); C.changed(); });
};
C.storySide = () => {
  // where the chain breaks, and what costs as much
  if (!C.story) return [];
  const parts = [C.make("h2", "Bottleneck"), C.make("p", C.story.where)];
  if (C.story.ties.length) parts.push(C.make("p", "As costly: " + C.listed(C.story.ties) + ".", "lead"));
  return parts;
};
C.underWords = (s) => {
  // only what was asked: the loss under the scenario, and whether the verdict hangs on the plant
  if (!C.story) return [];
  const out = [];
  if (s.underText) out.push(C.data.underWords + " " + s.underText.replace(/^0$/, "nothing") + ".");
  if (Object.hasOwn(C.story.without, s.id)) out.push("The verdict hangs on it: without it \u201c" + C.story.without[s.id] + "\u201d.");
  return out;
};
C.timeline = () => {
  const t = C.story && C.story.months, host = C.at("timeline");
  host.hidden = !t;
  document.querySelector(".pane").classList.toggle("timed", Boolean(t));
  if (!t) return;
  const space = "http://www.w3.org/2000/svg", wide = Math.max(host.clientWidth, 280), { height, bar } = C.MARKS, foot = height - 14;
  const add = (tag, keys, text) => {
    const e = document.createElementNS(space, tag);
    Object.entries(keys).forEach(([k, v]) => e.setAttribute(k, String(v)));
    if (text) e.textContent = text;
    svg.append(e);
    return e;
  };
  const svg = document.createElementNS(space, "svg"), at = (m) => 10 + (wide - 20) * (m - 1) / t.last;
  const most = t.bars.reduce((p, q) => q[2] > p[2] ? q : p);
  svg.setAttribute("viewBox", "0 0 " + wide + " " + height);
  svg.setAttribute("role", "img");
  const words = "Short of " + (C.story.tier ? C.story.tier + " demand" : "demand") + " by month" + (most[2] > 0 ? ", at most " + C.percent(most[2]) + " in month " + most[0] : ": nothing");
  svg.setAttribute("aria-label", words + t.marks.map(([m, text]) => "; month " + m + ": " + text).join(""));
  t.bars.forEach(([m, n, share]) => add("rect", { x: at(m), y: foot - bar * share, width: Math.max(1, at(m + n) - at(m) - 1), height: bar * share, fill: C.LESS }));
  add("path", { d: "M10 " + foot + ".5H" + (wide - 10), stroke: COLOURS.line, fill: "none" });
  add("text", { x: 10, y: 10, "font-size": 11, fill: COLOURS.soft }, words);
  for (let m = 1; m <= t.last; m += 12) add("text", { x: at(m), y: height - 3, "font-size": 10, fill: COLOURS.soft }, m === 1 ? "month 1" : String(m));
  t.marks.forEach(([m, text], i) => {
    const late = at(m) > wide * 0.6;
    add("path", { d: "M" + at(m) + " 14V" + foot, stroke: C.INK, "stroke-width": 1.5, fill: "none" });
    add("text", { x: at(m) + (late ? -4 : 4), y: 22 + 11 * (i % 2), "font-size": 11, "text-anchor": late ? "end" : "start", fill: C.INK, stroke: "#fff", "stroke-width": 3, "paint-order": "stroke" }, text + ", month " + m);
  });
  host.replaceChildren(svg);
};
C.stepList = () => {
  // on a phone the chain is a list of its steps, each with those who hold most of it
  const host = C.at("steplist");
  if (getComputedStyle(host).display === "none") return;
  const lit = C.lit();
  host.replaceChildren(...C.blocks.filter((b) => C.sites.some((s) => s.block === b.index)).sort((p, q) => (p.column < 0) - (q.column < 0) || p.column - q.column || p.index - q.index).flatMap((b) => {
    const item = C.make("li", undefined, b.bottleneckText ? "narrow" : ""), after = C.state.mode !== "base" && C.data.hasResult;
    const sum = after && b.baseText !== b.resultText ? b.baseText + " \u2192 " + b.resultText : b.baseText;
    item.append(C.make("h3", b.name), C.make("p", sum === "not added" ? b.n + " sites" : sum, "lead"));
    if (b.bottleneckText) item.append(C.make("p", "\u25b6 " + b.bottleneckText, "chip bottleneck"));
    const mine = C.every.sites.filter((s) => s.block === b.index && C.siteShown(s) && (!lit || !C.state.focus || [...lit.sites].some((t) => t === s || t.members && t.members.includes(s))))
      .sort((p, q) => C.peak(q) - C.peak(p) || p.index - q.index), whole = mine.reduce((all, s) => all + C.peak(s), 0);
    if (!mine.length) return [];
    const text = (s) => C.isShort(s) && s.stage === "end_use" ? C.shortfallText(s) : after ? s.resultText : s.baseText;
    item.append(C.rows(mine.slice(0, 4).map((s) => C.row(s, s.label, text(s), whole > 0 ? C.flow(s) / whole : null, s.colour, s.place))));
    if (mine.length > 4) item.append(C.make("p", "and " + (mine.length - 4) + " more", "lead"));
    return [item];
  }));
};
