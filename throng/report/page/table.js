// All areas in a table, and what is shown as CSV.
const sorting = { column: "area", descending: false };
let search = "";

// Of a list of areas without populations there are none.
function hasEstimates() {
  const days = study.estimates[state.level]?.estimated;
  return state.period === "day" && Boolean(days?.[state.start]?.some((value) => value !== null));
}

function estimate(name, index) {
  return study.estimates[state.level]?.[name]?.[state.start]?.[index] ?? null;
}

function tableColumns() {
  const columns = ["area", "people"];
  if (hasEstimates()) columns.push("estimated");
  if (state.period === "day" && study.change[state.level]) {
    columns.push("median", "percent", "abnormality");
  }
  return [...columns, "population"];
}

function tableRows() {
  const change = study.change[state.level] || {};
  const at = (name, index) => change[name]?.[state.start]?.[index] ?? null;
  return areas().map((area, index) => ({
    id: area.id,
    index,
    area: area.name,
    people: people()[index],
    estimated: estimate("estimated", index),
    median: at("median", index),
    percent: at("percent", index),
    abnormality: at("abnormality", index),
    population: area.population,
  }));
}

function drawTable() {
  const columns = tableColumns();
  if (!columns.includes(sorting.column)) sorting.column = "area";
  const all = tableRows();
  const compareTexts = new Intl.Collator(state.language).compare;
  const wanted = search.trim().toLocaleLowerCase();
  const rows = all.filter((row) => row.area.toLocaleLowerCase().includes(wanted) ||
    row.id.toLocaleLowerCase().includes(wanted));
  rows.sort((one, other) => compareRows(one, other, compareTexts));
  say("rows-shown", "rows_shown", { n: number(rows.length, 0), all: number(all.length, 0) });
  const head = d3.select("#areas-table thead tr").selectAll("th").data(columns).join("th").attr("scope", "col")
    .classed("number", (column, i) => i > 0)
    .attr("aria-sort", (column) =>
      column !== sorting.column ? "none" : sorting.descending ? "descending" : "ascending");
  head.selectAll("button").data((column) => [column]).join("button").attr("type", "button")
    .attr("data-column", (column) => column)
    .attr("title", (column) => word("sort_by", { column: word(column) }))
    .text((column) => word(column) + (column !== sorting.column ? "" : sorting.descending ? " ▼" : " ▲"))
    .on("click", (event, column) => {
      sorting.descending = sorting.column === column ? !sorting.descending : column !== "area";
      sorting.column = column;
      drawTable();
    });
  const lines = d3.select("#areas-table tbody").selectAll("tr").data(rows, (row) => row.id).join("tr")
    .attr("data-area", (row) => row.id).classed("is-selected", (row) => row.id === state.area).order();
  lines.selectAll("td").data((row) => columns.map((column) => cellOf(row, column))).join("td")
    .classed("number", (cell, i) => i > 0).classed("is-withheld", (cell) => cell.missing)
    .each(function (cell) {
      const node = d3.select(this);
      if (!cell.id) return node.text(cell.text);
      node.selectAll("button").data([cell]).join("button").attr("type", "button").text(cell.text)
        .on("click", (event) => choose(cell.id, event.shiftKey));
    });
}

function cellOf(row, column) {
  if (column === "area") return { id: row.id, text: row.area };
  if (column === "estimated" && row.estimated !== null) {
    // The interval begins at the number of subscribers, so its upper half is the one to show.
    const half = estimate("high", row.index) - row.estimated;
    return { text: `${number(row.estimated, 0)} ± ${number(half, 0)}` };
  }
  if (row[column] !== null) {
    const measure = column === "percent" || column === "abnormality" ? column : "people";
    return { text: valueText(row[column], measure) };
  }
  if (column === "population") return { text: "" };
  if (column === "people") return { text: missingText(row.index), missing: true };
  return { text: "×", missing: true };
}

// Withheld rows last, whichever way.
function compareRows(one, other, compareTexts) {
  const [a, b] = [one[sorting.column], other[sorting.column]];
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "string" ? compareTexts(a, b) : a - b;
  return sorting.descending ? -order : order;
}

function csvText() {
  const names = ["period", "period_start", "area_level", "area_id", "area_name", "n_subscribers"];
  const withChange = state.period === "day" && study.change[state.level];
  if (withChange) names.push("baseline_median", "baseline_mad", "change_percent", "abnormality");
  const estimates = hasEstimates() ? ["estimated", "low", "high"] : [];
  if (estimates.length) {
    names.push("people_estimated", "people_estimated_low", "people_estimated_high");
  }
  names.push("is_suppressed");
  const field = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const change = study.change[state.level] || {};
  const lines = areas().filter((area) => area.has_cells).map((area) => {
    const index = place(area.id);
    const value = people()[index];
    const values = [state.period, state.start, state.level, area.id, area.name, value];
    if (withChange) {
      for (const name of ["median", "mad", "percent", "abnormality"]) {
        values.push(change[name][state.start]?.[index]);
      }
    }
    for (const name of estimates) values.push(estimate(name, index));
    return [...values, value === null].map(field).join(",");
  });
  return [names.join(","), ...lines, ""].join("\n");
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvText()], { type: "text/csv" }));
  link.download = `${state.level}_${state.period}_${state.start}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
