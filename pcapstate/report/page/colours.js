// Colours of states, as the style sheet has them for light and dark.

let colours = [];

/** Take the colours from the style sheet again. */
function takeColours() {
  const style = getComputedStyle(root);
  const of = (name) => style.getPropertyValue(name).trim();
  colours = D.known_states.map((state) => of(`--${state}`));
  Object.assign(colours, { ink: of("--ink"), faint: of("--faint"), paper: of("--paper"), alarm: of("--alarm"), line: of("--line") });
}

/** Black or white, whichever stands out on a colour (#rrggbb). */
function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? "#111111" : "#ffffff";
}
