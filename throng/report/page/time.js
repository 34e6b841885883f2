// The selected area over time, with its usual days as a band.
const TIME = { width: 560, height: 240, left: 48, right: 14, top: 22, bottom: 30 };

function instant(start) {
  return new Date(start + "T00:00:00Z");
}

function seriesOf(id) {
  const index = place(id);
  return startsOf().map((start) => ({ start, value: people(start)[index] }));
}

function bandOf(id) {
  const change = study.change[state.level];
  if (state.period !== "day" || !change) return [];
  const index = place(id);
  return startsOf()
    .map((start) => ({ start, median: change.median[start]?.[index], mad: change.mad[start]?.[index] }))
    .filter((day) => day.median != null && day.mad != null);
}

function drawTime() {
  const ids = [state.area ?? usualArea(), state.compare].filter(Boolean);
  const starts = startsOf();
  const svg = d3.select("#time-picture").attr("viewBox", `0 0 ${TIME.width} ${TIME.height}`);
  svg.attr("aria-label", ids.map((id) => nameOf(id)).join(", "));
  const x = d3
    .scaleUtc(d3.extent(starts, instant), [TIME.left, TIME.width - TIME.right]);
  const bands = ids.slice(0, 1).flatMap(bandOf);
  const values = ids.flatMap((id) => seriesOf(id).map((day) => day.value ?? 0));
  const top = d3.max([...values, ...bands.map((day) => day.median + day.mad)]) || 10;
  const floor = TIME.height - TIME.bottom;
  const y = d3.scaleLinear([0, top], [floor, TIME.top]).nice();
  svg.selectAll("*").remove();
  const ticks = (axis) => axis.ticks(Math.min(6, starts.length));
  const format = (day) => dateText(day.toISOString().slice(0, 10), "short").replace(/,? ?\d{4}/, "");
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${floor})`)
    .call(ticks(d3.axisBottom(x)).tickFormat(format));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${TIME.left},0)`)
    .call(d3.axisLeft(y).ticks(5).tickFormat((value) => number(value, 0)));
  const area = d3.area((day) => x(instant(day.start)), (day) => y(Math.max(0, day.median - day.mad)),
    (day) => y(day.median + day.mad));
  const middle = d3.line((day) => x(instant(day.start)), (day) => y(day.median));
  if (bands.length) {
    svg.append("path").attr("class", "band").attr("d", area(bands));
    svg.append("path").attr("class", "usual").attr("d", middle(bands));
  }
  const line = d3.line((day) => x(instant(day.start)), (day) => y(day.value))
    .defined((day) => day.value !== null);
  ids.forEach((id, i) => {
    const series = seriesOf(id);
    svg.append("path").attr("class", "series series-" + i).attr("d", line(series));
    svg.append("g").selectAll("circle").data(series.filter((day) => day.value !== null)).join("circle")
      .attr("class", "dot series-" + i).attr("r", 2.4)
      .attr("cx", (day) => x(instant(day.start))).attr("cy", (day) => y(day.value))
      .append("title").text((day) => `${nameOf(id)}, ${dateText(day.start)}: ${number(day.value, 0)}`);
    svg.append("g").selectAll("text").data(series.filter((day) => day.value === null)).join("text")
      .attr("class", "cross series-" + i).attr("text-anchor", "middle").text("×")
      .attr("x", (day) => x(instant(day.start))).attr("y", floor - 4 - 10 * i);
    svg.append("text").attr("class", "name series-" + i).text(nameOf(id))
      .attr("x", TIME.left + 8 + 200 * i).attr("y", 13);
  });
  for (const event of study.events) {
    if (instant(event.date) < x.domain()[0] || instant(event.date) > x.domain()[1]) continue;
    const at = x(instant(event.date));
    svg.append("path").attr("class", "event").attr("d", `M${at} ${TIME.top}V${floor}`);
    svg.append("text").attr("class", "event-name").attr("x", at + 4).attr("y", TIME.top + 10).text(event.label);
  }
  const now = x(instant(state.start));
  svg.append("path").attr("class", "now").attr("d", `M${now} ${TIME.top}V${floor}`);
  svg.on("click", (event) => {
    const day = x.invert(d3.pointer(event, svg.node())[0]);
    state.start = d3.least(starts, (start) => Math.abs(instant(start) - day));
    draw();
  });
  const [first, last] = study.reference;
  element("time-hint").textContent = bands.length
    ? word("time.hint", { first: dateText(first), last: dateText(last) })
    : "";
}

// Nothing selected: the area with most people, so that the chart is not empty.
function usualArea() {
  const last = people(startsOf()[startsOf().length - 1]);
  const index = d3.greatestIndex(last, (value) => value ?? -1);
  return areas()[Math.max(0, index)].id;
}
