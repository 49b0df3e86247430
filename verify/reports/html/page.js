"use strict";
const status = document.getElementById("status");

function select(line) {
  const range = document.createRange();
  range.selectNodeContents(line);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

// A page that is served without encryption has no clipboard: there the selection is copied.
async function copied(line) {
  try {
    await navigator.clipboard.writeText(line.textContent);
    return true;
  } catch {
    select(line);
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copied(document.getElementById(button.dataset.copies));
    status.textContent = done ? "The line is copied." : "The line is selected: copy it by hand.";
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; status.textContent = ""; }, 2000);
  });
}

const failures = [...document.querySelectorAll(".failure")];
const words = document.getElementById("words");

// Shows the findings whose message has every word that is asked for, in any order.
function filter() {
  const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const failure of failures) {
    const about = failure.querySelector(".about").textContent.toLowerCase();
    failure.hidden = !asked.every((word) => about.includes(word));
  }
  const count = failures.filter((failure) => !failure.hidden).length;
  document.getElementById("matching").textContent = asked.length ? `${count} of ${failures.length} findings` : "";
}

function showAll() {
  words.value = "";
  filter();
}

if (words) {
  words.form.hidden = false;
  words.addEventListener("input", filter);
  words.addEventListener("keydown", (event) => { if (event.key === "Escape") showAll(); });
  words.form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}

// A picture is drawn when it is first unfolded: it is measured, and a page may have many.
function draw(explained) {
  const prefix = explained.dataset.picture;
  const picture = document.getElementById(`${prefix}picture`);
  if (!picture.hidden || !explained.open) return;
  picture.hidden = false;
  document.getElementById(`${prefix}off`).hidden = true;
  animate(prefix);
}

for (const explained of document.querySelectorAll("[data-picture]")) {
  explained.addEventListener("toggle", () => draw(explained));
}

// A map that is wider than its box is scrolled to its worst cell.
function showWorst(failure) {
  for (const worst of failure.querySelectorAll(".most:is(td)")) reveal(worst, worst.closest(".box"));
}

for (const failure of failures) {
  showWorst(failure);
  failure.addEventListener("toggle", () => showWorst(failure));
}

function unfold() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (!target) return;
  if (target.closest(".failure")?.hidden) showAll();
  for (let node = target; node; node = node.parentElement) if (node instanceof HTMLDetailsElement) node.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
