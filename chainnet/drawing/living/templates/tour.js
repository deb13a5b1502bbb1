// The tour: what stands where, step by step. It opens by itself where the address holds no setting, and by its button.
const TOUR = [
  {at: "header", title: "A page that solves again", words: "Whatever you move here, the whole chain is solved anew, in this file, without a network. What you see is the best that could be done under the assumptions of the data, never a forecast."},
  {at: "[data-group=export]", title: "Stop something", words: "Each slider is what a country still lets out of one step. At the right end there is no rule; at the left nothing leaves.",
    does: ["Stop the first", () => { const id = firstOf("export"); return id && {...setting, controls: {...setting.controls, [id]: 0}}; }]},
  {at: "#heading", title: "Read the answer", words: "This sentence says what was moved and which tier is short first, as a report would. A screen reader speaks it when you rest."},
  {at: "#bars", title: "Who gets what", words: "A bar for each tier, the hatched part is short. Tiers are served in their order; who is short inside a tier is often a tie, then two numbers stand in the table."},
  {at: "#strip", title: "Where it is narrow", words: "Each step of the chain beside its baseline, coloured by country. Framed is the bottleneck: of the steps of countries abroad the one whose stop alone costs most, with the plants that you have moved and no rule."},
  {at: "[data-group=project]", title: "Build something", words: "Tick a project and it stands whole. While you rest, each other project says what it would add to the setting that you see.",
    does: ["Tick the first", () => { const id = firstOf("project"); return id && {...setting, controls: {...setting.controls, [id]: true}}; }]},
  {at: "#keep", title: "Compare, go back, hand on", words: "Keep this setting as A and move on: every bar then has a mark for A, and a line says the change in points. Undo goes back a step. The address holds all that was moved; the scenario file gives the same answer in chainnet."},
  {at: "#dependency", title: "How sure", words: "These are the inferred and assumed inputs that alone would bring a tier to another class. Each answer is proved in the page; the proof says nothing of the inputs, this list does."},
];
let step = -1;

const firstOf = (kind) => data.controls.find((c) => c.kind === kind && !(c.id in setting.controls))?.id;

function tour(to) {
  document.querySelector(".toured")?.classList.remove("toured");
  const steps = TOUR.filter((s) => document.querySelector(s.at));
  step = to >= steps.length ? -1 : to;
  $("tour").hidden = step < 0;
  $("guide").setAttribute("aria-expanded", String(step >= 0));
  if (step < 0) return;
  const {at, title, words, does} = steps[step], place = document.querySelector(at);
  if (place.tagName === "DETAILS") place.open = true;
  place.classList.add("toured");
  if (step) place.scrollIntoView({block: "nearest"});
  $("tour-title").textContent = `${step + 1} of ${steps.length}: ${title}`;
  $("tour-words").textContent = words;
  $("tour-do").hidden = !does;
  if (does) {
    $("tour-do").textContent = does[0];
    $("tour-do").onclick = () => { const setting = does[1](); if (setting) quietly(go(setting)); };
  }
  $("tour-back").disabled = step === 0;
  $("tour-on").textContent = step === steps.length - 1 ? "Done" : "Next";
}

function leaveTour() {
  tour(-1);
  $("guide").focus();
}

function guide() {
  $("guide").onclick = () => { if (step >= 0) { leaveTour(); return; } tour(0); $("tour").focus(); };
  $("tour-on").onclick = () => { tour(step + 1); if (step < 0) $("guide").focus(); };
  $("tour-back").onclick = () => tour(step - 1);
  $("tour-leave").onclick = leaveTour;
  addEventListener("keydown", (event) => { if (event.key === "Escape" && step >= 0) leaveTour(); });
  if (!location.hash) tour(0);
}
