"use strict";
// Places, colours and sizes; labels, rings and marks are painted after the engine has drawn.
C.FONT = '"Arial Narrow","Liberation Sans Narrow","Roboto Condensed",system-ui,sans-serif';
C.INK = COLOURS.ink; C.LESS = COLOURS.less; C.MORE = COLOURS.more; C.SAME = COLOURS.same;
// the last column says how much is short, and needs more room
C.WIDER = 0.4;
C.HEAD = 76; C.headPx = 76; C.ROW = 28; C.TALLEST = 1100;
C.MIX = { triangle: 1.17, triangleDown: 1.17, diamond: 1.25, square: 0.886, dot: 1 };
C.fade = (hex, part) => {
  const mix = (at) => Math.round(255 - (255 - parseInt(hex.slice(at, at + 2), 16)) * part);
  return "rgb(" + mix(1) + "," + mix(3) + "," + mix(5) + ")";
};
C.layout = () => {
  const columns = Math.max(C.data.columns, 1);
  const shown = C.blocks.map((b) => ({
    block: b,
    members: C.sites.filter((s) => s.block === b.index && (C.state.projects || !s.project))
      .sort((p, q) => p.order - q.order),
  })).filter((part) => part.members.length);
  const band = shown.filter((p) => p.block.column < 0);
  const low = band.reduce((sum, p) => sum + p.members.length, 0);
  const perRow = Math.min(columns, Math.max(low, 1));
  C.bandHeight = low ? 26 + Math.ceil(low / perRow) * 30 : 0;
  const counts = [];
  shown.forEach((p) => { if (p.block.column >= 0) counts[p.block.column] = (counts[p.block.column] || 0) + p.members.length; });
  const most = counts.reduce((top, n) => Math.max(top, n || 0), 1);
  const extra = Math.max(...Array.from({ length: columns }, (_, c) => shown.filter((p) => p.block.column === c).length - 1), 0);
  // so tall that most names have two lines, but not without end
  const wanted = most * C.ROW + (1 + extra) * C.headPx + C.bandHeight + 40;
  document.documentElement.style.setProperty("--need", Math.min(C.TALLEST, Math.max(520, Math.round(wanted))) + "px");
  const pane = C.at("graph").getBoundingClientRect();
  const width = Math.max(pane.width, 300), height = Math.max(pane.height, 240);
  C.seen = { width: Math.round(width), height: Math.round(height) };
  // heads keep their size on the screen when the graph is drawn smaller: they take more of it then
  const slim = width < C.SLIM, least = most * 16 + C.bandHeight + 10, heads = (1 + extra) * C.headPx;
  C.HEAD = slim || least + heads <= height ? C.headPx : C.headPx * least / Math.max(height - heads, height / 3);
  C.rowsHeight = Math.max(height - C.HEAD - C.bandHeight - 10, most * (slim ? 24 : 16) + extra * C.HEAD);
  C.rowRoom = C.rowsHeight / most;
  // a graph taller than the pane is as wide as it must be to fill it
  const whole = C.HEAD + C.rowsHeight + C.bandHeight + 10;
  C.columnWidth = slim ? 150 : Math.max(width / (columns + C.WIDER), 118) * Math.max(1, whole / height);
  // nor may the head of recyclers, which keeps its 22 pixels too, cover their first row
  const lower = low && !slim ? Math.max(0, 28 * whole / height - 38) : 0;
  C.world = { width: (columns + C.WIDER) * C.columnWidth, height: whole + lower };
  C.lowWidth = C.world.width / perRow - 8;
  C.heads = [];
  for (let c = 0; c < columns; c += 1) {
    const parts = shown.filter((p) => p.block.column === c);
    const rows = parts.reduce((sum, p) => sum + p.members.length, 0);
    const room = (C.rowsHeight - (parts.length - 1) * C.HEAD) / Math.max(rows, 1);
    let y = C.HEAD;
    parts.forEach((part, i) => {
      const wide = C.columnWidth * (c === columns - 1 ? 1 + C.WIDER : 1);
      C.heads.push({ block: part.block, x: c * C.columnWidth, y: i ? y : null, wide });
      if (i) y += C.HEAD;
      part.members.forEach((s) => { s.x = c * C.columnWidth + 30; s.y = y + room / 2; s.room = room; y += room; });
    });
  }
  const top = C.HEAD + C.rowsHeight;
  let slot = 0;
  band.forEach((part) => {
    // the name of a step of recyclers may reach as far as its sites do
    const place = slot % perRow, wide = Math.min(part.members.length, perRow - place) * (C.world.width / perRow);
    C.heads.push({ block: part.block, x: place * (C.world.width / perRow), y: top, low: true, wide });
    part.members.forEach((s) => {
      s.x = slot % perRow * (C.world.width / perRow) + 30;
      s.y = top + 38 + lower + Math.floor(slot / perRow) * 30;
      s.room = 30;
      slot += 1;
    });
  });
  C.bandTop = low ? top : null;
  C.largest = Math.min(20, Math.max(8, C.rowRoom * 0.6));
};
C.radius = (s) => {
  if (C.state.choke) {
    return s.lost > 0 ? Math.max(5, C.largest * 1.15 * Math.sqrt(s.lost / C.mostLost)) : 2.5;
  }
  if (C.isBlock(s)) return 7;
  const flow = C.flow(s);
  if (s.project && !flow) return C.ticked.has(s.id) ? 8 : 6;
  const most = C.mostSite.get(s.basis);
  if (!(most > 0)) return 6;
  return Math.max(4, C.largest * Math.sqrt(flow / most));
};
C.isStopped = (s) => C.state.mode !== "base" && (s.base || 0) > 0 && !((s.result || 0) > 1e-9 * s.base);
C.dim = (s) => { const lit = C.lit(); return Boolean(lit) && !lit.sites.has(s); };
C.colour = (s) => {
  if (C.state.mode !== "diff") return s.colour;
  const change = C.change(s);
  return change < 0 ? COLOURS.paper : change > 0 ? C.MORE : C.SAME;
};
C.siteStyle = (s) => {
  const shape = C.data.shapes[s.stage][0], dim = C.dim(s);
  const stopped = C.isStopped(s), less = C.state.mode === "diff" && C.change(s) < 0;
  const ticked = C.ticked.has(s.id), block = C.isBlock(s);
  const fill = s.project && !ticked || stopped ? COLOURS.paper : C.colour(s);
  const edge = stopped || less ? C.LESS : s.project ? s.colour : C.INK;
  const colours = { background: dim ? C.fade(fill, 0.1) : fill, border: dim ? COLOURS.dim : edge };
  return {
    id: s.key, x: s.x, y: s.y, shape, size: block ? 0.1 : C.radius(s) * C.MIX[shape], hidden: !C.siteShown(s),
    borderWidth: block ? 0 : s.inCut ? 3 : s.project || stopped || less ? 1.6 : 1, borderWidthSelected: s.inCut ? 3 : 1.6,
    color: { ...colours, highlight: colours, hover: colours },
    shapeProperties: { borderDashes: s.project && !ticked ? [2, 2] : false },
  };
};
C.linkWidth = (flow, basis) => flow > 0 && C.mostLink.get(basis) > 0
  ? Math.max(0.5, C.widest * Math.sqrt(flow / C.mostLink.get(basis))) : 0.7;
C.linkStyle = (k) => {
  const traced = C.state.traced, lit = C.lit(), dim = Boolean(lit) && !(C.state.mode === "result" && lit.now || lit.links).has(k);
  const diff = C.state.mode === "diff", change = diff ? C.change(k) : 0, flow = change < 0 ? k.result || 0 : C.flow(k);
  let width = C.linkWidth(change > 0 ? change : flow, k.basis), colour = k.from.colour;
  if (flow <= 0) colour = COLOURS.same;
  if (diff) {
    // what is lost is a hollow band behind; of what stays the links are thin
    colour = change > 0 ? C.MORE : change < 0 ? C.SAME : COLOURS.faint;
    if (!(change > 0)) width = Math.min(width, change ? width : 1.2);
  }
  const strong = traced && !dim ? (k.isBack ? 0.35 : 0.62) : diff && change ? (k.isBack ? 0.35 : 0.6) : (C.links.length > 600 ? 0.3 : 0.42) * (k.isBack ? 0.5 : 1) * (C.state.choke ? 0.6 : 1);
  return {
    id: k.id, from: k.from.key, to: k.to.key, width, hidden: !C.linkShown(k),
    dashes: k.isInferred ? [8, 4] : false,
    color: { color: colour, highlight: colour, opacity: dim ? 0.05 : strong, inherit: false },
    arrows: { to: { enabled: k.isBack && !dim, scaleFactor: 0.35 } },
    smooth: C.links.length > 1500 ? false : k.isBack ? { enabled: true, type: "curvedCW", roundness: 0.12 }
      : { enabled: true, type: "cubicBezier", forceDirection: "horizontal", roundness: 0.5 },
    selectionWidth: 0, hoverWidth: 0,
  };
};
C.refresh = () => {
  C.aim();
  C.nodes.update(C.sites.map(C.siteStyle));
  C.edges.update(C.links.map(C.linkStyle));
};
C.move = (position, scale, animate) => {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches || !animate;
  window.network.moveTo({ position, scale, animation: still ? false : { duration: 250, easingFunction: "easeInOutQuad" } });
};
C.SLIM = 640;
C.show = (animate) => {
  // the engine learns late that its pane has another size
  window.network.setSize("100%", "100%");
  const pane = C.at("graph").getBoundingClientRect();
  const fit = Math.min(pane.width / C.world.width, pane.height / C.world.height, 1.6);
  // on a phone the names would be too small to read: it opens at the left, and is moved by hand
  const scale = pane.width < C.SLIM ? Math.max(fit, 1) : fit;
  C.move({ x: pane.width / scale / 2, y: pane.height / scale / 2 }, scale, animate);
};
C.short = (ctx, text, room) => {
  if (ctx.measureText(text).width <= room) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (ctx.measureText(text.slice(0, middle).trimEnd() + "\u2026").width <= room) low = middle; else high = middle - 1;
  }
  return low < 2 ? "" : text.slice(0, low).trimEnd() + "\u2026";
};
C.importance = (s) => {
  if (s === C.state.chosen || s === C.state.hover) return 1e9;
  const traced = C.state.traced && C.state.traced.sites.has(s) ? 1e6 : 0;
  // the end uses that are short are the subject
  return traced + (s.stage === "end_use" && C.isShort(s) ? 1e3 + C.shortfallShare(s) : 0) + (s.rank && s.rank <= 3 ? 1e5 - s.rank : 0) + (s.inCut ? 1e4 : 0) + (C.state.choke ? 50 * (s.lost || 0) / (C.mostLost || 1) : 0) +
    C.flow(s) / (C.mostSite.get(s.basis) || 1);
};
C.badge = (s) => s.rank && s.rank <= 3 && C.badges.has(s) && !C.state.step;
C.paint = (ctx) => {
  const px = (C.pixel || 1) / window.network.getScale();
  if (C.bandTop !== null) {
    ctx.strokeStyle = COLOURS.rule; ctx.lineWidth = px;
    ctx.beginPath(); ctx.moveTo(0, C.bandTop + 2); ctx.lineTo(C.world.width, C.bandTop + 2); ctx.stroke();
  }
  const shown = C.sites.filter(C.siteShown);
  shown.forEach((s) => C.rings(ctx, s, px));
  if (C.state.mode === "diff") C.signs(ctx, px);
  C.boxes = [];
  const taken = new Map();
  shown.slice().sort((p, q) => C.importance(q) - C.importance(p) || p.index - q.index)
    .forEach((s) => C.label(ctx, s, px, taken));
  if ((C.pixel || 1) === 1) C.placeHeads();
};
C.rings = (ctx, s, px) => {
  const r = C.radius(s), dim = C.dim(s);
  if (C.isBlock(s)) C.block(ctx, s);
  const used = C.state.mode === "result" ? s.utilResult : s.utilBase;
  if (!C.state.choke && used !== null && used !== undefined && used > 0 && r / px > 4 && !s.project) {
    ctx.strokeStyle = dim ? COLOURS.dim : C.INK;
    ctx.lineWidth = 1.6;
    ctx.beginPath();
    ctx.arc(s.x, s.y, r + 3.2, -Math.PI / 2, -Math.PI / 2 + Math.PI * 2 * Math.min(used, 1));
    ctx.stroke();
  }
  if (C.isStopped(s) && !C.isBlock(s)) {
    ctx.strokeStyle = dim ? COLOURS.dim_less : C.LESS;
    ctx.lineWidth = 1.6;
    const a = Math.max(3, r * 0.6);
    ctx.beginPath();
    ctx.moveTo(s.x - a, s.y - a); ctx.lineTo(s.x + a, s.y + a);
    ctx.moveTo(s.x + a, s.y - a); ctx.lineTo(s.x - a, s.y + a);
    ctx.stroke();
  }
  if (s === C.state.chosen || s === C.state.hover) {
    ctx.strokeStyle = C.MORE;
    ctx.lineWidth = 2 * px;
    ctx.beginPath(); ctx.arc(s.x, s.y, r + 6, 0, Math.PI * 2); ctx.stroke();
  }
  if (C.badge(s)) {
    const size = 8 * px, inside = r > 9 * px && C.state.mode !== "diff";
    const lift = inside && s.stage === "mine" ? r * 0.2 : 0, x = inside ? s.x : Math.max(s.x - r - 13 * px, 10 * px);
    ctx.fillStyle = dim ? COLOURS.dim_less : C.LESS;
    ctx.strokeStyle = "#fff"; ctx.lineWidth = 1.5 * px;
    ctx.beginPath(); ctx.arc(x, s.y + lift, size, 0, Math.PI * 2); ctx.fill(); ctx.stroke();
    ctx.fillStyle = "#fff";
    ctx.font = "bold " + 11 * px + "px sans-serif";
    ctx.textAlign = "center"; ctx.textBaseline = "middle";
    ctx.fillText(String(s.rank), x, s.y + lift + 0.5 * px);
  }
};
C.signs = (ctx, px) => {
  const changed = C.links.filter((k) => C.linkOpen(k) && C.change(k) && !(C.lit() && !C.lit().links.has(k)))
    .sort((p, q) => Math.abs(C.change(q)) - Math.abs(C.change(p))).slice(0, 14);
  ctx.textAlign = "center"; ctx.textBaseline = "middle";
  ctx.font = "bold " + 15 * px + "px sans-serif";
  changed.forEach((k) => {
    const x = (k.from.x + k.to.x) / 2, y = (k.from.y + k.to.y) / 2, less = C.change(k) < 0;
    if (k.isBack) return;
    ctx.lineWidth = 4 * px; ctx.strokeStyle = "#fff"; ctx.lineJoin = "round";
    ctx.strokeText(less ? "\u2212" : "+", x, y);
    ctx.fillStyle = less ? C.LESS : C.MORE;
    ctx.fillText(less ? "\u2212" : "+", x, y);
  });
};
C.label = (ctx, s, px, taken) => {
  const r = C.radius(s), size = 12 * px, x = s.x + r + 6, step = 13 * px;
  const key = Math.round(s.x), rows = taken.get(key) || [];
  const strong = s === C.state.chosen || s === C.state.hover, badge = C.badge(s), dim = C.dim(s);
  if (dim && !strong && !C.state.traced) return;  // what does not lead to the demand of the finding has no name
  const fit = Math.max(1, Math.min(3, Math.floor((s.room / px - 2) / 13)));
  const columnEnd = s.stage === "recycler" ? s.x - 30 + C.lowWidth : s.stage === "end_use" ? C.world.width : (Math.floor(s.x / C.columnWidth) + 1) * C.columnWidth;
  const room = columnEnd - x - 6 * px;
  const loss = badge ? "costs " + s.lostText : C.state.choke && s.lost > 0 ? s.lostText
    : C.isShort(s) && s.stage === "end_use" ? C.shortfallText(s) : C.state.mode === "diff" && C.change(s) ? (C.change(s) > 0 ? "+" : "") + C.number(C.change(s)) : "";
  const bold = badge || strong;
  const font = (heavy) => { ctx.font = (heavy ? "bold " : "") + size + "px " + C.FONT; };
  font(true);
  const mark = C.short(ctx, ((s.inCut ? "\u25b6 " : "") + s.place).trim(), room * 0.5);
  const indent = mark ? ctx.measureText(C.isolated(mark)).width + 4 * px : 0;
  // on one line the loss stands behind the name, as far as there is room for both
  const aside = loss && fit < 2 ? ctx.measureText(C.isolated(loss)).width + 8 * px : 0, beside = aside > 0 && aside < room * 0.8;
  font(bold);
  const names = C.wrap(ctx, C.plain(s), (strong ? Math.max(room, 300 * px) : room) - (beside ? aside : 0), indent, loss ? Math.max(1, fit - 1) : fit);
  const lines = names.length + (loss && fit > 1 ? 1 : 0), tall = lines * step / 2;
  if (!strong && rows.some((row) => Math.abs(row.y - s.y) < row.tall + tall - px)) return;
  rows.push({ y: s.y, tall });
  taken.set(key, rows);
  ctx.textBaseline = "middle"; ctx.textAlign = "left"; ctx.direction = "ltr"; ctx.lineJoin = "round";
  const put = (text, at, y, colour, heavy) => {
    if (!text) return;
    font(heavy);
    ctx.lineWidth = 3.5 * px; ctx.strokeStyle = "rgba(255,255,255,.92)";
    if (!dim) ctx.strokeText(C.isolated(text), at, y);
    ctx.fillStyle = dim ? COLOURS.dim_words : colour; ctx.fillText(C.isolated(text), at, y);
  };
  const quiet = s.project || C.state.choke && !(s.lost > 0);
  const lossColour = !badge && C.state.mode === "diff" && C.change(s) > 0 ? C.MORE : C.LESS;
  let y = s.y - (lines - 1) * step / 2;
  put(mark, x, y, C.dark(s.colour), true);
  names.forEach((name, i) => { put(name, x + (i ? 0 : indent), y, quiet && !strong ? COLOURS.soft : C.INK, bold); y += step; });
  if (loss && fit > 1) put(loss, x, y, lossColour, true);
  else if (beside) { font(bold); put(loss, x + indent + ctx.measureText(C.isolated(names[0])).width + 5 * px, s.y, lossColour, true); }
  C.boxes.push({ s, x1: x, x2: x + Math.min(room, 200 * px), y1: s.y - tall, y2: s.y + tall });
};
C.wrap = (ctx, text, room, indent, most) => {
  // words into at most so many lines; what does not fit ends in dots
  const lines = [], words = text.split(" "), space = () => room - (lines.length ? 0 : indent);
  while (words.length && lines.length < most - 1) {
    let line = "";
    while (words.length && ctx.measureText((line + " " + words[0]).trim()).width <= space()) line = (line + " " + words.shift()).trim();
    if (!line) break;
    lines.push(line);
  }
  if (words.length) lines.push(C.short(ctx, words.join(" "), space()));
  return lines;
};
C.plain = (s) => {
  // "China: wind turbines" beside "CHN" says the country twice
  if (!C.shared) {
    C.shared = new Map();
    C.sites.forEach((t) => { const lead = t.place && /^([^:]{2,30}): /.exec(t.label); if (lead) C.shared.set(t.place + lead[1], (C.shared.get(t.place + lead[1]) || 0) + 1); });
  }
  const lead = s.place && /^([^:]{2,30}): (.*)$/.exec(s.label);
  const text = lead && C.shared.get(s.place + lead[1]) > 1 ? lead[2] : s.label;
  return text.replace(/\s+/g, " ").trim();
};
C.dark = (hex) => COLOURS.dark[hex] || hex;
C.placeHeads = () => {
  const net = window.network, scale = net.getScale();
  C.heads.forEach((h) => {
    const at = net.canvasToDOM({ x: h.x, y: h.y === null ? 0 : h.y });
    h.left = Math.round(at.x + 4);
    h.top = h.y === null ? 0 : Math.round(at.y + 4);
    h.element.style.left = Math.round(at.x + 4) + "px";
    h.element.style.top = h.y === null ? "0" : Math.round(at.y + 4) + "px";
    // a head beyond the edge of the pane keeps its width; one among links hides no more of them than its words need
    h.element.style[h.low || h.y !== null ? "maxWidth" : "width"] = Math.max(60, Math.round(h.wide * scale - 8)) + "px";
  });
};
