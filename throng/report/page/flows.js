// Journeys between areas in a week: the largest, and a matrix.
const MATRIX_AREAS = 24;

function drawFlows() {
  const weeks = study.flows[state.level] || {};
  const week = weekIn(weeks);
  const found = weeks[week] || { n_pairs: 0, n_withheld: 0, pairs: [] };
  element("flows-week").textContent = week
    ? word("flows.week", {
        date: dateText(week, "week"),
        withheld: number(found.n_withheld, 0),
        pairs: number(found.n_pairs, 0),
      })
    : "";
  const between = found.pairs.filter(([from, to]) => from !== to);
  const mine = state.area ? between.filter((pair) => pair.slice(0, 2).includes(place(state.area))) : between;
  fillTable("flows-table", ["from", "to", "journeys", "people", "mean_km"], mine.slice(0, 15).map((pair) => [
    areas()[pair[0]].name, areas()[pair[1]].name, number(pair[2], 0), number(pair[3], 0),
    pair[4] === null ? "" : number(pair[4]),
  ]), 2);
  element("flows-none").textContent = mine.length
    ? ""
    : between.length ? word("flows.none_of_area", { area: nameOf(state.area) }) : word("flows.none");
  drawMatrix(between);
}

function drawMatrix(pairs) {
  const totals = new Map();
  for (const [from, to, journeys] of pairs) {
    for (const one of [from, to]) totals.set(one, (totals.get(one) || 0) + journeys);
  }
  const some = [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a)).slice(0, MATRIX_AREAS);
  some.sort(d3.ascending);
  element("flows-many").textContent =
    totals.size > MATRIX_AREAS ? word("flows.too_many", { n: MATRIX_AREAS }) : "";
  const [size, side] = [18, 130];
  const extent = side + size * some.length + 8;
  const svg = d3.select("#matrix-picture").attr("viewBox", `0 0 ${extent} ${extent}`);
  svg.attr("aria-label", word("flows.matrix")).style("max-width", extent + "px");
  svg.selectAll("*").remove();
  if (!some.length) return;
  const at = new Map(some.map((index, i) => [index, side + size * i]));
  const high = d3.max(pairs, (pair) => pair[2]) || 1;
  const shade = d3.scaleQuantize([0, Math.sqrt(high)], d3.schemePurples[7].slice(1));
  svg.append("rect").attr("x", side).attr("y", side).attr("width", size * some.length)
    .attr("height", size * some.length).attr("fill", "url(#withheld)");
  svg.append("g").selectAll("rect").data(some).join("rect").attr("fill", "#ffffff")
    .attr("x", (one) => at.get(one)).attr("y", (one) => at.get(one)).attr("width", size).attr("height", size);
  svg.append("g").selectAll("rect")
    .data(pairs.filter(([from, to]) => at.has(from) && at.has(to))).join("rect")
    .attr("class", "pair").attr("x", (pair) => at.get(pair[1])).attr("y", (pair) => at.get(pair[0]))
    .attr("width", size - 1).attr("height", size - 1).attr("fill", (pair) => shade(Math.sqrt(pair[2])))
    .append("title")
    .text((pair) => `${areas()[pair[0]].name} → ${areas()[pair[1]].name}: ${number(pair[2], 0)}`);
  for (const one of some) {
    const name = areas()[one].name.slice(0, 18);
    svg.append("text").attr("x", side - 5).attr("y", at.get(one) + 13).attr("text-anchor", "end").text(name);
    svg.append("text").attr("transform", `translate(${at.get(one) + 13},${side - 5})rotate(-60)`).text(name);
  }
}

// Rows of texts; the columns from firstNumber on are numbers.
function fillTable(id, columns, rows, firstNumber) {
  const table = d3.select("#" + id);
  table.select("thead tr").selectAll("th").data(columns).join("th").attr("scope", "col")
    .text((column) => word(column)).classed("number", (column, i) => i >= firstNumber);
  table.select("tbody").selectAll("tr").data(rows).join("tr").selectAll("td").data((row) => row).join("td")
    .text((value) => value).classed("number", (value, i) => i >= firstNumber);
}
