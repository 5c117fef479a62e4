// Connections over time by state, as a stacked area; its range of time is that of the strips, too.

const POINTS = 800;
const STEPS = [1, 2, 5].flatMap((one) => [...Array(11).keys()].map((power) => one * 10 ** power)).filter((one) => one < 60 * SECOND);
const INCREMENTS = [
  ...STEPS.sort((a, b) => a - b),
  ...[1, 2, 5, 10, 30, 60, 120, 360, 720, 1440, 2880, 10080, 43_200, 144_000, 525_600, 1_440_000, 5_256_000, 14_400_000].map((minutes) => minutes * 60 * SECOND),
];

const view = { from: 0, to: 1 };
const followers = []; // called when the range of time has changed
let chart = null;
const changes = [null, null]; // of the client's and the server's states: time, state and change, in order of time

/** What enters and leaves states, of all clients or servers, in order of time. */
function changesOf(side) {
  if (changes[side]) return changes[side];
  let times = [], states = [], amounts = [];
  if (D.whole) {
    for (let at = 0; at < count(); at++) {
      let before = -1;
      eachHeld(at, side, (one) => {
        const time = C.change_time[one];
        times.push(time); states.push(C.change_to[one]); amounts.push(1);
        if (before >= 0) { times.push(time); states.push(before); amounts.push(-1); }
        before = C.change_to[one];
      });
    }
    const order = Array.from(times.keys()).sort((a, b) => times[a] - times[b]);
    [times, states, amounts] = [times, states, amounts].map((column) => order.map((at) => column[at]));
  } else {
    for (let at = 0; at < C.count_time.length; at++) {
      if (C.count_side[at] !== side) continue;
      times.push(C.count_time[at]); states.push(C.count_state[at]); amounts.push(C.count_change[at]);
    }
  }
  return (changes[side] = { times, states, amounts });
}

/** How many connections are in each open state at each of some times; a row for each state. */
function countsAt(side, times) {
  const { times: at, states, amounts } = changesOf(side);
  const now = new Int32Array(D.states.length);
  const found = D.open_states.map(() => new Float64Array(times.length));
  let next = 0;
  times.forEach((time, place) => {
    for (; next < at.length && at[next] <= time; next++) now[states[next]] += amounts[next];
    D.open_states.forEach((state, row) => { found[row][place] = now[state]; });
  });
  return found;
}

const chosenSide = () => Number(document.querySelector('input[name="side"]:checked').value);

function chartData() {
  const width = (view.to - view.from) / (POINTS - 1);
  const times = Array.from({ length: POINTS }, (_, at) => view.from + at * width);
  const counts = countsAt(chosenSide(), times);
  const stacked = [];
  const sum = new Float64Array(POINTS);
  for (const row of counts) {
    for (let at = 0; at < POINTS; at++) sum[at] += row[at];
    stacked.push(Array.from(sum));
  }
  // The highest is drawn first, and the others over it.
  return { counts, data: [times, ...stacked.reverse()] };
}

function drawChart() {
  chart?.destroy();
  const { counts, data } = chartData();
  const axis = { stroke: colours.faint, grid: { stroke: colours.line, width: 1 }, ticks: { stroke: colours.line, width: 1 } };
  const box = $("chart");
  chart = new uPlot(
    {
      width: Math.max(box.clientWidth, 200),
      height: 240,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: false, range: () => [view.from, view.to] }, y: { range: (u, low, high) => [0, Math.max(high * 1.05, 1)] } },
      axes: [
        { ...axis, incrs: INCREMENTS, space: 70, values: (u, all, place, space, step) => all.map((one) => axisText(one, step)) },
        { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], values: (u, all) => all.map(integer) },
      ],
      series: [
        {},
        ...[...D.open_states].reverse().map((state) => ({
          label: D.states[state],
          fill: colours[state],
          stroke: colours.paper,
          width: 0.5,
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: false },
        })),
      ],
      hooks: {
        setSelect: [(u) => {
          if (u.select.width < 3) return;
          show(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        }],
        setCursor: [(u) => legend(counts, u.cursor.idx)],
      },
    },
    data,
    box,
  );
  legend(counts, null);
  const most = counts.map((row) => Math.max(...row));
  const said = D.open_states.map((state, row) => (most[row] ? `${D.states[state]} ${integer(most[row])}` : "")).filter(Boolean);
  box.setAttribute("aria-label", t("The most connections at once in each state: {states}", { states: said.join(", ") }));
}

/** The states with their colours, and how many connections are in each at a point of the chart; else the most. */
function legend(counts, at) {
  const shown = D.open_states.map((state, row) => {
    const number = at === null || at === undefined ? Math.max(...counts[row]) : counts[row][at];
    const box = make("i", { class: `state-${D.known_states[state]}` });
    return number || at !== null ? make("li", {}, box, ` ${D.states[state]} `, make("b", { text: integer(number) })) : "";
  });
  $("legend").replaceChildren(...shown.filter(Boolean));
}

/** Show a range of time, in ns since the start. */
function show(from, to) {
  const least = 1000;
  const length = Math.min(Math.max(to - from, least), Math.max(D.end, least) * 1.02);
  const first = Math.min(Math.max(from, -0.01 * D.end), Math.max(D.end * 1.01 - length, -0.01 * D.end));
  view.from = first;
  view.to = first + length;
  followers.forEach((follow) => follow());
}

const showAll = () => show(-0.01 * D.end, D.end * 1.01);

/** Zoom by a factor about a time. */
const zoom = (factor, about = (view.from + view.to) / 2) =>
  show(about - (about - view.from) * factor, about + (view.to - about) * factor);

const pan = (part) => show(view.from + part * (view.to - view.from), view.to + part * (view.to - view.from));

function setUpChart() {
  followers.push(drawChart);
  document.querySelectorAll('input[name="side"]').forEach((one) => one.addEventListener("change", drawChart));
  $("whole").addEventListener("click", showAll);
  $("chart").addEventListener("dblclick", showAll);
  new ResizeObserver(() => {
    const width = Math.max($("chart").clientWidth, 200);
    if (chart && Math.abs(chart.width - width) > 1) chart.setSize({ width, height: 240 });
  }).observe($("chart"));
}
