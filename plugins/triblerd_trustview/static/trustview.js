"use strict";

// Draws GET /trustview. The key is the one that the page /docs keeps, in the same place.

const STORED = "authorized";
const HALF = 1000; // positions are from -1 to 1
const WHOLE = { x: -1.1 * HALF, y: -1.1 * HALF, size: 2.2 * HALF };
const CLOSEST = WHOLE.size / 200;
const STEP = 1.25;
const LARGEST_BALANCE = 10 * 1024 ** 4; // 10 TB; nodes grow no further
const SMALLEST_RADIUS = 6;
const LARGEST_RADIUS = 28;
const PREFIX = 20; // hexadecimal digits that are the same in every key

const element = (id) => document.getElementById(id);
const picture = element("graph");

let graph = { node: [], edge: [] };
let circles = [];
let lines = [];
let chosen = 0;
let view = { ...WHOLE };

// -- asking the daemon ------------------------------------------------------------------------------------------

function storedKey() {
  try {
    return JSON.parse(localStorage.getItem(STORED))?.apiKey?.value ?? "";
  } catch {
    return "";
  }
}

function storeKey(value) {
  const schema = { type: "apiKey", in: "header", name: "X-Api-Key" };
  localStorage.setItem(STORED, JSON.stringify({ apiKey: { name: "apiKey", schema, value } }));
}

async function ask(refresh) {
  const key = storedKey();
  const answer = await fetch(`../trustview?refresh=${refresh ? 1 : 0}`, {
    headers: { Accept: "application/json", ...(key && { "X-Api-Key": key }) },
    cache: "no-store",
  });
  const body = await answer.json();
  if (!answer.ok) {
    const reason = body.error?.message ?? body.error ?? answer.statusText;
    throw Object.assign(new Error(reason), { status: answer.status });
  }
  return body;
}

async function show(refresh) {
  try {
    const answer = await ask(refresh);
    element("sign-in").hidden = true;
    draw(answer.graph);
  } catch (error) {
    const wantsKey = error.status === 401;
    element("sign-in").hidden = !wantsKey;
    element("summary").textContent = wantsKey
      ? "The daemon wants its API key: triblerd config get api.key tells it."
      : `There is no graph: ${error.status ? error.message : "the daemon does not answer"}.`;
    if (wantsKey) element("key").focus();
  }
}

// -- what a node is ---------------------------------------------------------------------------------------------

const balanceOf = (node) => node.total_up - node.total_down;
const kindOf = (node) => (balanceOf(node) > 0 ? "gives" : balanceOf(node) < 0 ? "takes" : "even");
const nameOf = (node) => (node.id === 0 ? "this node" : `node ${node.id}, ${node.key.slice(PREFIX, PREFIX + 8)}…`);

function radiusOf(node) {
  const share = Math.log1p(Math.min(Math.abs(balanceOf(node)), LARGEST_BALANCE)) / Math.log1p(LARGEST_BALANCE);
  return SMALLEST_RADIUS + (LARGEST_RADIUS - SMALLEST_RADIUS) * share;
}

function bytes(number) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  let size = Math.abs(number);
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${number < 0 ? "−" : ""}${unit ? size.toFixed(size < 10 ? 2 : 1) : size} ${units[unit]}`;
}

// -- drawing ----------------------------------------------------------------------------------------------------

function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function draw(given) {
  const key = graph.node[chosen]?.key;
  graph = given;
  const at = (id) => graph.node[id].pos.map((coordinate) => coordinate * HALF);
  lines = graph.edge.map(([a, b]) => {
    const [[x1, y1], [x2, y2]] = [at(a), at(b)];
    return shape("line", { x1, y1, x2, y2 });
  });
  circles = graph.node.map((node) => {
    const [cx, cy] = at(node.id);
    const label = `${nameOf(node)}: gave ${bytes(node.total_up)}, took ${bytes(node.total_down)}`;
    const own = node.id === 0 ? " own" : "";
    return shape("circle", { cx, cy, class: kindOf(node) + own, role: "img", "aria-label": label, "data-id": node.id });
  });
  picture.replaceChildren(...lines, ...circles.toReversed()); // this node is on top of all others
  const [nodes, relations] = [graph.node.length, graph.edge.length];
  const words = `${nodes} ${nodes === 1 ? "node" : "nodes"}, ${relations} ${relations === 1 ? "relation" : "relations"}`;
  picture.setAttribute("aria-label", `Graph of ${words}`);
  element("summary").textContent =
    relations === 0 ? "This node has neither given anything to others nor taken anything, as far as it knows." : words;
  look(view);
  choose(Math.max(0, graph.node.findIndex((node) => node.key === key)));
}

function choose(id) {
  circles[chosen]?.classList.remove("chosen");
  circles.forEach((circle, number) => circle.setAttribute("tabindex", number === id ? 0 : -1));
  chosen = id;
  const node = graph.node[id];
  circles[id].classList.add("chosen");
  let relations = 0;
  graph.edge.forEach((edge, number) => {
    const isNear = edge.includes(id);
    relations += isNear;
    lines[number].classList.toggle("near", isNear);
  });
  element("node").textContent = nameOf(node);
  element("given").textContent = bytes(node.total_up);
  element("taken").textContent = bytes(node.total_down);
  element("balance").textContent = bytes(balanceOf(node));
  element("relations").textContent = relations;
  element("public-key").textContent = node.key;
  element("details").hidden = false;
}

function look(wanted) {
  const size = Math.min(WHOLE.size, Math.max(CLOSEST, wanted.size));
  const within = (start, least) => Math.min(least + WHOLE.size - size, Math.max(least, start));
  view = { x: within(wanted.x, WHOLE.x), y: within(wanted.y, WHOLE.y), size };
  picture.setAttribute("viewBox", `${view.x} ${view.y} ${size} ${size}`);
  const scale = size / WHOLE.size; // nodes stay as large as they are on the screen, and so come apart
  circles.forEach((circle, id) => circle.setAttribute("r", radiusOf(graph.node[id]) * scale));
}

function zoom(factor, [x, y] = [view.x + view.size / 2, view.y + view.size / 2]) {
  const size = Math.min(WHOLE.size, Math.max(CLOSEST, view.size * factor));
  const scale = size / view.size;
  look({ x: x - (x - view.x) * scale, y: y - (y - view.y) * scale, size });
}

function bringIntoView(id) {
  const [x, y] = graph.node[id].pos.map((coordinate) => coordinate * HALF);
  const isOutside = (at, start) => at < start || at > start + view.size;
  if (isOutside(x, view.x) || isOutside(y, view.y)) look({ ...view, x: x - view.size / 2, y: y - view.size / 2 });
}

// -- what the user does -----------------------------------------------------------------------------------------

function pointOf(event) {
  const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
  return [x, y];
}

const idOf = (event) => event.target.dataset?.id;

picture.addEventListener("pointerover", (event) => idOf(event) !== undefined && choose(Number(idOf(event))));
picture.addEventListener("focusin", (event) => {
  if (idOf(event) === undefined) return;
  choose(Number(idOf(event)));
  bringIntoView(chosen);
});

picture.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(event.deltaY < 0 ? 1 / STEP : STEP, pointOf(event));
}, { passive: false });

let grabbed = null;
picture.addEventListener("pointerdown", (event) => {
  if (idOf(event) !== undefined) return;
  grabbed = pointOf(event);
  picture.setPointerCapture(event.pointerId);
  picture.classList.add("dragged");
});
picture.addEventListener("pointermove", (event) => {
  if (!grabbed) return;
  const [x, y] = pointOf(event);
  look({ ...view, x: view.x + grabbed[0] - x, y: view.y + grabbed[1] - y });
});
for (const kind of ["pointerup", "pointercancel"]) {
  picture.addEventListener(kind, () => {
    grabbed = null;
    picture.classList.remove("dragged");
  });
}

picture.addEventListener("keydown", (event) => {
  const last = circles.length - 1;
  const ways = {
    ArrowRight: Math.min(last, chosen + 1),
    ArrowDown: Math.min(last, chosen + 1),
    ArrowLeft: Math.max(0, chosen - 1),
    ArrowUp: Math.max(0, chosen - 1),
    Home: 0,
    End: last,
  };
  if (event.key in ways) circles[ways[event.key]].focus();
  else if (event.key === "+") zoom(1 / STEP);
  else if (event.key === "-") zoom(STEP);
  else return;
  event.preventDefault();
});

element("closer").addEventListener("click", () => zoom(1 / STEP));
element("farther").addEventListener("click", () => zoom(STEP));
element("whole").addEventListener("click", () => look(WHOLE));
element("refresh").addEventListener("click", () => show(true));
element("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  storeKey(element("key").value.trim());
  element("key").value = "";
  show(false);
});

look(WHOLE);
show(false);
