// What is shown, and in which words. The state stands in the address (after #), so that a view can be
// sent to somebody.
const study = JSON.parse(document.getElementById("study").textContent);
const languages = JSON.parse(document.getElementById("languages").textContent);
const MEASURES = ["people", "percent", "abnormality"];

const state = {
  language: study.language,
  level: study.first_level,
  measure: "people",
  period: "day",
  start: null,
  area: null,
  compare: null,
  arcs: "both",
};

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(state)) {
    if (given.has(name)) state[name] = given.get(name) || null;
  }
  repairState();
}

// A view that was written by hand, or for another page, becomes one that there is.
function repairState() {
  if (!languages[state.language]) state.language = study.language;
  if (!study.people[state.level]) state.level = study.first_level;
  if (!MEASURES.includes(state.measure)) state.measure = "people";
  const periods = study.people[state.level];
  if (!periods[state.period]) state.period = Object.keys(periods)[0];
  if (state.measure !== "people") {
    if (study.change[state.level]) state.period = "day";
    else state.measure = "people";
  }
  const starts = startsOf();
  if (!starts.includes(state.start)) {
    const before = starts.filter((start) => state.start && start <= state.start);
    state.start = before.length ? before[before.length - 1] : starts[starts.length - 1];
  }
  if (place(state.area) === undefined) state.area = null;
  if (place(state.compare) === undefined || state.compare === state.area) state.compare = null;
  if (!["both", "in", "out", "none"].includes(state.arcs)) state.arcs = "both";
}

function writeAddress() {
  const given = Object.entries(state).filter(([, value]) => value);
  history.replaceState(null, "", "#" + new URLSearchParams(given));
}

function areas() {
  return study.areas[state.level];
}

const placesOf = {};
for (const [level, found] of Object.entries(study.areas)) {
  placesOf[level] = new Map(found.map((area, index) => [area.id, index]));
}

// Where the numbers of an area stand in every list of its level.
function place(id) {
  return placesOf[state.level].get(id);
}

function startsOf(period = state.period) {
  return Object.keys(study.people[state.level][period] || {});
}

// The numbers of the map: one per area, null where withheld or without a value.
function shown(start = state.start) {
  return state.measure === "people"
    ? study.people[state.level][state.period][start]
    : study.change[state.level][state.measure][start];
}

function people(start = state.start, period = state.period) {
  return study.people[state.level][period][start];
}

// Withheld: nobody may know. A change without a usual day to compare with is not withheld.
function isWithheld(index, start = state.start) {
  if (!areas()[index].has_cells) return false;
  if (state.measure === "people") return people(start)[index] === null;
  return study.change[state.level].median[start][index] === null;
}

function monday(start) {
  const day = new Date(start + "T00:00:00Z");
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}

// The week for tables that have weeks only; the last one before, if there is none.
function weekIn(weeks) {
  const starts = Object.keys(weeks || {}).sort();
  const week = monday(state.start);
  const before = starts.filter((start) => start <= week);
  return before.length ? before[before.length - 1] : starts[0];
}

function word(key, values = {}) {
  const text = languages[state.language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

function number(value, digits = 1) {
  return new Intl.NumberFormat(state.language, { maximumFractionDigits: digits }).format(value);
}

function percent(value, digits = 1) {
  return number(value, digits) + (state.language === "en" ? "%" : " %");
}

function dateText(start, period = state.period) {
  const options =
    period === "month"
      ? { year: "numeric", month: "long" }
      : { year: "numeric", month: "short", day: "numeric" };
  if (period === "day") options.weekday = "short";
  const day = new Date(start + "T00:00:00Z");
  return new Intl.DateTimeFormat(state.language, { ...options, timeZone: "UTC" }).format(day);
}

function signed(value, text) {
  return (value > 0 ? "+" : "") + text;
}

function valueText(value, measure = state.measure) {
  if (measure === "people") return number(value, 0);
  if (measure === "percent") return signed(value, percent(value));
  return signed(value, number(value, 1));
}

// What is said of an area where a number is missing.
function missingText(index) {
  if (!areas()[index].has_cells) return word("no_network");
  return word(isWithheld(index) ? "withheld_one" : "no_value");
}

function nameOf(id, level = state.level) {
  const index = placesOf[level]?.get(id);
  return index === undefined ? id : study.areas[level][index].name;
}

function element(id) {
  return document.getElementById(id);
}
