// A bar for each connection: two strips coloured by state, drawn on a canvas, only what is in view.

const ROW = 36;
const SILENCE = 3 * SECOND;
const list = { places: [], at: 0, filter: "" };
let canvas = null;

/** Choose the connections that a text matches: a filter, or words. */
function search(text) {
  list.filter = text;
  const error = $("search-error");
  let test = () => true;
  error.hidden = true;
  if (text.trim()) {
    try {
      test = isFilter(text) ? filterOf(text) : searchOf(text);
    } catch (problem) {
      if (!(problem instanceof FilterError)) throw problem;
      error.textContent = problem.message;
      error.hidden = false;
    }
  }
  list.places = Array.from({ length: count() }, (_, at) => at).filter(test);
  list.at = 0;
  $("rows").style.height = `${list.places.length * ROW}px`;
  $("strips").scrollTop = 0;
  $("found").textContent = t("{some} of {all:connection|connections}", { some: list.places.length, all: count() });
  drawStrips();
}

const labelWidth = () => ($("strips").clientWidth < 700 ? 138 : 330);

/** Where a time is on a strip, in pixels. */
const place = (time, width) => ((time - view.from) / (view.to - view.from)) * width;

function drawStrips() {
  const box = $("strips");
  const height = box.clientHeight, label = labelWidth(), width = box.clientWidth - label;
  if (width <= 0) return;
  const scale = window.devicePixelRatio || 1;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.style.marginLeft = `${label}px`;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const top = box.scrollTop;
  const first = Math.max(Math.floor(top / ROW), 0);
  const last = Math.min(Math.ceil((top + height) / ROW), list.places.length);
  const rows = [];
  for (let row = first; row < last; row++) {
    rows.push(rowOf(row, label));
    drawBar(pen, list.places[row], row * ROW - top, width);
  }
  const now = place(moment.time, width);
  pen.fillStyle = colours.ink;
  if (now >= 0 && now <= width) pen.fillRect(Math.round(now), 0, 1, height);
  $("rows").replaceChildren(canvas, ...rows);
  if (list.places.length) box.setAttribute("aria-activedescendant", `row-${list.at}`);
  else box.removeAttribute("aria-activedescendant");
  drawAxis(width, label);
}

/** The text of a row: number, ends and outcome. */
function rowOf(row, label) {
  const at = list.places[row];
  const element = make(
    "div", { id: `row-${row}`, role: "option", "aria-selected": String(row === list.at), "aria-posinset": row + 1, "aria-setsize": list.places.length },
    make("b", { text: C.connection[at] }),
    make("span", {}, make("span", { class: "ends", text: `${endText(at, "client")} → ${endText(at, "server")}` }),
      make("span", { class: "how", text: [t(D.outcomes[C.outcome[at]]), nameText(at, "server")].filter(Boolean).join(", ") })),
  );
  element.style.top = `${row * ROW}px`;
  element.style.width = `${label - 8}px`;
  element.addEventListener("click", () => choose(row, true));
  return element;
}

function drawBar(pen, at, y, width) {
  for (const side of [0, 1]) drawStrip(pen, at, side, y + 3 + side * 15, width);
  drawSteps(pen, at, y, width);
  pen.fillStyle = colours.line;
  pen.fillRect(0, y + ROW - 1, width, 1);
}

function drawStrip(pen, at, side, y, width) {
  const resets = [];
  let state = -1, from = C.opened[at];
  const piece = (until) => {
    const left = Math.max(place(from, width), 0), right = Math.min(place(until, width), width);
    if (right < 0 || left > width || state < 0 || D.known_states[state] === "LISTEN" || state === CLOSED) return;
    const wide = Math.max(right - left, 1);
    pen.fillStyle = colours[state];
    pen.fillRect(left, y, wide, 13);
    if (wide > 34) {
      pen.fillStyle = inkOn(colours[state]);
      pen.font = "10px system-ui, sans-serif";
      if (pen.measureText(D.states[state]).width < wide - 8) pen.fillText(D.states[state], left + 4, y + 10);
    }
  };
  let begun = false;
  eachHeld(at, side, (one) => {
    if (!begun) state = C.change_from[one];
    begun = true;
    piece(C.change_time[one]);
    from = C.change_time[one];
    state = C.change_to[one];
    if (D.resets.includes(C.change_row[one])) resets.push(from);
  });
  if (!begun && hasRow(at, side, stateAt(at, side, D.end), D.end)) state = UNKNOWN;
  piece(D.end);
  pen.strokeStyle = colours.alarm;
  pen.lineWidth = 2;
  for (const time of resets) {
    const x = place(time, width);
    if (x < -6 || x > width + 6) continue;
    pen.beginPath();
    pen.moveTo(x - 4, y + 2); pen.lineTo(x + 4, y + 10);
    pen.moveTo(x + 4, y + 2); pen.lineTo(x - 4, y + 10);
    pen.stroke();
  }
}

const AGAIN = 1, PACKET = 16;

/** Draw what packets show, where the report has them: retransmissions and silence. */
function drawSteps(pen, at, y, width) {
  const ladder = ladderOf(at);
  if (ladder < 0) return;
  let before = null;
  for (let step = C.ladder_ends[ladder]; step < C.ladder_ends[ladder + 1]; step++) {
    if (!(C.step_bits[step] & PACKET)) continue;
    const time = C.step_time[step], x = place(time, width);
    if (before !== null && time - before >= SILENCE && !foldedBetween(ladder, step)) hatch(pen, place(before, width), x, y, width);
    before = time;
    if (!(C.step_bits[step] & AGAIN) || x < -4 || x > width + 4) continue;
    const tip = y + 3 + C.step_side[step] * 15 + 7;
    pen.fillStyle = colours.ink;
    pen.beginPath();
    pen.moveTo(x, tip); pen.lineTo(x - 4, tip - 7); pen.lineTo(x + 4, tip - 7);
    pen.fill();
  }
}

/** Whether packets before a step are folded and not in the report. */
function foldedBetween(ladder, step) {
  return foldsOf(ladder).some((fold) => C.fold_first[fold] === step && C.fold_end[fold] === step);
}

function hatch(pen, from, to, y, width) {
  const left = Math.max(from + 1, 0), right = Math.min(to - 1, width);
  if (right - left < 6) return;
  pen.save();
  pen.beginPath();
  pen.rect(left, y + 3, right - left, 28);
  pen.clip();
  pen.strokeStyle = colours.paper;
  pen.globalAlpha = 0.55;
  pen.lineWidth = 2;
  pen.beginPath();
  for (let x = left - 28; x < right; x += 8) { pen.moveTo(x, y + 31); pen.lineTo(x + 28, y + 3); }
  pen.stroke();
  pen.restore();
}

function drawAxis(width, label) {
  const pad = $("axis").firstElementChild, scale = window.devicePixelRatio || 1;
  pad.style.width = `${width}px`;
  pad.style.marginLeft = `${label}px`;
  pad.style.height = "18px";
  pad.width = Math.round(width * scale);
  pad.height = Math.round(18 * scale);
  const pen = pad.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = colours.faint;
  const step = INCREMENTS.find((one) => (one / (view.to - view.from)) * width >= 80) ?? INCREMENTS.at(-1);
  for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
    const x = place(time, width);
    pen.fillRect(x, 13, 1, 5);
    pen.fillText(axisText(time, step), Math.min(x + 3, width - 40), 11);
  }
}

/** Choose a row; `open`: show its connection. */
function choose(row, open) {
  if (!list.places.length) return;
  list.at = Math.min(Math.max(row, 0), list.places.length - 1);
  const box = $("strips"), top = list.at * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  drawStrips();
  if (open) location.hash = `#connection-${C.connection[list.places[list.at]]}`;
}

const KEYS = {
  ArrowDown: () => choose(list.at + 1),
  ArrowUp: () => choose(list.at - 1),
  PageDown: () => choose(list.at + Math.floor($("strips").clientHeight / ROW)),
  PageUp: () => choose(list.at - Math.floor($("strips").clientHeight / ROW)),
  Home: () => choose(0),
  End: () => choose(list.places.length - 1),
  Enter: () => choose(list.at, true),
  " ": () => choose(list.at, true),
  "+": () => zoom(0.5),
  "-": () => zoom(2),
  ArrowLeft: () => pan(-0.25),
  ArrowRight: () => pan(0.25),
  0: showAll,
};

/** What is under the pointer, in words. */
function hover(event) {
  const box = $("strips"), bounds = box.getBoundingClientRect(), label = labelWidth();
  const row = Math.floor((event.clientY - bounds.top + box.scrollTop) / ROW);
  const x = event.clientX - bounds.left - label;
  const tip = $("tip");
  if (row < 0 || row >= list.places.length || x < 0) { tip.hidden = true; return; }
  const at = list.places[row];
  const time = view.from + (x / (box.clientWidth - label)) * (view.to - view.from);
  const ends = [0, 1].map((side) => {
    const last = lastChange(at, side, time);
    const state = last < 0 ? D.states[UNKNOWN] : D.states[C.change_to[last]];
    return `${t(ROLES[side])}: ${state}${last < 0 ? "" : ` (${causeText(last)})`}`;
  });
  tip.replaceChildren(
    make("b", { text: t("connection {number}", { number: String(C.connection[at]) }) }), ` ${clock(time, 6)}`,
    ...ends.map((text) => make("div", { text })),
  );
  tip.hidden = false;
  const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(left, 4)}px`;
  tip.style.top = `${event.clientY + 16}px`;
}

/** The packet, the cause and, where it is not certain, the certainty of a change. */
function causeText(one) {
  const certainty = D.certainties[C.change_certainty[one]];
  const packet = C.change_packet[one] ? `#${C.change_packet[one]} ` : "";
  return `${packet}${t(D.causes[C.change_row[one]])}${["seen", "timer"].includes(certainty) ? "" : `, ${t(certainty)}`}`;
}

function setUpStrips() {
  canvas = make("canvas", { "aria-hidden": "true" });
  const box = $("strips");
  let waiting = false;
  box.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawStrips(); });
  });
  box.addEventListener("keydown", (event) => {
    if (!Object.hasOwn(KEYS, event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  box.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    const x = event.clientX - box.getBoundingClientRect().left - labelWidth();
    const about = view.from + (x / (box.clientWidth - labelWidth())) * (view.to - view.from);
    if (event.shiftKey) pan(Math.sign(event.deltaY + event.deltaX) * 0.1);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, about);
  }, { passive: false });
  box.addEventListener("pointermove", hover);
  box.addEventListener("pointerleave", () => { $("tip").hidden = true; });
  $("search-form").addEventListener("submit", (event) => event.preventDefault());
  $("search").addEventListener("input", () => search($("search").value));
  $("zoom-in").addEventListener("click", () => zoom(0.5));
  $("zoom-out").addEventListener("click", () => zoom(2));
  followers.push(drawStrips);
  new ResizeObserver(drawStrips).observe(box);
}

const PRINTED = 300;

/** Fill the table that stands on paper in the place of the strips. */
function printList() {
  const head = ["#", t("Client"), t("Server"), t("Outcome"), t("Client state"), t("Server state"), t("Begins"), t("Lasts")];
  const rows = list.places.slice(0, PRINTED).map((at) => [
    C.connection[at], endText(at, "client"), endText(at, "server"), t(D.outcomes[C.outcome[at]]),
    D.states[C.client_state[at]], D.states[C.server_state[at]], clock(C.opened[at], 6), duration(C.duration[at]),
  ]);
  const left = list.places.length - rows.length;
  $("printed").replaceChildren(
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col", text })))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((text) => make("td", { text }))))),
    ...(left > 0 ? [make("caption", { text: t("{count:more connection is|more connections are} not printed", { count: left }) })] : []),
  );
}
