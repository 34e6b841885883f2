// Small pictures: residents, changes of home, the day, stays, trips and phone use.
const PANEL = { width: 400, height: 190, left: 40, right: 10, top: 10, bottom: 26 };

function panelArea() {
  return state.area ?? usualArea();
}

function drawPanels() {
  drawResidents();
  drawRelocations();
  drawRhythm();
  drawStays();
  drawTrips();
  drawProfiles();
  drawContext();
  drawNeed();
}

function say(id, key, values = {}) {
  element(id).textContent = word(key, values);
}

function sayOfArea(panel, week) {
  const date = week ? dateText(week, "week") : "";
  say(panel + "-hint", panel + ".hint", { area: nameOf(panelArea()), date });
}

function emptied(id) {
  const svg = d3.select("#" + id).attr("viewBox", `0 0 ${PANEL.width} ${PANEL.height}`);
  svg.selectAll("*").remove();
  return svg;
}

function axes(svg, x, y, tickFormat) {
  const floor = PANEL.height - PANEL.bottom;
  const below = d3.axisBottom(x).tickSizeOuter(0);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${floor})`)
    .call(tickFormat ? below.tickFormat(tickFormat) : below);
  svg.append("g").attr("class", "axis").attr("transform", `translate(${PANEL.left},0)`)
    .call(d3.axisLeft(y).ticks(4).tickFormat((value) => number(value, 1)));
}

function withheldMark(svg) {
  svg.append("text").attr("class", "cross").attr("x", PANEL.width / 2).attr("y", PANEL.height / 2)
    .attr("text-anchor", "middle").text("× " + word("withheld_one"));
}

function drawResidents() {
  const residents = study.residents[state.level] || [];
  const rows = areas()
    .map((area, index) => ({ area, value: residents[index] ?? null }))
    .filter((row) => row.value !== null)
    .sort((a, b) => b.value - a.value);
  fillTable("residents-table", ["area", "residents", "per_thousand"], rows.slice(0, 10).map((row) => [
    row.area.name, number(row.value, 0),
    row.area.population ? number((1000 * row.value) / row.area.population) : "",
  ]), 1);
}

function drawRelocations() {
  const weeks = study.relocations[state.level] || {};
  const week = weekIn(weeks);
  if (week) say("relocations-hint", "relocations.hint", { date: dateText(week, "week") });
  else say("relocations-hint", "relocations.none");
  fillTable("relocations-table", ["from", "to", "people"], (weeks[week] || []).slice(0, 10).map((pair) => [
    areas()[pair[0]].name, areas()[pair[1]].name, number(pair[2], 0),
  ]), 2);
}

function drawRhythm() {
  const weeks = study.rhythm[state.level] || {};
  const week = weekIn(weeks);
  const svg = emptied("rhythm-picture");
  sayOfArea("rhythm", week);
  const byActivity = weeks[week] || {};
  const lines = ["staying", "moving", "unknown"].map((activity) => ({
    activity, hours: byActivity[activity]?.[place(panelArea())] ?? [],
  }));
  const known = lines.flatMap((line) => line.hours).filter((value) => value !== null);
  if (!known.length) return withheldMark(svg);
  const x = d3.scaleLinear([0, 23], [PANEL.left, PANEL.width - PANEL.right]);
  const y = d3.scaleLinear([0, 100], [PANEL.height - PANEL.bottom, PANEL.top]);
  axes(svg, x, y, (hour) => hour + " h");
  const path = d3.line((value, hour) => x(hour), (value) => y(value)).defined((value) => value !== null);
  lines.forEach((line, i) => {
    svg.append("path").attr("class", "series activity-" + line.activity).attr("d", path(line.hours));
    svg.append("text").attr("class", "name activity-" + line.activity)
      .attr("x", PANEL.left + 6 + 118 * i).attr("y", PANEL.top + 4).text(word(line.activity));
  });
}

function drawStays() {
  const weeks = study.stays[state.level] || {};
  const svg = emptied("stays-picture");
  say("stays-hint", "stays.hint", { area: nameOf(panelArea()) });
  const series = Object.keys(weeks).map((start) => ({ start, value: weeks[start][place(panelArea())] }));
  drawBars(svg, series.map((week) => [dateText(week.start, "short").replace(/,? ?\d{4}/, ""), week.value]));
}

function drawTrips() {
  const weeks = study.trips[state.level] || {};
  const week = weekIn(weeks);
  const svg = emptied("trips-picture");
  sayOfArea("trips", week);
  const bands = Object.keys(weeks[week] || {}).sort((a, b) => a - b);
  const labels = bands.map((band, i) => band + (bands[i + 1] ? "–" + bands[i + 1] : "+"));
  drawBars(svg, bands.map((band, i) => [labels[i], weeks[week][band][place(panelArea())]]));
}

function drawBars(svg, bars) {
  if (!bars.some(([, value]) => value !== null)) return withheldMark(svg);
  const x = d3.scaleBand(bars.map(([label]) => label), [PANEL.left, PANEL.width - PANEL.right]).padding(0.2);
  const floor = PANEL.height - PANEL.bottom;
  const y = d3.scaleLinear([0, d3.max(bars, ([, value]) => value)], [floor, PANEL.top]).nice();
  axes(svg, x, y);
  for (const [label, value] of bars) {
    if (value === null) {
      svg.append("text").attr("class", "cross").attr("x", x(label) + x.bandwidth() / 2).attr("y", floor - 4)
        .attr("text-anchor", "middle").text("×");
      continue;
    }
    svg.append("rect").attr("class", "bar").attr("x", x(label)).attr("width", x.bandwidth())
      .attr("y", y(value)).attr("height", floor - y(value))
      .append("title").text(`${label}: ${number(value, 0)}`);
  }
}

function drawProfiles() {
  const svg = emptied("profiles-picture");
  say("profiles-hint", "profiles.hint", { area: nameOf(panelArea()) });
  const profiles = study.profiles[state.level] || {};
  const step = (PANEL.height - 10) / study.indicators.length;
  study.indicators.forEach((indicator, i) => {
    const values = profiles[indicator] || [];
    const known = values.filter((value) => value !== null);
    const value = values[place(panelArea())] ?? null;
    const middle = 8 + step * (i + 0.5);
    const x = d3.scaleLinear([0, d3.max(known) || 1], [170, PANEL.width - 60]);
    svg.append("text").attr("x", 162).attr("y", middle + 4).attr("text-anchor", "end").text(word(indicator));
    svg.append("text").attr("x", PANEL.width - 52).attr("y", middle + 4)
      .attr("class", value === null ? "cross" : "").text(value === null ? "×" : number(value, 2));
    if (value !== null) {
      svg.append("rect").attr("class", "bar").attr("x", 170).attr("y", middle - 6).attr("height", 12)
        .attr("width", x(value) - 170);
    }
    if (known.length) {
      const at = x(d3.median(known));
      svg.append("path").attr("class", "usual").attr("d", `M${at} ${middle - 9}V${middle + 9}`);
    }
  });
}

function drawContext() {
  const rows = study.context[state.level] || [];
  say("context-hint", rows.length ? "context.hint" : "context.none");
  element("context-table").hidden = !rows.length;
  fillTable("context-table", ["area", "series", "lag_days", "correlation"], rows.map(
    ([index, series, lag, , correlation]) => [
      areas()[index].name, series, signed(lag, number(lag, 0)),
      signed(correlation, number(correlation, 2)),
    ]), 2);
}

function drawNeed() {
  element("need").hidden = !study.need.length;
  fillTable("need-table", ["entity", "reasons", "need_index", "need_cluster"], study.need.map(
    ([entity, reasons, index, cluster]) => [
      entity, reasons.replaceAll("_", " "), number(index, 2), number(cluster, 0),
    ]), 2);
}
