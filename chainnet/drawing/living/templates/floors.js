// What a price floor does: one of the floors that Python has solved is shown. Nothing is solved here, nor read between two.
function floors() {
  const block = $("floor-steps");
  if (!block) return;
  const {steps, scales} = JSON.parse(block.textContent), slider = $("floor");
  let later = null;
  const show = () => {
    const step = steps[Number(slider.value)];
    $("floor-now").textContent = step.label;
    slider.setAttribute("aria-valuetext", step.label);
    $("floor-said").textContent = step.said;
    for (const row of document.querySelectorAll("[data-pays]")) {
      const {unit, ends, words} = step.rows[Number(row.dataset.pays)], [low, high] = scales[unit], [at, least, most] = ends;
      const part = (value) => high > low ? 100 * (value - low) / (high - low) : 0;
      const place = (mark, from, to) => Object.assign(mark.style, {left: `${part(Math.min(from, to))}%`, width: `${Math.abs(part(to) - part(from))}%`});
      const [bar, free, line] = row.querySelector(".track").children;
      row.querySelector(".what").textContent = words;
      place(bar, 0, at ?? 0);
      bar.className = unit === "price" ? "" : at < 0 ? "less" : "more";
      free.style.left = `${part(steps[0].rows[Number(row.dataset.pays)].ends[0] ?? 0)}%`;
      line.hidden = !(most > least);
      place(line, least ?? 0, most ?? 0);
    }
  };
  slider.addEventListener("input", () => {
    show();
    clearTimeout(later);
    later = setTimeout(() => { $("spoken").textContent = $("floor-said").textContent; }, 2 * REST);
  });
  show();
  $("floors").hidden = false;
}

floors();
