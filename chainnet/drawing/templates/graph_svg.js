"use strict";
// The view as SVG: the engine and our own marks draw on something that takes notes instead of a canvas.
C.escape = (text) => String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "")
  .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
C.notes = () => {
  const out = [], measure = document.createElement("canvas").getContext("2d"), r = (x) => String(Math.round(x * 100) / 100);
  const kept = ["strokeStyle", "fillStyle", "lineWidth", "font", "textAlign", "textBaseline", "lineJoin", "lineCap", "globalAlpha", "dash"];
  let path = "", saved = [];
  const ctx = { out, strokeStyle: "#000", fillStyle: "#000", lineWidth: 1, font: "10px sans-serif", textAlign: "left", textBaseline: "alphabetic", lineJoin: "miter", lineCap: "butt", globalAlpha: 1, dash: [] };
  const colour = (name, value) => {
    // not every reader knows colours that hold their own opacity
    const parts = /^rgba\(([^,]+,[^,]+,[^,]+),([^)]+)\)$/.exec(value), alpha = (parts ? Number(parts[2]) : 1) * ctx.globalAlpha;
    return " " + name + "=\"" + C.escape(parts ? "rgb(" + parts[1] + ")" : value) + "\"" + (alpha < 1 ? " " + name + "-opacity=\"" + r(alpha) + "\"" : "");
  };
  const line = () => colour("stroke", ctx.strokeStyle) + " stroke-width=\"" + r(ctx.lineWidth) + "\" stroke-linejoin=\"" + ctx.lineJoin + "\" stroke-linecap=\"" + ctx.lineCap + "\"" +
    (ctx.dash.some((d) => d > 0) ? " stroke-dasharray=\"" + ctx.dash.map(r).join(" ") + "\"" : "");
  const text = (words, x, y, style) => {
    if (!words) return;
    // as wide as measured here, whatever letters the reader has
    measure.font = ctx.font;
    const wide = measure.measureText(words).width, down = { middle: 0.35, top: 0.85 }[ctx.textBaseline] || 0;
    out.push("<text x=\"" + r(x) + "\" y=\"" + r(y) + "\" dy=\"" + down + "em\" text-anchor=\"" + (ctx.textAlign === "center" ? "middle" : "start") + "\" textLength=\"" + r(wide) + "\" lengthAdjust=\"spacingAndGlyphs\" style=\"font:" + C.escape(ctx.font) + "\"" + style + ">" + C.escape(words) + "</text>");
  };
  const shape = (style) => { if (path) out.push("<path d=\"" + path + "\"" + style + "/>"); };
  return Object.assign(ctx, {
    save: () => saved.push(kept.map((key) => ctx[key])),
    restore: () => { const old = saved.pop(); if (old) kept.forEach((key, i) => { ctx[key] = old[i]; }); },
    beginPath: () => { path = ""; },
    closePath: () => { path += "Z"; },
    moveTo: (x, y) => { path += "M" + r(x) + " " + r(y); },
    lineTo: (x, y) => { path += (path ? "L" : "M") + r(x) + " " + r(y); },
    bezierCurveTo: (...p) => { path += "C" + p.map(r).join(" "); },
    quadraticCurveTo: (...p) => { path += "Q" + p.map(r).join(" "); },
    rect: (x, y, w, h) => { path += "M" + r(x) + " " + r(y) + "h" + r(w) + "v" + r(h) + "h" + r(-w) + "Z"; },
    arc: (x, y, radius, from, to) => {
      const at = (angle) => r(x + radius * Math.cos(angle)) + " " + r(y + radius * Math.sin(angle)), round = "A" + r(radius) + " " + r(radius) + " 0 ";
      const whole = to - from >= 2 * Math.PI - 1e-6, half = from + Math.PI;
      path += (path ? "L" : "M") + at(from) + (whole ? round + "1 1 " + at(half) + round + "1 1 " + at(from) : round + (to - from > Math.PI ? 1 : 0) + " 1 " + at(to));
    },
    stroke: () => shape(" fill=\"none\"" + line()),
    fill: () => shape(colour("fill", ctx.fillStyle)),
    fillRect: (x, y, w, h) => out.push("<rect x=\"" + r(x) + "\" y=\"" + r(y) + "\" width=\"" + r(w) + "\" height=\"" + r(h) + "\"" + colour("fill", ctx.fillStyle) + "/>"),
    fillText: (words, x, y) => text(words, x, y, colour("fill", ctx.fillStyle)),
    strokeText: (words, x, y) => text(words, x, y, " fill=\"none\"" + line()),
    measureText: (words) => { measure.font = ctx.font; return measure.measureText(words); },
    setLineDash: (dash) => { ctx.dash = dash; },
  });
};
C.svg = () => {
  const net = window.network, pane = C.at("graph"), width = pane.clientWidth, height = pane.clientHeight, scale = net.getScale();
  const corner = net.canvasToDOM({ x: 0, y: 0 }), inside = C.notes(), around = C.notes(), top = C.above();
  C.placeHeads();
  C.under(inside);
  net.renderer._drawEdges(inside);
  net.renderer._drawArrows(inside);
  net.renderer._drawNodes(inside, true);
  C.paint(inside);
  const tall = C.frame(around, width, height, true), name = C.escape(document.querySelector("h1").textContent);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + " " + tall + "\" width=\"" + width + "\" height=\"" + tall + "\" role=\"img\">" +
    "<title>" + name + "</title><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>" +
    "<svg y=\"" + top + "\" width=\"" + width + "\" height=\"" + height + "\"><g transform=\"translate(" + corner.x + " " + corner.y + ") scale(" + scale + ")\">" +
    inside.out.join("") + "</g></svg>" + around.out.join("") + "</svg>\n";
};
