// One connection: what there is to say of it, its ladder, its path in the state diagram, its changes.

const SVG = "http://www.w3.org/2000/svg";
const MOST_NUMBERS = 4;
const COPY = 2, GAP = 4, LOST = 8, RESET = 32;
let shown = -1; // the place of the connection, or -1

function showConnection(at) {
  shown = at;
  const number = C.connection[at];
  $("detail-title").textContent = t("connection {number}", { number: String(number) });
  const wireshark = `tcp.stream == ${number}`;
  const facts = [
    ...ROLES.map((role) => [t(role), [endText(at, role), nameText(at, role)].filter(Boolean).join(" ")]),
    [t("Outcome"), t(D.outcomes[C.outcome[at]])],
    [t("States at the end"), ROLES.map((role) => D.states[C[`${role}_state`][at]]).join(", ")],
    [t("Begins"), clock(C.opened[at], 6, true)],
    [t("Lasts"), duration(C.duration[at])],
    ...ROLES.map((role) => [
      role === "client" ? t("Sent by the client") : t("Sent by the server"),
      t("{packets:packet|packets}, {bytes:byte|bytes}, {again:retransmission|retransmissions}", {
        packets: C[`${role}_packets`][at], bytes: C[`${role}_bytes`][at], again: C[`${role}_retransmissions`][at],
      }),
    ]),
  ];
  const parts = [
    make("dl", { class: "facts" }, ...facts.map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value })))),
    make("p", { class: "filter" }, make("span", { text: t("Wireshark filter") }), " ", make("code", { text: wireshark }), " ", copyButton()),
  ];
  if (C.client_guessed[at]) parts.push(make("p", { class: "hint", text: t("No handshake was captured: which side is the client is a guess from the ports.") }));
  const ladder = ladderOf(at);
  if (ladder >= 0) {
    parts.push(make("h3", { text: t("Packet by packet") }), ladderTable(ladder));
    parts.push(make("h3", { text: t("Path in the state diagram") }), make("div", { class: "diagram" }, diagram(ladder)));
  } else {
    parts.push(make("p", { class: "cut", text: t("The packets of this connection are not in this file; pcapstate explain --connection {number} shows them.", { number: String(number) }) }));
  }
  parts.push(make("h3", { text: t("Changes of states") }), changesTable(at));
  $("story").replaceChildren(...parts);
  const box = $("detail");
  box.hidden = false;
  box.scrollTop = 0;
  box.focus({ preventScroll: true });
  const row = list.places.indexOf(at);
  $("before").disabled = row <= 0;
  $("after").disabled = row < 0 || row === list.places.length - 1;
}

function hideConnection() {
  shown = -1;
  $("detail").hidden = true;
}

const copyButton = () => make("button", { type: "button", class: "copy", text: t("Copy") });

/** Show the next connection of the list, or the one before. */
function showBeside(by) {
  const row = list.places.indexOf(shown) + by;
  if (row >= 0 && row < list.places.length) choose(row, true);
}

function changesTable(at) {
  const rows = [];
  for (const side of [0, 1]) eachHeld(at, side, (one) => rows.push([one, side]));
  rows.sort((a, b) => C.change_time[a[0]] - C.change_time[b[0]] || C.change_packet[a[0]] - C.change_packet[b[0]]);
  const head = [t("Time"), t("Packet"), t("End"), t("From"), t("To"), t("Cause"), t("Certainty")];
  const cells = rows.map(([one, side]) => [
    clock(C.change_time[one], 6), C.change_packet[one] ? `#${C.change_packet[one]}` : "", t(ROLES[side]),
    D.states[C.change_from[one]], D.states[C.change_to[one]], t(D.causes[C.change_row[one]]), t(D.certainties[C.change_certainty[one]]),
  ]);
  return make("div", { class: "scroll" }, make(
    "table", { class: "changes" },
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col", text })))),
    make("tbody", {}, ...cells.map((row) => make("tr", {}, ...row.map((text) => make("td", { text }))))),
  ));
}

/** The ladder: a row for each packet, between the states of both ends after it; sentences under it. */
function ladderTable(ladder) {
  const head = ["#", t("Seconds"), t("client"), t("Packet"), t("server")];
  const body = make("tbody");
  const end = C.ladder_ends[ladder + 1];
  let at = C.ladder_ends[ladder];
  const start = C.step_time[at];
  for (const fold of foldsOf(ladder)) {
    body.append(...stepRows(at, C.fold_first[fold], start));
    addFold(body, fold, start);
    at = C.fold_end[fold];
  }
  body.append(...stepRows(at, end, start));
  return make("div", { class: "scroll" }, make(
    "table", { class: "ladder" },
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col", text })))), body,
  ));
}

/** The folds of a ladder, in order. */
const foldsOf = (ladder) => Array.from(C.fold_of.keys()).filter((fold) => C.fold_of[fold] === ladder);

/** The rows of some steps, each with what there is to say of it. */
function stepRows(from, to, start) {
  const rows = [];
  let said = lowest(C.said_step, from);
  for (let at = from; at < to; at++) {
    rows.push(stepRow(at, start));
    const texts = [];
    for (; said < C.said_step.length && C.said_step[said] === at; said++) texts.push(inLanguage(D.texts[C.said_text[said]]));
    if (texts.length) {
      const cell = make("td", { colspan: "3" }, ...texts.map((text) => make("p", { text })));
      rows.push(make("tr", { class: "said" }, make("td"), make("td"), cell));
    }
  }
  return rows;
}

/** The first place of an ascending column whose value is no less. */
function lowest(column, value) {
  let low = 0, high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function stepRow(at, start) {
  const bits = C.step_bits[at], side = C.step_side[at];
  const packet = Boolean(bits & PACKET);
  const tone = bits & (RESET | LOST) ? "alarm" : bits & (AGAIN | COPY | GAP) ? "caution" : "";
  let text = inLanguage(D.texts[C.step_text[at]]);
  if (bits & LOST) text += ` ✕ ${t("lost, or its ACK was: sent again as #{number}", { number: String(C.step_lost[at]) })}`;
  const arrow = !packet ? text : side ? `◀ ${text}` : `${text} ▶`;
  const states = ROLES.map((role) => {
    const state = C[`step_${role}`][at], changed = state !== C[`step_was_${role}`][at];
    return make("td", { class: changed ? "state changed" : "state" },
      make("i", { class: `state-${D.known_states[state]}` }), ` ${D.states[state]}${changed ? " *" : ""}`);
  });
  return make(
    "tr", { class: `step ${packet ? (side ? "left" : "right") : "timer"} ${tone}`.trim() },
    make("td", { class: "number", text: C.step_number[at] ? `#${C.step_number[at]}` : "" }),
    make("td", { class: "number", text: ((C.step_time[at] - start) / SECOND).toFixed(6) }),
    states[0], make("td", { class: "arrow" }, make("span", { text: arrow })), states[1],
  );
}

/** Add the line of a fold; where the report has its packets, a button opens it. */
function addFold(body, fold, start) {
  const text = `… ${inLanguage(D.texts[C.fold_text[fold]])}`;
  const cell = make("td", { colspan: "5" });
  const row = make("tr", { class: "fold" }, cell);
  body.append(row);
  if (C.fold_end[fold] === C.fold_first[fold]) {
    cell.append(text);
    return;
  }
  const button = make("button", { type: "button", class: "link", "aria-expanded": "false", text });
  let opened = [];
  button.addEventListener("click", () => {
    if (opened.length) {
      opened.forEach((one) => one.remove());
      opened = [];
    } else {
      opened = stepRows(C.fold_first[fold], C.fold_end[fold], start);
      row.after(...opened);
    }
    button.setAttribute("aria-expanded", String(opened.length > 0));
  });
  cell.append(button);
}

function drawn(tag, given, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The state diagram with the paths of both ends: the client's line is solid, the server's dashed. */
function diagram(ladder) {
  const { size, box, boxes, arrows } = D.figure;
  const taken = new Map(); // of each arrow: the packets of client and server
  const last = [null, null];
  const from = C.ladder_ends[ladder], to = C.ladder_ends[ladder + 1];
  for (let move = lowest(C.move_step, from); move < C.move_step.length && C.move_step[move] < to; move++) {
    const arrow = C.move_arrow[move], side = C.move_side[move], number = C.step_number[C.move_step[move]];
    if (!taken.has(arrow)) taken.set(arrow, [null, null]);
    (taken.get(arrow)[side] ??= []).push(number);
    last[side] = arrows[arrow][6];
  }
  const svg = drawn("svg", { viewBox: `0 0 ${size[0]} ${size[1]}`, role: "img" });
  const steps = [...taken].map(([arrow, sides]) => sides.map((numbers, side) => numbers && `${t(ROLES[side])}: ${nameOfBox(arrows[arrow][5])} → ${nameOfBox(arrows[arrow][6])}`));
  svg.append(drawn("title", {}, steps.flat().filter(Boolean).join("; ")));
  const heads = drawn("defs", {});
  for (const name of ["untaken", ...ROLES]) {
    const head = drawn("marker", { id: `head-${name}`, viewBox: "0 0 10 10", refX: "9", refY: "5", markerWidth: name === "untaken" ? "5.5" : "3.6", markerHeight: name === "untaken" ? "5.5" : "3.6", orient: "auto" });
    head.append(drawn("path", { d: "M0 0L10 5L0 10z", class: `head ${name}` }));
    heads.append(head);
  }
  svg.append(heads);
  arrows.forEach((arrow, at) => {
    if (arrow[7] && !taken.has(at)) svg.append(drawn("path", { d: arrow[0], class: "path untaken", "marker-end": "url(#head-untaken)" }));
  });
  for (const [at, sides] of taken) {
    const both = sides[0] && sides[1];
    sides.forEach((numbers, side) => {
      if (numbers) svg.append(drawn("path", { d: arrows[at][both ? 1 + side : 0], class: `path ${ROLES[side]}`, "marker-end": `url(#head-${ROLES[side]})` }));
    });
  }
  const here = new Set([...taken.keys()].flatMap((at) => [arrows[at][5], arrows[at][6]]));
  const used = new Set(arrows.flatMap((arrow, at) => (arrow[7] || taken.has(at) ? [arrow[5], arrow[6]] : [])));
  boxes.forEach(([state, x, y], at) => {
    if (!used.has(at)) return;
    svg.append(drawn("rect", { x: x - box[0], y: y - box[1], width: 2 * box[0], height: 2 * box[1], rx: 12, class: here.has(at) ? "box taken" : "box" }));
    svg.append(drawn("text", { x, y: y + 10, class: here.has(at) ? "name taken" : "name" }, D.states[state]));
    last.forEach((end, side) => {
      if (end !== at) return;
      const out = 8 + 8 * side;
      svg.append(drawn("rect", { x: x - box[0] - out, y: y - box[1] - out, width: 2 * (box[0] + out), height: 2 * (box[1] + out), rx: 16, class: `ring ${ROLES[side]}` }));
    });
  });
  for (const [at, sides] of taken) {
    const [, , , x, y] = arrows[at];
    const lines = sides.map((numbers, side) => [numbers, side]).filter(([numbers]) => numbers);
    lines.forEach(([numbers, side], line) => {
      const packets = numbers.map((one) => (one ? `#${one}` : t("timer")));
      const text = packets.slice(0, MOST_NUMBERS).join(" ") + (packets.length > MOST_NUMBERS ? " …" : "");
      svg.append(drawn("text", { x, y: y + 9 + (line - (lines.length - 1) / 2) * 30, class: `label ${ROLES[side]}` }, text));
    });
  }
  const legend = make("p", { class: "hint" },
    ...ROLES.map((role, side) => make("span", { class: `role ${role}`, text: `${side ? "┅┅" : "━━"} ${t(role)}` })),
    t("A frame marks the state at the end."));
  const whole = document.createDocumentFragment();
  whole.append(svg, legend);
  return whole;
}

const nameOfBox = (at) => D.states[D.figure.boxes[at][0]];
