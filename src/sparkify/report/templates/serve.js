"use strict";

// What the live page does besides the report's: parts that come later, links in charts, sorting,
// and a word when a load was published. Stands before page.js, whose data and drawing it uses.

const linkOf = (links, datum) => {
  const cells = links[datum?.place] ?? links.find((row) => row.at === datum?.at && row.at) ?? {};
  const { at, ...addresses } = cells;
  return addresses.song ?? addresses.user_id ?? Object.values(addresses)[0];
};

document.addEventListener("drawn", ({ target, detail: view }) => {
  const links = data.links[target.dataset.chart] ?? [];
  if (!links.some((row) => Object.keys(row).length)) return;
  target.classList.add("linked");
  view.addEventListener("click", (event, item) => {
    const address = linkOf(links, item?.datum?.datum ?? item?.datum); // that of the nearest is inside
    if (address) location.assign(address);
  });
});

// Tables are sorted by a click on a head, by values, not by their texts.

function compare(one, other) {
  if (one === null || other === null) return (one === null) - (other === null);
  return typeof one === "number" ? one - other : String(one).localeCompare(String(other));
}

function sort(table, column) {
  const head = table.tHead.rows[0].cells[column];
  const { rows } = data.tables[table.closest("[data-question]").dataset.question];
  const down = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
  const lines = [...table.tBodies[0].rows];
  lines.sort((a, b) => {
    const [one, other] = [rows[a.dataset.row][column], rows[b.dataset.row][column]];
    const nulls = one === null || other === null;
    return (nulls ? 1 : down) * compare(one, other) || a.dataset.row - b.dataset.row;
  });
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
  table.tBodies[0].append(...lines);
}

function makeSortable(root) {
  for (const table of root.querySelectorAll("[data-question] .figures table")) {
    [...table.tBodies[0].rows].forEach((row, n) => (row.dataset.row = n));
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...cell.childNodes);
      button.addEventListener("click", () => sort(table, column));
      cell.append(button);
    });
  }
}

// Parts of the page, three at a time, from the top.

async function fetchPart(place) {
  const answer = await fetch(place.dataset.part);
  const part = await answer.json();
  for (const name of ["charts", "tables", "links"]) Object.assign(data[name], part[name]);
  const template = document.createElement("template");
  template.innerHTML = part.html; // made by the server, every text in it escaped
  const made = [...template.content.children];
  if (place.matches("article")) place.replaceWith(...made);
  else place.replaceChildren(...made);
  for (const one of made) {
    makeSortable(one.parentElement ? one : document);
    await drawIn(one);
  }
}

async function fetchParts() {
  const places = [...document.querySelectorAll("[data-part]")];
  const work = async () => {
    while (places.length) {
      const place = places.shift();
      await fetchPart(place).catch(() => {
        const told = place.querySelector(".answer");
        if (told) told.textContent = "No answer came; is `sparkify serve` still running?";
      });
    }
  };
  await Promise.all([work(), work(), work()]);
  document.documentElement.dataset.parts = "all";
}

// What was published meanwhile.

const news = document.getElementById("news");

async function look() {
  const state = await (await fetch(news.dataset.status)).json();
  if (String(state.run_id) !== news.dataset.run) {
    if (news.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show it";
    button.addEventListener("click", () => location.reload());
    news.replaceChildren(`Run ${state.run_id} was published. `, button);
  } else {
    const told = state.loading ? "A load is running; these are the answers before it." : "";
    if (news.textContent !== told) news.textContent = told;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  makeSortable(document);
  fetchParts();
  setInterval(() => document.hidden || look().catch(() => 0), 3000);
  document.getElementById("sql")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
  });
  for (const form of document.querySelectorAll("form.filters, form.search")) {
    form.addEventListener("submit", () => {
      for (const field of form.elements) field.disabled = field.name !== "" && field.value === "";
    });
  }
});

// A page that comes back from the browser's memory has its fields again.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form :disabled")) field.disabled = false;
});
