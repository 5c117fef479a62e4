// The language of --filter over the connections of the report (see docs/filters.md), and plain search.

const SYMBOLS = ["..", "==", "!=", "!~", "<=", ">=", "&&", "||", "=", "<", ">", "~", "!", "(", ")", "{", "}", ","];
const SAME = { "==": "=", "&&": "and", "||": "or", "!": "not", matches: "~" };
const KEYWORDS = ["and", "or", "not", "in", "contains", "matches"];
const COMPARING = ["=", "!=", "<", "<=", ">", ">=", "~", "!~", "in", "contains"];
const IN_ORDER = ["=", "!=", "<", "<=", ">", ">=", "in", "not in"];
const LIKE = ["~", "!~", "contains", "not contains"];
const LISTED = ["=", "!=", "in", "not in"];
const OPERATORS = {
  number: IN_ORDER, duration: IN_ORDER, time: IN_ORDER, port: IN_ORDER, state: [...LISTED, ...LIKE],
  word: [...LISTED, ...LIKE], text: [...LISTED, ...LIKE], address: LISTED, flag: ["=", "!="],
};
const RANGES = ["number", "duration", "time", "port"];
const TRUE = ["true", "yes", "1"], FALSE = ["false", "no", "0"];
const DURATIONS = { ns: 1, us: 1e3, "μs": 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9, d: 86400e9 };
const SIZES = { b: 1 };
"kmgt".split("").forEach((one, power) => {
  for (const end of ["", "b"]) SIZES[one + end] = 1000 ** (power + 1);
  for (const end of ["i", "ib"]) SIZES[one + end] = 1024 ** (power + 1);
});
const UNITS = { duration: DURATIONS, number: SIZES };

class FilterError extends Error {}

const asName = (text) => text.toLowerCase().replaceAll("-", "_");
const asWord = (text) => text.replace(/[-_\s]+/g, "").toLowerCase();

function tokens(text) {
  const found = [];
  const word = /(?:(?!\.\.)[^\s(){},=!<>~&|"'])+/y;
  const string = /(["'])((?:\\[^]|(?!\1|\\)[^])*)\1/y;
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) { at++; continue; }
    word.lastIndex = string.lastIndex = at;
    const symbol = SYMBOLS.find((one) => text.startsWith(one, at));
    let match;
    if (symbol) {
      found.push({ kind: "symbol", text: SAME[symbol] ?? symbol });
      at += symbol.length;
    } else if ((match = word.exec(text))) {
      const folded = match[0].toLowerCase();
      if (KEYWORDS.includes(folded)) found.push({ kind: "symbol", text: SAME[folded] ?? folded });
      else found.push({ kind: "word", text: match[0] });
      at += match[0].length;
    } else if ((match = string.exec(text))) {
      found.push({ kind: "string", text: match[2].replace(/\\([^])/g, "$1") });
      at += match[0].length;
    } else if (`"'`.includes(text[at])) {
      throw new FilterError(t("the quote is never closed"));
    } else {
      throw new FilterError(t("unexpected {text}", { text: text[at] }));
    }
  }
  found.push({ kind: "end", text: "" });
  return found;
}

/** Whether a text is meant as a filter, not as words to search for. */
const isFilter = (text) => /[=<>~]|\s(in|contains|matches)(\s*[{("']|\s+\S)/i.test(text)
  || text.split(/[\s()!]+/).some((word) => D.fields[asName(word)]?.kind === "flag");

/** The test that a filter means: a function of the place of a connection. Throws FilterError. */
function filterOf(text) {
  const all = tokens(text);
  let at = 0;
  const next = () => all[at];
  const is = (token, ...symbols) => token.kind === "symbol" && symbols.includes(token.text);
  const expected = (what) =>
    new FilterError(t("expected {what}, before {shown}", { what, shown: next().text || t("the end") }));

  function either() {
    const parts = [all_()];
    while (is(next(), "or")) { at++; parts.push(all_()); }
    return parts.length === 1 ? parts[0] : (one) => parts.some((part) => part(one));
  }
  function all_() {
    const parts = [single()];
    while (is(next(), "and")) { at++; parts.push(single()); }
    return parts.length === 1 ? parts[0] : (one) => parts.every((part) => part(one));
  }
  function single() {
    if (is(next(), "not")) {
      at++;
      const part = single();
      return (one) => !part(one);
    }
    if (is(next(), "(")) {
      at++;
      const found = either();
      if (!is(next(), ")")) throw expected('"and", "or", ")"');
      at++;
      return found;
    }
    return condition();
  }
  function condition() {
    if (next().kind !== "word") throw expected(t("a field such as port"));
    const name = asName(all[at++].text);
    if (!Object.hasOwn(D.fields, name)) throw new FilterError(t("there is no field {name}", { name }));
    const field = D.fields[name];
    let negated = false;
    if (is(next(), "not") && is(all[at + 1], "in", "contains", "~")) { at++; negated = true; }
    if (!is(next(), ...COMPARING)) {
      if (field.kind === "flag") return tested(field, (value) => value > 0, false);
      throw expected(t("an operator such as ="));
    }
    let operator = all[at++].text;
    if (negated) operator = operator === "~" ? "!~" : `not ${operator}`;
    if (!OPERATORS[field.kind].includes(operator)) {
      throw new FilterError(t("{operator} does not fit {name}", { operator, name }));
    }
    if (LIKE.includes(operator)) {
      return tested(field, likeness(name, field, operator, value(field)), operator === "!~" || operator.startsWith("not"));
    }
    const tests = items(name, field, operator);
    return tested(field, (given) => tests.some((one) => one(given)), operator === "!=" || operator === "not in");
  }
  function items(name, field, operator) {
    if (!LISTED.includes(operator) || !is(next(), "{", "(")) return [item(name, field, operator)];
    const close = all[at++].text === "{" ? "}" : ")";
    if (field.kind === "flag") throw new FilterError(t("{name} takes no list", { name }));
    const found = [item(name, field, "in")];
    while (is(next(), ",")) { at++; found.push(item(name, field, "in")); }
    if (!is(next(), close)) throw expected(`",", "${close}"`);
    at++;
    return found;
  }
  function item(name, field, operator) {
    const first = value(field);
    if (!RANGES.includes(field.kind)) return plain(name, field, first);
    const dash = field.kind === "port" ? first.match(/^(\d+)-(\d+)$/) : null;
    let pairs;
    if (is(next(), "..") || dash) {
      if (!dash) at++;
      const low = numbersOf(field, dash ? dash[1] : first)[0];
      const high = numbersOf(field, dash ? dash[2] : value(field)).at(-1);
      if (low > high) throw new FilterError(t("the range begins after its end"));
      pairs = [[low, high]];
    } else {
      pairs = numbersOf(field, first).map((one) => [one, one]);
    }
    if (["<", "<=", ">", ">="].includes(operator)) {
      const [[low, high]] = pairs;
      if (pairs.length > 1 || low !== high) throw new FilterError(t("{operator} takes one value", { operator }));
      return { "<": (v) => v < low, "<=": (v) => v <= low, ">": (v) => v > low, ">=": (v) => v >= low }[operator];
    }
    return (given) => pairs.some(([low, high]) => given >= low && given <= high);
  }
  function value(field) {
    const token = next();
    if (token.kind !== "word" && token.kind !== "string") throw expected(t("a value"));
    at++;
    const unit = next();
    if (token.kind === "word" && unit.kind === "word" && /^[+-]?[\d.]+$/.test(token.text)
        && Object.hasOwn(UNITS[field.kind] ?? {}, unit.text.toLowerCase())) {
      at++;
      return token.text + unit.text;
    }
    return token.text;
  }

  const found = either();
  if (next().kind !== "end") throw expected('"and", "or"');
  return found;
}

/** The test of a field's columns: any matches, or, negated, there is a value and none matches. */
function tested(field, match, negated) {
  const columns = field.columns.map((name) => valuesOf(field, name));
  return (at) => {
    let matches = false, present = false;
    for (const column of columns) {
      const given = column(at);
      if (given === null) continue;
      present = true;
      matches ||= match(given);
    }
    return negated ? present && !matches : matches;
  };
}

/** A function from the place of a connection to the value of a column, null where there is none. */
function valuesOf(field, name) {
  if (field.kind === "address") {
    addressesKnown ??= D.addresses.map(addressBytes);
    return (at) => addressesKnown[C[name][at]];
  }
  if (field.kind === "text") {
    const texts = { network: D.networks, service: D.service_names }[name] ?? D.names;
    return (at) => texts[C[name][at]]?.toLowerCase() ?? null;
  }
  if (field.kind === "word") return (at) => (field.words[C[name][at]] === null ? null : C[name][at]);
  return (at) => (Number.isNaN(C[name][at]) ? null : C[name][at]);
}
let addressesKnown = null;

const wordsOf = (field) => (field.kind === "state" ? D.known_states : field.words);

function plain(name, field, text) {
  if (field.kind === "address") {
    const network = networkOf(text);
    if (!network) throw new FilterError(t("{text} is neither an IP address nor a network", { text }));
    return (bytes) => holds(network, bytes);
  }
  if (field.kind === "flag") {
    const folded = text.toLowerCase();
    if (![...TRUE, ...FALSE].includes(folded)) throw new FilterError(t("{name} is true or false", { name }));
    return (given) => given > 0 === TRUE.includes(folded);
  }
  if (field.kind === "text") return (given) => given === text.toLowerCase();
  let wanted = asWord(text);
  if (field.kind === "state" && Object.hasOwn(D.spellings, wanted)) wanted = asWord(D.spellings[wanted]);
  const index = wordsOf(field).findIndex((word) => word !== null && asWord(word) === wanted);
  if (index < 0) throw new FilterError(t("{name} is never {text}", { name, text }));
  return (given) => given === index;
}

function likeness(name, field, operator, text) {
  const folded = field.kind === "text" ? text.toLowerCase() : asWord(text);
  if (!folded) throw new FilterError(t("the text is empty"));
  let like = (given) => given.includes(folded);
  if (!operator.endsWith("contains")) {
    const glob = folded.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^]*").replaceAll("?", "[^]");
    const pattern = new RegExp(`^${glob}$`, "u");
    like = (given) => pattern.test(given);
  }
  if (field.kind === "text") return like;
  const wanted = wordsOf(field).map((word) => word !== null && like(asWord(word)));
  if (!wanted.includes(true)) throw new FilterError(t("{name} is never {text}", { name, text }));
  return (given) => wanted[given];
}

/** The numbers that a text means for a field with an order. */
function numbersOf(field, text) {
  if (field.kind === "port") {
    if (/^\d+$/.test(text)) {
      if (Number(text) > 65535) throw new FilterError(t("{text} is not a port", { text }));
      return [Number(text)];
    }
    const name = text.toLowerCase();
    if (!Object.hasOwn(D.services, name)) throw new FilterError(t("no port is called {text}", { text }));
    return D.services[name];
  }
  if (field.kind === "time") {
    const time = momentOf(text);
    if (time === null) throw new FilterError(t("{text} is no moment", { text }));
    return [time];
  }
  const number = quantity(text, UNITS[field.kind], field.kind === "number" ? 1 : SECOND, field.kind === "duration");
  if (number === null) throw new FilterError(t("{text} is not a number with a unit that fits", { text }));
  return [number];
}

/** A number with a unit, or several parts with units (`several`); null where it is none. */
function quantity(text, units, one, several) {
  if (/^[+-]?(\d+(\.\d+)?|\.\d+)$/.test(text)) return exact(Number(text), one);
  const sign = text.startsWith("-") ? -1 : 1;
  const parts = [...text.replace(/^[+-]/, "").replaceAll("µ", "μ").matchAll(/(\d+(?:\.\d+)?|\.\d+)([^\d\s.]+)/g)];
  if (!parts.length || parts.map((part) => part[0]).join("").length !== text.replace(/^[+-]/, "").length) return null;
  if (parts.length > 1 && !several) return null;
  let total = 0;
  for (const [, number, unit] of parts) {
    if (!Object.hasOwn(units, unit.toLowerCase())) return null;
    total += exact(Number(number), units[unit.toLowerCase()]);
  }
  return sign * total;
}

/** A product without the last bits of binary fractions. */
const exact = (number, unit) => Math.round(number * unit * 1e3) / 1e3;

const DATE = "(\\d{4})-(\\d\\d?)-(\\d\\d?)";
const CLOCK = "(\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:[.,](\\d+))?)?";
const HALF = "\\s*([AaPp])\\.?[Mm]\\.?";
const ZONE = "\\s*(Z|UTC|[+-]\\d\\d:?\\d\\d)?";

/** A moment in text, in ns since the start: 12.5, 1m30s, -3 (before the end), 14:05:10, 2023-11-14 22:13:20; or null. */
function momentOf(text) {
  const given = text.trim();
  const epoch = given.match(/^@?(\d{10,})(?:\.(\d*))?$/);
  if (epoch) return since(Number(epoch[1]), fraction(epoch[2]));
  const dated = given.match(new RegExp(`^(?:${DATE}[T ]+)?${CLOCK}(?:${HALF})?${ZONE}$`))
    ?? given.match(new RegExp(`^()()()(\\d{1,2})()()()${HALF}${ZONE}$`)) ?? given.match(new RegExp(`^${DATE}()()()()()${ZONE}$`));
  if (dated) return clockMoment(dated);
  const offset = quantity(given.replace(/\s+/g, ""), DURATIONS, SECOND, true);
  if (offset === null) return null;
  return given.startsWith("-") ? D.end + offset : offset;
}

const fraction = (digits) => Number((digits ?? "").slice(0, 9).padEnd(9, "0"));
const since = (seconds, rest) => (seconds - D.start[0]) * SECOND + rest - D.start[1];

function clockMoment([, year, month, day, given, minute, second, digits, half, zone]) {
  const hour = half ? (Number(given) % 12) + (/p/i.test(half) ? 12 : 0) : Number(given);
  if (half && !(Number(given) >= 1 && Number(given) <= 12)) return null;
  if (hour > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return null;
  let offset = D.offset;
  if (zone) {
    const parts = zone.match(/([+-])(\d\d):?(\d\d)/);
    offset = parts ? (parts[1] === "-" ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) : 0;
  }
  const first = new Date((D.start[0] + offset * 60) * 1000);
  const date = year
    ? [Number(year), Number(month) - 1, Number(day)]
    : [first.getUTCFullYear(), first.getUTCMonth(), first.getUTCDate()];
  const wall = new Date(Date.UTC(...date, hour, Number(minute), Number(second ?? 0)));
  // There is no 30 February.
  if (wall.getUTCMonth() !== date[1] || wall.getUTCDate() !== date[2]) return null;
  const seconds = wall.getTime() / 1000 - offset * 60;
  const time = since(seconds, fraction(digits));
  // A capture that passes midnight: the first such time in it.
  const grain = !minute ? 3600 : second === undefined ? 60 : 1;
  return year || time + grain * SECOND > 0 ? time : time + 86400 * SECOND;
}

/** The test that words are in what is shown of a connection. */
function searchOf(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (at) => {
    const shown = [
      C.connection[at], endText(at, "client"), endText(at, "server"), nameText(at, "client"), nameText(at, "server"),
      D.outcomes[C.outcome[at]], t(D.outcomes[C.outcome[at]]), D.states[C.client_state[at]], D.states[C.server_state[at]],
    ].join(" ").toLowerCase();
    return words.every((word) => shown.includes(word));
  };
}
