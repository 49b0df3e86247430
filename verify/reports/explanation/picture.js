"use strict";
const PAUSE_MS = 900;
const NAMES = 32;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// A table in a box of its own, which scrolls where it is large, below its title.
function scrolled(label, child, title = label) {
  const box = element("div", { className: "box" }, child);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  box.tabIndex = 0;
  return element("figure", {}, element("figcaption", { textContent: title, ariaHidden: "true" }), box);
}

// A table of numbers below the names of its columns, beside those of its rows; `cellOf` makes one cell.
function table(label, down, along, cellOf, kind = "") {
  const made = element("table", { className: `numbers ${kind}`, ariaLabel: label });
  const head = made.createTHead().insertRow();
  head.append(element("td", { className: "corner" }));
  for (const name of along) head.append(element("th", { scope: "col", textContent: name }));
  const body = made.createTBody();
  made.grid = down.map((name, row) => {
    const line = body.insertRow();
    line.append(element("th", { scope: "row", textContent: name }));
    return along.map((_, column) => {
      const cell = cellOf(row, column);
      line.append(cell);
      return cell;
    });
  });
  return made;
}

const range = (count, first = 0) => Array.from({ length: count }, (_, number) => number + first);

function frame(shape, cells) {
  shape.hidden = !cells.length;
  if (!cells.length) return;
  const isNew = !shape.style.width;
  if (isNew) shape.style.transition = "none";
  const [first, end] = [cells[0], cells[cells.length - 1]];
  const table = first.closest("table");
  const [x, y] = [first.offsetLeft + table.offsetLeft, first.offsetTop + table.offsetTop];
  shape.style.transform = `translate(${x}px, ${y}px)`;
  shape.style.width = `${end.offsetLeft + end.offsetWidth - first.offsetLeft}px`;
  shape.style.height = `${end.offsetTop + end.offsetHeight - first.offsetTop}px`;
  if (isNew) {
    shape.getBoundingClientRect(); // placed, before it may glide
    shape.style.transition = "";
  }
  reveal(end, shape.closest(".box"));
  reveal(first, shape.closest(".box"));
}

// Scrolls a box, and not the page, until a cell is seen beside the names of its row and column.
function reveal(cell, box) {
  const [inner, outer] = [cell.getBoundingClientRect(), box.getBoundingClientRect()];
  const [top, left] = [outer.top + NAMES, outer.left + NAMES];
  const [bottom, right] = [outer.top + box.clientHeight, outer.left + box.clientWidth];
  if (inner.top < top) box.scrollTop -= top - inner.top;
  else if (inner.bottom > bottom) box.scrollTop += inner.bottom - bottom;
  if (inner.left < left) box.scrollLeft -= left - inner.left;
  else if (inner.right > right) box.scrollLeft += inner.right - right;
}

// The place on an axis whose cells lie nearest to one, among those that read it, else among all.
function placeReading(walk, cell) {
  const distance = (reading) => {
    if (!reading[0].length) return Infinity;
    const middle = (reading[0][0] + reading[0][reading[0].length - 1]) / 2;
    return Math.abs(middle - cell) + (reading[0].includes(cell) ? 0 : 1e9);
  };
  const distances = walk.readings.map(distance);
  return distances.indexOf(Math.min(...distances));
}

function focusOn(cell) {
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// Draws the picture whose elements have ids that begin so, and lets its window move.
function animate(prefix) {
  const byId = (id) => document.getElementById(prefix + id);
  const data = JSON.parse(byId("data").textContent);
  const [rows, columns] = data.walks;
  const across = columns.readings.length;
  // The number at a place of the padded plane: that of the cell for which padding stands; none of a zero.
  const numberAt = (plane, row, column) => plane[rows.sources[row + rows.before]]?.[columns.sources[column + columns.before]];
  const size = rows.readings.length * across;
  const last = data.answer.length * size - 1;
  let at = data.start[0] * size + data.start[1];
  let timer = 0;
  let drawnPlane = -1;
  let blocks = [];

  // Integers of a case may need more than the 53 bits of a double.
  const valueOf = (number) => (data.integers ? BigInt(number) : Number({ inf: "Infinity", "-inf": "-Infinity" }[number] ?? number));

  function textOf(number) {
    const value = typeof number === "bigint" ? number : valueOf(number);
    if (typeof value === "bigint") return `${value}`;
    if (!Number.isFinite(value)) return String(value).replace("Infinity", "inf").replace("NaN", "nan");
    if (Number.isInteger(value)) return `${Math.abs(value) < 1e7 ? value + 0 : value.toExponential(3)}`;
    const size = Math.abs(value);
    return size >= 1e-3 && size < 1e6 ? value.toFixed(3) : value.toExponential(2);
  }

  function leftTable(block, title) {
    const plane = data.left.planes[block[0]];
    const down = range(rows.before + rows.size + rows.after, -rows.before);
    const along = range(columns.before + columns.size + columns.after, -columns.before);
    const made = table(`${data.left.name}, ${title}`, down, along, (row, column) => {
      const number = numberAt(plane, down[row], along[column]);
      const cell = element("td", { textContent: number === undefined ? "0" : textOf(number) });
      if (plane[down[row]]?.[along[column]] === undefined) cell.classList.add("pad");
      cell.addEventListener("click", () => moveWindow(down[row], along[column]));
      return cell;
    }, "moves");
    made.windowFrame = element("div", { className: "frame-of-window" });
    made.sheet = element("div", { className: "sheet" }, made, made.windowFrame);
    return made;
  }

  function rightTable(block) {
    const plane = data.right.planes[block[1]];
    return table(data.right.name, range(plane.length), range(plane[0]?.length ?? 0), (row, column) =>
      element("td", { textContent: textOf(plane[row][column]) }));
  }

  function drawBlocks(plane, cell) {
    blocks = plane.blocks.slice(0, cell.titles.length).map((block, number) => {
      const left = leftTable(block, cell.titles[number]);
      const right = data.right && rightTable(block);
      const products = element("div");
      const sum = element("output");
      const parts = [scrolled(`${data.left.name}, ${cell.titles[number]}`, left.sheet)];
      const sign = (text) => element("span", { className: "sign", textContent: text, ariaHidden: "true" });
      if (right) parts.push(sign("×"), scrolled(`${data.right.name}, ${cell.titles[number]}`, right, data.right.name), sign("="), products);
      parts.push(sum);
      return { block, left, right, products, sum, row: element("div", { className: "block" }, ...parts) };
    });
    byId("blocks").replaceChildren(...blocks.map((block) => block.row), element("p", { id: `${prefix}rest` }));
  }

  function showBlock(part, cell, number, down, along) {
    const plane = data.left.planes[part.block[0]];
    for (const marked of part.row.querySelectorAll(".read, .weight")) marked.classList.remove("read", "weight");
    const read = down[0].map((row) => along[0].map((column) => part.left.grid[row + rows.before]?.[column + columns.before]));
    read.flat().forEach((marked) => marked?.classList.add("read"));
    frame(part.left.windowFrame, read.flat().filter(Boolean));
    if (part.right) {
      const weights = data.right.planes[part.block[1]];
      for (const row of down[1]) for (const column of along[1]) part.right.grid[row][column].classList.add("weight");
      const products = table("products", range(down[0].length), range(along[0].length), (row, column) => {
        const left = valueOf(numberAt(plane, down[0][row], along[0][column]) ?? 0);
        return element("td", { className: "product", textContent: textOf(left * valueOf(weights[down[1][row]][along[1][column]])) });
      });
      part.products.replaceChildren(down[0].length && along[0].length ? scrolled(`products, ${cell.titles[number]}`, products, "products") : "none");
    }
    part.sum.textContent = `sum ${textOf(cell.sums[number])}` + (cell.weights ? `, times ${textOf(cell.weights[number])}` : "");
  }

  function moveWindow(row, column) {
    const plane = Math.floor(at / size);
    move(plane * size + placeReading(rows, row) * across + placeReading(columns, column));
  }

  const answers = [];

  function answerTable(caption, plane, values, isDue) {
    const bad = new Set(isDue ? [] : data.answered.wrong[plane]);
    const made = table(caption, range(rows.readings.length), range(across), (row, column) => {
      const place = row * across + column;
      const cell = element("td", { tabIndex: -1, textContent: textOf(values[place]) });
      if (bad.has(place)) {
        cell.classList.add("bad");
        cell.setAttribute("aria-label", `${cell.textContent}, wrong`);
      }
      cell.addEventListener("click", () => { move(plane * size + place); focusOn(cell); });
      return cell;
    }, "moves");
    made.setAttribute("role", "grid");
    made.addEventListener("keydown", onKey);
    answers.push({ plane, isDue, cells: made.grid.flat() });
    return made;
  }

  function drawAnswers() {
    const due = byId("due");
    const word = data.answered ? "due" : "answer";
    due.className = "planes";
    data.answer.forEach((plane, number) => {
      const pair = element("div", { className: "pair" });
      pair.append(scrolled(`${word}, ${plane.name}`, answerTable(`${word}, ${plane.name}`, number, data.due[number], true)));
      if (data.answered) {
        const caption = `${data.answered.name}, ${plane.name}`;
        pair.append(scrolled(caption, answerTable(caption, number, data.answered.values[number], false)));
      }
      due.append(pair);
    });
  }

  function showAnswers() {
    for (const { plane, isDue, cells } of answers) {
      cells.forEach((cell, place) => {
        const step = plane * size + place;
        cell.classList.toggle("now", step === at);
        cell.tabIndex = step === at ? 0 : -1;
        if (step === at) {
          reveal(cell, cell.closest(".box"));
          reveal(cell, byId("due"));
        }
        if (isDue) {
          cell.classList.toggle("blank", step > at);
          cell.setAttribute("aria-label", step > at ? "not computed yet" : cell.textContent);
        }
      });
    }
  }

  function show() {
    const [plane, place] = [Math.floor(at / size), at % size];
    const cell = data.cells[plane][place];
    const [row, column] = [Math.floor(place / across), place % across];
    if (plane !== drawnPlane) drawBlocks(data.answer[plane], cell);
    drawnPlane = plane;
    blocks.forEach((part, number) => showBlock(part, cell, number, rows.readings[row], columns.readings[column]));
    byId("rest").textContent = cell.rest ? `… ${cell.rest[0]} more, which add ${textOf(cell.rest[1])}` : "";
    byId("where").textContent = `Cell ${at + 1} of ${last + 1}: ${cell.at}, ${cell.where}`;
    byId("slider").value = at;
    byId("slider").setAttribute("aria-valuetext", `${cell.at}, ${cell.where}`);
    const steps = cell.steps.flatMap(([name, text], number) => [
      element("dt", { textContent: name }),
      element("dd", { textContent: text, className: number === cell.steps.length - 1 ? "last" : "" }),
    ]);
    byId("steps").replaceChildren(...steps);
    for (const span of byId("picture").querySelectorAll("[data-axis]")) {
      const axis = data.axes[span.dataset.axis];
      span.textContent = axis ? axis[data.axes.length === 1 ? column : [row, column][span.dataset.axis]] : "";
    }
    showAnswers();
    showVerdict(plane, place);
    if (!timer) document.getElementById("status").textContent = `${cell.at}: ${cell.steps.map(([name, text]) => `${name} ${text}`).join(", ")}`;
  }

  function showVerdict(plane, place) {
    if (!data.answered) return;
    const isWrong = data.answered.wrong[plane].includes(place);
    const [got, due] = [data.answered.values[plane][place], data.due[plane][place]];
    const told = isWrong ? `not ${due}, which is due; allowed ${data.answered.allowed[plane][place]}` : "which is right";
    byId("verdict").hidden = false;
    byId("verdict").textContent = `${data.answered.name} answered ${got} here, ${told}.`;
    byId("verdict").className = `where ${isWrong ? "disagrees" : "holds"}`;
  }

  function move(step) {
    at = Math.max(0, Math.min(last, step));
    show();
  }

  function onKey(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, PageUp: -size, PageDown: size, Home: -at, End: last - at };
    if (!(event.key in steps)) return;
    event.preventDefault();
    stop();
    const isDue = answers.find((answer) => answer.cells.includes(event.target))?.isDue;
    move(at + steps[event.key]);
    const answer = answers.find((other) => other.isDue === isDue && other.plane === drawnPlane);
    focusOn(answer.cells[at % size]);
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    byId("play").textContent = "Play";
    byId("play").setAttribute("aria-pressed", "false");
  }

  function play() {
    if (timer) return stop();
    if (at === last) move(0);
    timer = setInterval(() => { move(at + 1); if (at === last) stop(); }, PAUSE_MS);
    byId("play").textContent = "Pause";
    byId("play").setAttribute("aria-pressed", "true");
  }

  function nextWrong() {
    const wrong = data.answered.wrong.flatMap((places, plane) => places.map((place) => plane * size + place));
    move(wrong.find((step) => step > at) ?? wrong[0]);
  }

  drawAnswers();
  byId("slider").max = last;
  byId("slider").addEventListener("input", (event) => { stop(); move(Number(event.target.value)); });
  byId("back").addEventListener("click", () => { stop(); move(at - 1); });
  byId("next").addEventListener("click", () => { stop(); move(at + 1); });
  byId("play").addEventListener("click", play);
  byId("wrong").addEventListener("click", () => { stop(); nextWrong(); });
  byId("wrong").hidden = !data.answered?.wrong.some((places) => places.length);
  show();
}

if (document.getElementById("data")) animate("");
