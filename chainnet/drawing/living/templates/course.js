// The course over months: a second solver follows the setting when the reader rests, so that dragging never waits for it.
const course = {worker: null, busy: null, waiting: null, clock: null, known: new Map()};

// why the setting has no course, in words; empty where it has one
function whyNoCourse(of) {
  if (!data.months) return "This page has no course over months.";
  if (!Object.keys(data.programs[data.relations.includes("existing") ? "existing" : data.relations[0]].presets).includes(of.preset))
    return "A scenario with a rule by tier or origin has no course over months here; chainnet stress gives it.";
  return "";
}

// what is asked of the second solver: new relations have to be qualified first, so that months are of existing ones; and
// they do not know what law keeps at home or by contract
const inMonths = (of) => ({...of, relations: of.relations in data.months.programs ? of.relations : "existing", order: of.order === "law" ? "allies_first" : of.order});

async function hireCourse() {
  course.worker = new Worker(parts.url);
  const loaded = new Promise((done, fail) => {
    course.worker.onerror = (event) => { event.preventDefault(); fail(new Error("the second solver cannot run here")); };
    course.worker.onmessage = ({data: said}) => said.kind === "loaded" ? done() : fail(new Error(said.why));
  });
  course.worker.postMessage({kind: "load", wasm: parts.wasm, text: parts.text, onlyMonths: true});
  await loaded;
  course.worker.onmessage = ({data: said}) => {
    const job = course.busy;
    if (!job || job.number !== said.number) return;
    course.busy = null;
    if (said.kind === "months") job.done(said.found); else job.fail(new Error(said.why));
    nextCourse();
  };
}

function nextCourse() {
  if (course.busy || !course.waiting) return;
  course.busy = course.waiting; course.waiting = null;
  course.worker.postMessage({kind: "months", number: course.busy.number, setting: course.busy.setting});
}

// the course of the setting on screen; asked once, and given up when a newer setting comes
function courseOf(number, of) {
  if (course.known.has(number)) return course.known.get(number);
  const why = whyNoCourse(of);
  const found = why ? Promise.reject(new RangeError(why)) : (async () => {
    course.ready ??= hireCourse();
    await course.ready;
    return new Promise((done, fail) => {
      const gone = () => fail(new DOMException("a newer setting came", "AbortError"));
      course.waiting?.gone();
      if (course.busy) { course.worker.postMessage({kind: "rest", number}); course.busy.gone(); course.busy = null; }
      course.waiting = {number, setting: inMonths(of), done, fail, gone};
      nextCourse();
    });
  })();
  course.known.clear();
  course.known.set(number, found);
  found.catch(() => {});
  return found;
}

function followCourse() {
  clearTimeout(course.clock);
  const {number, answer} = shown, why = whyNoCourse(answer.setting);
  paintCourse(answer, null, why || `Solving ${data.months.n} months.`);
  if (why || !answer.certificate.ok) return;
  course.clock = setTimeout(() => courseOf(number, answer.setting).then((found) => {
    if (shown.number === number) { shown.months = found; paintCourse(answer, found, ""); }
  }, (error) => { if (error.name !== "AbortError" && shown.number === number) paintCourse(answer, null, `The months could not be solved: ${error.message}.`); }), REST);
}

const plain = (value) => tonnes(value).replace(" t/yr", " t");

function paintCourse(answer, found, words) {
  const box = $("course");
  if (!found) { $("course-words").textContent = words; box.classList.add("old"); return; }
  box.classList.remove("old");
  if (!found.certificate.ok) { $("course-words").textContent = "The course over months failed its own check, so it is not shown."; box.replaceChildren(); return; }
  const {months} = answer.setting, n = data.months.n, isNew = answer.setting.relations !== inMonths(answer.setting).relations;
  const ticked = data.controls.filter((c) => c.kind === "project" && answer.setting.controls[c.id]).length;
  const isOther = answer.setting.order !== inMonths(answer.setting).order;
  box.classList.toggle("apart", ticked > 0 || isOther);
  $("course-title").textContent = ["Month by month", isOther ? data.orders.allies_first : "", ticked ? `without the ticked project${ticked > 1 ? "s" : ""}` : ""].filter(Boolean).join(", ");
  $("course-words").textContent = `All that is set begins in month 1 and ${months < n ? `ends after month ${months}` : "lasts to the end"}; `
    + `${isNew ? "existing links (new suppliers have to be qualified first)" : RELATIONS[answer.setting.relations]}, no projects, without what users hold; with goods under way and stocks. The plan of one who knows every date: each tier as much as can be, then as early as can be; where months tie, one of several.`;
  box.replaceChildren(...found.stages.filter((s) => s.counts && s.asked_t.some((v) => v > 0)).map((stage) => {
    const part = stage.asked_t.map((asked, t) => asked > 0 ? Math.max(0, 1 - stage.served_t[t] / asked) : 0);
    const lost = stage.asked_t.reduce((sum, asked, t) => sum + (part[t] > SMALL ? asked - stage.served_t[t] : 0), 0);
    const first = part.findIndex((p) => p > SMALL), worst = part.indexOf(Math.max(...part)), last = part.findLastIndex((p) => p > SMALL);
    const said = first < 0 ? "never short" : `short ${first === last ? `in month ${first + 1}` : `from month ${first + 1} to ${last + 1}`}, worst ${percent(part[worst])}; ${plain(lost)} lost`;
    return element("div", null, {class: "bar step course"}, element("span", stage.name, {class: "who"}),
      element("span", null, {class: "months", role: "img", "aria-label": `${stage.name}: ${said}`}, ...part.map((p, t) =>
        element("span", null, {class: t === months && months < n ? "month over" : "month", title: `month ${t + 1}: ${percent(1 - p)} served`}, element("i", null, {style: {height: `${100 * (1 - p)}%`}})))),
      element("span", said, {class: "what"}));
  }));
}
