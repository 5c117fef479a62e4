// What the whole page does: language, theme, links to connections, copying, printing.

const DARK = "(prefers-color-scheme: dark)";
const isDark = () => root.dataset.theme === "dark" || (!root.dataset.theme && matchMedia(DARK).matches);

function drawAll() {
  takeColours();
  drawChart();
  drawStrips();
}

function setLanguage(next) {
  const other = root.dataset.lang;
  root.dataset.lang = root.lang = next;
  $("language").lang = other;
  $("language").textContent = D.languages[other];
  listHosts();
  drawMoment();
  search($("search").value);
  sayPlaying();
  drawChart();
  if (!$("detail").hidden) followHash();
}

function setTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  $("theme").setAttribute("aria-pressed", String(isDark()));
  drawAll();
}

/** Show the connection that the address names, such as #connection-42. */
function followHash() {
  const named = location.hash.match(/^#connection-(\d+)$/);
  if (!named) {
    hideConnection();
    return;
  }
  const at = placeOf(Number(named[1]));
  if (at < 0) {
    shown = -1;
    $("before").disabled = $("after").disabled = true;
    $("detail-title").textContent = t("connection {number}", { number: named[1] });
    $("story").replaceChildren(make("p", { class: "cut", text: t("This connection is not in this file.") }));
    $("detail").hidden = false;
  } else {
    showConnection(at);
  }
}

function closeConnection() {
  history.replaceState(null, "", location.pathname + location.search);
  hideConnection();
  $("strips").focus({ preventScroll: true });
}

async function copy(button) {
  if (button.dataset.copied !== undefined) return;
  const text = button.parentElement.querySelector("code").textContent;
  const said = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Files have no clipboard in some browsers: the text is selected instead.
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    return;
  }
  button.dataset.copied = "";
  button.replaceChildren(t("Copied"));
  setTimeout(() => {
    button.replaceChildren(...said);
    delete button.dataset.copied;
  }, 1500);
}

function onClick(event) {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.classList.contains("copy")) copy(button);
  if (button.dataset.filter !== undefined) {
    $("search").value = button.dataset.filter;
    search(button.dataset.filter);
    $("connections").scrollIntoView();
  }
}

async function begin() {
  [D, C] = await unpacked($("data").textContent);
  C.ladder_of.forEach((at, ladder) => ladders.set(at, ladder));
  document.querySelectorAll(".scripted, .controls, .copy").forEach((one) => { one.hidden = false; });
  $("theme").setAttribute("aria-pressed", String(isDark()));
  takeColours();
  setUpChart();
  setUpMoment();
  setUpStrips();
  search("");
  showAll();
  goTo(D.end);
  $("language").addEventListener("click", () => {
    const known = Object.keys(D.languages);
    setLanguage(known[(known.indexOf(language()) + 1) % known.length]);
  });
  $("theme").addEventListener("click", setTheme);
  $("print").addEventListener("click", () => window.print());
  $("close").addEventListener("click", closeConnection);
  $("before").addEventListener("click", () => showBeside(-1));
  $("after").addEventListener("click", () => showBeside(1));
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !$("detail").hidden) closeConnection(); });
  matchMedia(DARK).addEventListener("change", drawAll);
  window.addEventListener("hashchange", followHash);
  window.addEventListener("beforeprint", printList);
  followHash();
  root.dataset.ready = "";
}

begin();
