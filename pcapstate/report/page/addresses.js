// Addresses as sixteen bytes, IPv4 as ::ffff:a.b.c.d, and networks of them.

/** The four bytes of an IPv4 address in text, or null. */
function ipv4(text) {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((one) => /^(0|[1-9]\d{0,2})$/.test(one) && Number(one) < 256)) return null;
  return parts.map(Number);
}

/** The sixteen bytes of an address in text, or null. */
function addressBytes(text) {
  const four = ipv4(text);
  if (four) return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...four];
  if (!text.includes(":")) return null;
  let given = text;
  const tail = ipv4(given.slice(given.lastIndexOf(":") + 1));
  if (tail) {
    const [a, b, c, d] = tail;
    given = `${given.slice(0, given.lastIndexOf(":") + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = given.split("::");
  if (halves.length > 2) return null;
  const [left, right] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - left.length - (right?.length ?? 0);
  if (right ? missing < 1 : missing !== 0) return null;
  const groups = [...left, ...Array(missing).fill("0"), ...(right ?? [])];
  if (!groups.every((one) => /^[0-9a-fA-F]{1,4}$/.test(one))) return null;
  return groups.flatMap((one) => [parseInt(one, 16) >> 8, parseInt(one, 16) & 255]);
}

/** A network or address in text: its bytes and how many bits count; null where it is neither. */
function networkOf(text) {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const [host, given, ...rest] = bare.split("/");
  const bytes = addressBytes(host);
  if (!bytes || rest.length) return null;
  const four = !host.includes(":");
  let length = four ? 32 : 128;
  if (given !== undefined) {
    const mask = four ? ipv4(given) : null;
    if (mask) {
      const bits = mask.map((one) => one.toString(2).padStart(8, "0")).join("");
      // A netmask, or a hostmask as routers have it.
      if (!/^(1*0*|0*1*)$/.test(bits)) return null;
      const other = bits.indexOf(bits[0] === "1" ? "0" : "1");
      length = bits[0] === "1" && other < 0 ? 32 : Math.max(other, 0);
    } else {
      if (!/^\d{1,3}$/.test(given) || Number(given) > length) return null;
      length = Number(given);
    }
  }
  return { bytes, length: four ? length + 96 : length };
}

const MAPPED = { bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0], length: 96 };

/** Whether the bytes of an address begin as those of a network. */
function beginsWith(bytes, network) {
  for (let bit = 0; bit < network.length; bit += 8) {
    const mask = network.length - bit >= 8 ? 255 : (255 << (8 - network.length + bit)) & 255;
    if ((bytes[bit >> 3] ^ network.bytes[bit >> 3]) & mask) return false;
  }
  return true;
}

/** Whether a network has an address. A network of IPv6 has none of IPv4, unless it lies within ::ffff:0:0/96. */
function holds(network, bytes) {
  if (!beginsWith(bytes, network)) return false;
  return (network.length >= 96 && beginsWith(network.bytes, MAPPED)) || !beginsWith(bytes, MAPPED);
}
