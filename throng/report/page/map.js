// The map: areas in classes of colour, withheld ones hatched, and the flows of the selected area.
const MAP = { width: 820, height: 560 };
const CHANGE_STEPS = { percent: [-50, -25, -10, 10, 25, 50], abnormality: [-6, -3.5, -2, 2, 3.5, 6] };
// Of ColorBrewer, told apart by colour-blind people.
const LADDER = d3.schemeYlGnBu[6];
const FORK = [...d3.schemePuOr[7]].reverse();
const scales = new Map();

// Classes are the same for all periods, so that the play button compares like with like.
function colours() {
  const key = [state.level, state.measure, state.period].join();
  if (!scales.has(key)) scales.set(key, makeColours());
  return scales.get(key);
}

function makeColours() {
  if (state.measure !== "people") {
    return d3.scaleThreshold(CHANGE_STEPS[state.measure], FORK);
  }
  const values = startsOf().flatMap((start) => people(start).filter((value) => value !== null));
  const steps = d3.range(1, LADDER.length).map((i) => d3.quantile(values, i / LADDER.length));
  const round = (step) => Number(Number(step ?? 0).toPrecision(2));
  const distinct = [...new Set(steps.map(round))].sort(d3.ascending);
  return d3.scaleThreshold(distinct, LADDER.slice(LADDER.length - 1 - distinct.length));
}

function fillOf(index) {
  if (!areas()[index].has_cells) return "url(#no-network)";
  const value = shown()[index];
  if (value !== null) return colours()(value);
  return isWithheld(index) ? "url(#withheld)" : "#eeeeee";
}

const projections = new Map();

function projection() {
  if (!projections.has(state.level)) {
    const features = areas()
      .filter((area) => area.outline)
      .map((area) => ({ type: "Feature", geometry: wound(area.outline) }));
    const frame = [[8, 8], [MAP.width - 8, MAP.height - 8]];
    const all = { type: "FeatureCollection", features };
    projections.set(state.level, d3.geoMercator().fitExtent(frame, all));
  }
  return projections.get(state.level);
}

// D3 takes a ring for the outside of what it goes around clockwise; GeoJSON has it the other way.
function wound(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const turned = polygons.map((rings) =>
    rings.map((ring, i) => (d3.polygonArea(ring) > 0 === (i === 0) ? ring : [...ring].reverse())),
  );
  return { type: "MultiPolygon", coordinates: turned };
}

let drawnLevel = null;

function drawMap() {
  const svg = d3.select("#map-picture").attr("viewBox", `0 0 ${MAP.width} ${MAP.height}`);
  svg.attr("aria-label", word(state.measure + ".long") + ", " + dateText(state.start));
  const path = d3.geoPath(projection());
  if (drawnLevel !== state.level) {
    svg.select(".areas").selectAll("path").remove();
    drawnLevel = state.level;
  }
  svg
    .select(".areas")
    .selectAll("path")
    .data(
      areas().map((area, index) => ({ area, index })).filter((one) => one.area.outline),
      (one) => one.area.id,
    )
    .join((enter) =>
      enter
        .append("path")
        .attr("class", "area")
        .attr("d", (one) => path(wound(one.area.outline)))
        .attr("data-area", (one) => one.area.id)
        .on("click", (event, one) => choose(one.area.id, event.shiftKey))
        .on("mousemove", (event, one) => showTip(event, one.index))
        .on("mouseleave", hideTip),
    )
    .attr("fill", (one) => fillOf(one.index))
    .attr("data-value", (one) => shown()[one.index])
    .classed("is-withheld", (one) => isWithheld(one.index))
    .classed("is-selected", (one) => one.area.id === state.area)
    .classed("is-compared", (one) => one.area.id === state.compare);
  svg.selectAll(".is-compared, .is-selected").raise();
  drawArcs(svg.select(".arcs"));
  drawLegend();
}

function choose(id, isSecond) {
  if (isSecond && state.area && id !== state.area) state.compare = state.compare === id ? null : id;
  else {
    state.area = state.area === id ? null : id;
    if (!state.area) state.compare = null;
  }
  draw();
}

// The flows of the week with the area: in and out, as wide as there are people.
function arcsOfArea() {
  const weeks = study.flows[state.level];
  const week = weekIn(weeks);
  if (!state.area || !week || state.arcs === "none") return [];
  const here = place(state.area);
  return weeks[week].pairs
    .filter(([from, to]) => from !== to && (from === here || to === here))
    .map(([from, to, journeys, people]) => ({
      other: from === here ? to : from,
      way: from === here ? "out" : "in",
      journeys,
      people,
    }))
    .filter((arc) => state.arcs === "both" || arc.way === state.arcs)
    .slice(0, 40);
}

function drawArcs(group) {
  const arcs = arcsOfArea();
  const width = d3.scaleSqrt([0, d3.max(arcs, (arc) => arc.people) || 1], [0.5, 9]);
  const at = (index) => projection()(areas()[index].centre);
  const here = state.area ? at(place(state.area)) : null;
  group
    .selectAll("path")
    .data(arcs)
    .join("path")
    .attr("class", (arc) => "arc arc-" + arc.way)
    .attr("stroke-width", (arc) => width(arc.people))
    .attr("d", (arc) => {
      const [there, bend] = [at(arc.other), arc.way === "in" ? 0.18 : -0.18];
      const [x, y] = [there[0] - here[0], there[1] - here[1]];
      const middle = [here[0] + x / 2 - y * bend, here[1] + y / 2 + x * bend];
      return `M${here}Q${middle} ${there}`;
    });
}

function drawLegend() {
  const scale = colours();
  const texts = scale.range().map((_, i) => {
    const [low, high] = scale.invertExtent(scale.range()[i]);
    if (low === undefined) return "< " + valueText(high);
    if (high === undefined) return "≥ " + valueText(low);
    return valueText(low) + " – " + valueText(high);
  });
  const hasValues = shown().some((value) => value !== null);
  const items = hasValues ? scale.range().map((fill, i) => ({ fill, text: texts[i] })) : [];
  const withheld = areas().filter((_, index) => isWithheld(index)).length;
  const without = areas().filter((area) => !area.has_cells).length;
  items.push({ fill: "url(#withheld)", text: word("legend.withheld", { n: number(withheld, 0) }) });
  if (without) {
    items.push({ fill: "url(#no-network)", text: word("legend.no_cells", { n: number(without, 0) }) });
  }
  if (arcsOfArea().length) {
    for (const way of ["in", "out"]) items.push({ way, text: word("legend." + way) });
  }
  const entries = d3.select("#legend").selectAll("li").data(items).join("li").text("");
  const swatch = entries.append("svg").attr("viewBox", "0 0 22 14").attr("aria-hidden", "true");
  swatch.append("rect").attr("width", 22).attr("height", 14).attr("fill", (item) => item.fill ?? "none");
  swatch.filter((item) => item.way).append("path").attr("d", "M1 7H21").attr("stroke-width", 4)
    .attr("class", (item) => "arc arc-" + item.way);
  entries.append("span").text((item) => item.text);
}

function showTip(event, index) {
  const lines = [areas()[index].name, dateText(state.start)];
  const value = shown()[index];
  lines.push(value === null ? missingText(index) : `${word(state.measure)}: ${valueText(value)}`);
  const change = study.change[state.level];
  if (state.period === "day" && change && change.median[state.start]?.[index] != null) {
    const [median, mad] = [change.median[state.start][index], change.mad[state.start][index]];
    lines.push(word("usual", { median: number(median), mad: number(mad) }));
  }
  for (const arc of arcsOfArea().filter((one) => one.other === index)) {
    lines.push(`${nameOf(state.area)}, ${word("legend." + arc.way)}: ${number(arc.people, 0)}`);
  }
  const tip = d3.select("#tip").property("hidden", false);
  tip.selectAll("div").data(lines).join("div").text((line) => line);
  const box = tip.node().getBoundingClientRect();
  const left = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
  tip.style("left", left + "px").style("top", event.clientY + 14 + "px");
}

function hideTip() {
  element("tip").hidden = true;
}
