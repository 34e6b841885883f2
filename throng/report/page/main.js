// Controls, words, and drawing again whenever something was chosen.
let playing = null;

function options(id, values, chosen, text) {
  d3.select("#" + id).selectAll("option").data(values, (value) => value).join("option").order()
    .attr("value", (value) => value).text(text).property("selected", (value) => value === chosen);
}

function drawControls() {
  options("level", Object.keys(study.people), state.level, (level) => level);
  options("measure", study.change[state.level] ? MEASURES : MEASURES.slice(0, 1), state.measure, word);
  options("period", state.measure === "people" ? Object.keys(study.people[state.level]) : ["day"],
    state.period, word);
  options("language", Object.keys(languages), state.language, (code) => languages[code].name);
  options("arcs", ["both", "in", "out", "none"], state.arcs, (way) => word("arcs." + way));
  const compare = new Intl.Collator(state.language).compare;
  const named = areas().map((area) => area.id).sort((a, b) => compare(nameOf(a), nameOf(b)));
  const area = (id) => (id ? nameOf(id) : word("nobody"));
  options("area", ["", ...named], state.area ?? "", area);
  options("compare", ["", ...named.filter((id) => id !== state.area)], state.compare ?? "", area);
  element("compare").disabled = !state.area;
  const starts = startsOf();
  const slider = element("slider");
  slider.max = starts.length - 1;
  slider.value = starts.indexOf(state.start);
  slider.setAttribute("aria-valuetext", dateText(state.start));
  element("when").textContent = dateText(state.start);
  element("play").textContent = word(playing ? "pause" : "play");
  element("measure-long").textContent = word(state.measure + ".long");
}

function drawWords() {
  document.documentElement.lang = state.language;
  for (const node of document.querySelectorAll("[data-word]")) {
    node.textContent = word(node.dataset.word, JSON.parse(node.dataset.values || "{}"));
  }
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", word(node.dataset.label));
  }
  for (const node of document.querySelectorAll("[data-date]")) {
    node.textContent = dateText(node.dataset.date, "date");
  }
  drawHeader();
}

function drawHeader() {
  const facts = study.header;
  const parts = [
    word("published", { release: facts.releases.join(", "), date: dateText(facts.published, "date") }),
    word("covers", { first: dateText(facts.first, "date"), last: dateText(facts.last, "date") }),
    word("threshold", { n: facts.min_group_size }) + "; " + word("mechanism." + facts.mechanism) +
      (facts.rounding_base ? ", " + word("rounding", { base: facts.rounding_base }) : ""),
    word("share_withheld", { percent: percent(facts.percent_withheld) }),
  ];
  d3.select("#facts").selectAll("li").data(parts).join("li").text((part) => part);
  const warnings = facts.warnings.map((warning) => {
    if (warning.key !== "poor_days") return word(warning.key, warning);
    const days = study.poor_days.map((day) =>
      word("poor_day", { date: dateText(day.start, "day"), percent: percent(day.percent, 0) }));
    return word("poor_days", { days: days.join(", ") });
  });
  d3.select("#warnings").selectAll("li").data(warnings).join("li").text((warning) => warning);
  // The sentences that stood there without a script have no links.
  d3.select("#findings").selectAll("li").data(study.findings).join("li").text("")
    .attr("data-finding", (finding) => finding.finding)
    .selectAll("a").data((finding) => [finding]).join("a")
    .attr("href", (finding) => "#" + new URLSearchParams({ ...finding.view, language: state.language }))
    .text((finding) => findingText(finding));
}

function findingText(finding) {
  const values = { ...finding };
  for (const name of ["area", "from", "to"]) {
    if (values[name]) values[name] = nameOf(values[name], finding.level);
  }
  for (const name of ["n_journeys", "n_subscribers", "n_days", "n_numbers", "n_withheld"]) {
    if (name in values) values[name] = number(values[name], 0);
  }
  if ("percent" in values) values.percent = percent(Math.abs(values.percent));
  if (values.start) values.start = dateText(values.start, "date");
  return word(finding.finding, values);
}

function draw() {
  repairState();
  writeAddress();
  drawControls();
  drawMap();
  drawTime();
  drawFlows();
  drawPanels();
  drawTable();
}

function set(name, value) {
  state[name] = value || null;
  if (name === "period" && value !== "day") state.measure = "people";
  if (name === "level") [state.area, state.compare] = [null, null];
  if (name === "language") drawWords();
  draw();
}

function step() {
  const starts = startsOf();
  state.start = starts[(starts.indexOf(state.start) + 1) % starts.length];
  draw();
}

function play() {
  clearInterval(playing);
  playing = playing ? null : setInterval(step, 700);
  drawControls();
}

for (const name of ["level", "measure", "period", "language", "arcs", "area", "compare"]) {
  element(name).addEventListener("change", (event) => set(name, event.target.value));
}
element("slider").addEventListener("input", (event) => set("start", startsOf()[event.target.value]));
element("play").addEventListener("click", play);
element("download").addEventListener("click", download);
element("search").addEventListener("input", (event) => {
  search = event.target.value;
  drawTable();
});
window.addEventListener("hashchange", () => {
  readAddress();
  drawWords();
  draw();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideTip();
});
document.body.classList.add("has-script");
readAddress();
drawWords();
draw();
