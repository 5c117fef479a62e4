// Texts in the language that the page shows, numbers and times.

const root = document.documentElement;
const language = () => root.dataset.lang;

/** An English text in the language of the page, with its fields: {n}, {n:host|hosts}, {n:=is|are}. */
function t(text, fields = {}) {
  const told = D.words[language()]?.[text] ?? text;
  return told.replace(/\{(\w+)(?::([^}]*))?\}/g, (whole, name, form = "") => {
    const value = fields[name];
    if (typeof value !== "number") return value ?? whole;
    const digits = value.toLocaleString("en-US");
    if (!form.includes("|")) return digits;
    const [one, many] = form.replace(/^=/, "").split("|");
    const word = value === 1 ? one : many;
    return form.startsWith("=") ? word : `${digits} ${word}`;
  });
}

/** One of several texts for the languages; a text that is the same in all stands alone. */
const inLanguage = (text) =>
  typeof text === "string" ? text : text[Object.keys(D.languages).indexOf(language())];

const integer = (value) => value.toLocaleString("en-US");

const SECOND = 1e9;
const two = (value) => String(value).padStart(2, "0");

/** A time (ns since the start) as date and time of day, with so many digits behind the seconds. */
function clock(time, digits = 6, dated = false) {
  const nanoseconds = D.start[1] + Math.round(time);
  const seconds = D.start[0] + Math.floor(nanoseconds / SECOND);
  const rest = nanoseconds - Math.floor(nanoseconds / SECOND) * SECOND;
  const date = new Date((seconds + D.offset * 60) * 1000);
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} `;
  const part = digits ? `.${String(rest).padStart(9, "0").slice(0, digits)}` : "";
  const time_ = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}${part}`;
  return (dated ? day : "") + time_;
}

/** A duration (ns) as people read it, as pcapstate's tables have it. */
function duration(time) {
  if (time < 60 * SECOND) {
    const digits = time < SECOND ? 6 : 3;
    const whole = Math.floor(time / 1000) / 1e6;
    return `${(Math.floor(whole * 10 ** digits + 1e-6) / 10 ** digits).toFixed(digits)}s`;
  }
  let whole = Math.floor(time / SECOND);
  const parts = [];
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (whole >= size || parts.length) {
      parts.push(`${Math.floor(whole / size)}${unit}`);
      whole %= size;
    }
  }
  return [...parts, `${whole}s`].slice(0, 2).join(" ");
}

/** A place on an axis of time, in ns since the start, where labels are `step` apart. */
function axisText(time, step) {
  const sign = time < 0 ? "-" : "";
  const seconds = Math.abs(time) / SECOND;
  if (step >= 60 * SECOND) {
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return `${sign}${minutes} min`;
    const hours = Math.floor(minutes / 60);
    const rest = minutes % 60 ? ` ${minutes % 60} min` : "";
    return hours < 24 ? `${sign}${hours} h${rest}` : `${sign}${Math.floor(hours / 24)} d ${hours % 24} h`;
  }
  const digits = Math.max(0, -Math.floor(Math.log10(step / SECOND) + 1e-9));
  return `${sign}${seconds.toFixed(digits)} s`;
}
