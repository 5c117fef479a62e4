// The data of the report: columns of numbers, and values beside them (see packing.py).

const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };
const $ = (id) => document.getElementById(id);

let D = null; // values by name
let C = null; // columns by name

/** Unpack base64 of gzip into values and columns. */
async function unpacked(text) {
  const raw = atob(text.trim());
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const values = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const columns = {};
  for (const [name, type, count, at] of values.columns) {
    columns[name] = new TYPES[type](buffer, 4 + length + at, count);
  }
  return [values, columns];
}

/** How many connections the report has one by one. */
const count = () => C.connection.length;

/** The place of a connection among those of the report, or -1. */
function placeOf(number) {
  let low = 0, high = count();
  while (low < high) {
    const middle = (low + high) >> 1;
    if (C.connection[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low < count() && C.connection[low] === number ? low : -1;
}

/** Call with the place of each change of an end that held (0: the client), in order. */
function eachHeld(at, side, call) {
  const end = C.change_ends[2 * at + side + 1];
  for (let one = C.change_ends[2 * at + side]; one < end; one++) {
    if (C.change_held[one]) call(one);
  }
}

/** An end as text, such as 10.0.0.1:80 or [2001:db8::1]:80. */
function endText(at, role) {
  const host = D.addresses[C[`${role}_address`][at]];
  return `${host.includes(":") ? `[${host}]` : host}:${C[`${role}_port`][at]}`;
}

/** The name of an end's host, or "". */
const nameText = (at, role) => D.names[C[`${role}_name`][at]] ?? "";

/** The place of a connection's ladder, or -1. */
const ladders = new Map();
const ladderOf = (at) => ladders.get(at) ?? -1;

/** Make an element; `given`: attributes, and `text`; then children. */
function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
