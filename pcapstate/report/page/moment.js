// The table of netstat at a moment, on either host.

const MOST_ROWS = 500;
const MOST_HOSTS = 100;
const SLIDER = 10_000;
const UNKNOWN = 0, CLOSED = 1;
const moment = { time: 0 };
let playing = null;
let chosenHost = null; // as the list has it; null: the list is not filled yet

/** The place of the last change of an end up to a time, also of one that was taken back later; -1: there is none. */
function lastThen(at, side, time) {
  let found = -1;
  const end = C.change_ends[2 * at + side + 1];
  for (let one = C.change_ends[2 * at + side]; one < end && C.change_time[one] <= time; one++) found = one;
  return found;
}

/** The state of an end (0: the client) at a time, as known at that time. */
function stateAt(at, side, time) {
  const own = lastThen(at, side, time), others = lastThen(at, 1 - side, time);
  if (own >= 0) return C.change_to[own];
  // A RST that refuses a connection leaves its sender closed, which is no change.
  return others >= 0 && C.change_row[others] === D.refused ? CLOSED : UNKNOWN;
}

/** The place of the last change of an end up to a time that held; -1: there is none. */
function lastChange(at, side, time) {
  let found = -1;
  eachHeld(at, side, (one) => { if (C.change_time[one] <= time) found = one; });
  return found;
}

const ROLES = ["client", "server"];

/** Whether netstat has a row for an end: it is not closed, and a socket is known. */
function hasRow(at, side, state, time) {
  if (state === CLOSED || !(C.shown[at] <= time)) return false;
  if (state !== UNKNOWN) return true;
  return C[`${ROLES[side]}_first`][at] <= time || C[`${ROLES[1 - side]}_acked`][at] <= time;
}

/** The rows of netstat at a time: connection, side and state of each. `hosts`: addresses; null: the clients' side. */
function rowsAt(time, hosts) {
  const found = [];
  for (let at = 0; at < count(); at++) {
    if (C.shown[at] > time) continue;
    for (const side of [0, 1]) {
      if (hosts ? !hosts.has(C[`${ROLES[side]}_address`][at]) : side === 1) continue;
      const self = C.client_address[at] === C.server_address[at] && C.client_port[at] === C.server_port[at];
      if (side === 1 && hosts && self) continue;
      const state = stateAt(at, side, time);
      if (hasRow(at, side, state, time)) found.push([at, side, state]);
    }
  }
  return found;
}

function chosenHosts() {
  const chosen = $("host").value;
  if (chosen === "") return null;
  return new Set(chosen === "local" ? D.local.map((one) => D.addresses.indexOf(one)) : [Number(chosen)]);
}

function drawMoment() {
  const { time } = moment;
  const rows = rowsAt(time, chosenHosts());
  const head = [t("Proto"), t("Local Address"), t("Foreign Address"), t("State"), t("Conn"), t("Since packet")];
  $("netstat").tHead.replaceChildren(make("tr", {}, ...head.map((text) => make("th", { scope: "col", text }))));
  $("netstat").tBodies[0].replaceChildren(...rows.slice(0, MOST_ROWS).map(([at, side, state]) => {
    const [own, other] = side ? ["server", "client"] : ["client", "server"];
    const number = C.connection[at];
    const last = lastChange(at, side, time);
    const packet = last < 0 || !C.change_packet[last] ? "" : `#${C.change_packet[last]}`;
    const name = nameText(at, other);
    const foreign = make("td", { text: endText(at, other) }, name ? make("small", { text: ` ${name}` }) : "");
    return make(
      "tr", {},
      make("td", { text: D.proto[endText(at, own).startsWith("[") ? 1 : 0] }),
      make("td", { text: endText(at, own) }),
      foreign,
      make("td", {}, make("i", { class: `state-${D.known_states[state]}` }), ` ${D.states[state]}`),
      make("td", {}, make("a", { href: `#connection-${number}`, text: number })),
      make("td", { text: packet }),
    );
  }));
  let said = t("{count:socket|sockets} at {time}, {offset} after the start", {
    count: rows.length, time: clock(time, 6, true), offset: duration(time),
  });
  if (rows.length > MOST_ROWS) said += ` (${t("the first {count} are shown", { count: MOST_ROWS })})`;
  if (!D.whole) said += ` (${t("of {some} of {all:connection|connections}", { some: count(), all: D.all })})`;
  $("moment-said").textContent = said;
  $("slider").setAttribute("aria-valuetext", clock(time, 3));
  drawStrips();
}

/** Move to a time, in ns since the start. */
function goTo(time) {
  moment.time = Math.min(Math.max(time, 0), D.end);
  $("slider").value = D.end ? String(Math.round((moment.time / D.end) * SLIDER)) : String(SLIDER);
  $("time").value = (moment.time / SECOND).toFixed(6);
  $("time").removeAttribute("aria-invalid");
  drawMoment();
}

/** Move to the next change of any state, or the one before (`direction` -1). */
function moveToChange(direction) {
  let found = null;
  for (const time of C.change_time) {
    const later = direction > 0 ? time > moment.time && (found === null || time < found) : time < moment.time && (found === null || time > found);
    if (later && time <= D.end) found = time;
  }
  if (found !== null) goTo(found);
}

function play() {
  if (playing !== null) {
    cancelAnimationFrame(playing);
    playing = null;
  } else {
    const took = 20_000;
    let begun = null;
    const first = moment.time >= D.end ? 0 : moment.time;
    const step = (now) => {
      begun ??= now;
      goTo(first + ((now - begun) / took) * D.end);
      if (moment.time < D.end) playing = requestAnimationFrame(step);
      else { playing = null; sayPlaying(); }
    };
    playing = requestAnimationFrame(step);
  }
  sayPlaying();
}

function sayPlaying() {
  $("play").textContent = playing === null ? t("Play") : t("Pause");
}

/** Fill the list of hosts: the one the capture shows, then those with the most connections. */
function listHosts() {
  chosenHost ??= D.local.length ? "local" : "";
  const ends = new Map();
  for (const role of ROLES) for (const one of C[`${role}_address`]) ends.set(one, (ends.get(one) ?? 0) + 1);
  const first = [...ends].sort((a, b) => b[1] - a[1]).slice(0, MOST_HOSTS);
  const options = first.map(([one, number]) => make("option", { value: one, text: `${D.addresses[one]} (${integer(number)})` }));
  if (D.local.length) options.unshift(make("option", { value: "local", text: t("{host}, captured here", { host: D.local.join(", ") }) }));
  options.unshift(make("option", { value: "", text: t("all, from the client's side") }));
  $("host").replaceChildren(...options);
  $("host").value = chosenHost;
}

function setUpMoment() {
  const slider = $("slider");
  slider.max = String(SLIDER);
  slider.addEventListener("input", () => goTo((Number(slider.value) / SLIDER) * D.end));
  $("time").addEventListener("change", () => {
    const time = momentOf($("time").value);
    if (time === null) $("time").setAttribute("aria-invalid", "true");
    else goTo(time);
  });
  $("host").addEventListener("change", () => { chosenHost = $("host").value; drawMoment(); });
  $("play").addEventListener("click", play);
  $("change-before").addEventListener("click", () => moveToChange(-1));
  $("change-after").addEventListener("click", () => moveToChange(1));
  listHosts();
}
