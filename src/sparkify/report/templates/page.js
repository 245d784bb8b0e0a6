"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const figures = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const DAY = 86400000;
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const SHADES = 7;

const iso = (day) => new Date(day * DAY).toISOString().slice(0, 10);
const sum = (amounts) => amounts.reduce((total, one) => total + one, 0);
const count = (amount, word) => `${figures.format(amount)} ${word}${amount === 1 ? "" : "s"}`;

// Tooltips: text only, whatever the data says.

const tip = document.getElementById("tip");

function showTip(handler, event, item, value) {
  const told = value && (item.datum?.datum?.tip ?? value); // the nearest point is in its area
  if (!told) {
    tip.hidden = true;
    return;
  }
  tip.replaceChildren();
  for (const line of String(told).split("\n")) {
    const [name, text] = line.split("\t");
    const row = document.createElement("div");
    for (const [tag, words] of [["span", name], ["b", text]]) {
      row.appendChild(document.createElement(tag)).textContent = words ?? "";
    }
    tip.appendChild(row);
  }
  tip.hidden = false;
  const room = 12;
  const left = Math.min(event.clientX + room, innerWidth - tip.offsetWidth - room);
  const below = event.clientY + room + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(room, left)}px`;
  tip.style.top = `${below ? event.clientY + room : event.clientY - room - tip.offsetHeight}px`;
}

// Charts. Expressions are interpreted (`ast`): the page's policy allows no code from text.

// A4 between the margins of page and card has 640 pixels; drawn wider and scaled, two cards fit.
const onPaper = { tile: 190, card: 800 };
const all = [];

async function draw(element, spec) {
  const drawn = await vegaEmbed(element, spec, {
    ast: true,
    config: data.config,
    actions: false,
    defaultStyle: false,
    renderer: "svg",
    tooltip: showTip,
  });
  // The element is an image with a sentence; its parts by themselves would only be noise.
  element.querySelector("svg").setAttribute("aria-hidden", "true");
  all.push([element, drawn.view]);
  element.dispatchEvent(new CustomEvent("drawn", { bubbles: true, detail: drawn.view }));
  return drawn;
}

addEventListener("beforeprint", () => {
  for (const [element, view] of all) {
    view.width(element.closest(".tile") ? onPaper.tile : onPaper.card).run();
  }
});
addEventListener("afterprint", () => dispatchEvent(new Event("resize")));

// The explorer: days of one level, of one period.

const explorer = document.getElementById("explorer");
const views = {};

function chosen() {
  const level = explorer.querySelector("input[name=level]:checked").value;
  const length = Number(explorer.querySelector("input[name=period]:checked").value);
  const { day, plays, listeners, hours, by_hour: byHour } = data.days[level];
  const newest = data.days.all.day.at(-1);
  const rows = day.map((at, n) => {
    const week = plays.slice(Math.max(0, n - 6), n + 1);
    return {
      at: at * DAY,
      day: at,
      plays: plays[n],
      mean: sum(week) / week.length,
      listeners: listeners[n],
      hours: hours[n],
      byHour: byHour[n],
    };
  });
  return { level, length, newest, rows: rows.filter((row) => row.day > newest - length) };
}

function cells(rows) {
  const week = WEEKDAYS.map(() => new Array(24).fill(0));
  for (const row of rows) {
    const hours = week[(row.day + 3) % 7]; // 1970-01-01 was a Thursday
    row.byHour.forEach((plays, hour) => (hours[hour] += plays));
  }
  const most = Math.max(...week.flat());
  return week.flatMap((hours, row) =>
    hours.map((plays, hour) => ({
      column: hour,
      across: String(hour).padStart(2, "0"),
      row,
      down: WEEKDAYS[row].slice(0, 3),
      shade: plays ? Math.min(SHADES - 1, 1 + Math.floor(((SHADES - 1) * plays) / most)) : 0,
      plays,
      text: figures.format(plays),
      tip: `${WEEKDAYS[row]}\t${hour}:00 to ${hour + 1}:00 UTC\nplays\t${figures.format(plays)}`,
    })),
  );
}

function series(rows, name) {
  return rows.map((row) => ({
    at: row.at,
    series: name,
    amount: row[name],
    mean: row.mean,
    tip:
      `day\t${iso(row.day)}\n${name}\t${figures.format(row[name])}` +
      (name === "plays" ? `\nmean of seven days\t${figures.format(row.mean)}` : ""),
  }));
}

function fill(table, head, rows) {
  const line = (texts, tag) => {
    const row = document.createElement("tr");
    texts.forEach((text, n) => {
      const cell = row.appendChild(document.createElement(tag));
      cell.textContent = text;
      if (n) cell.className = "num";
      if (tag === "th") cell.scope = "col";
    });
    return row;
  };
  table.tHead.replaceChildren(line(head, "th"));
  table.tBodies[0].replaceChildren(...rows.map((texts) => line(texts, "td")));
}

function datasets(rows) {
  return {
    plays: series(rows, "plays"),
    listeners: series(rows, "listeners"),
    hours: series(rows, "hours"),
    week: cells(rows),
  };
}

function tell({ level, length, newest, rows }) {
  const whose = { all: "All listeners", free: "At the free level", paid: "At the paid level" }[level];
  const mean = rows.length ? sum(rows.map((row) => row.listeners)) / rows.length : 0;
  const plays = sum(rows.map((row) => row.plays));
  const hours = sum(rows.map((row) => row.hours));
  const span = `${iso(Math.max(newest - length + 1, data.days.all.day[0]))} to ${iso(newest)}`;
  const told =
    `${whose}, ${span}: ${count(plays, "play")}, ${count(hours, "hour")} of music, ` +
    `${count(mean, "listener")} on an average day with plays.`;
  explorer.querySelector("[data-told]").textContent = told;
  for (const one of explorer.querySelectorAll("[data-explorer]")) {
    one.setAttribute("aria-label", `${one.dataset.title}. ${told}`);
  }
  fill(
    explorer.querySelector("[data-days]"),
    ["day", "plays", "mean of seven days", "listeners", "hours"],
    rows.map((row) => [
      iso(row.day),
      ...[row.plays, row.mean, row.listeners, row.hours].map((one) => figures.format(one)),
    ]),
  );
  const field = cells(rows);
  fill(
    explorer.querySelector("[data-week]"),
    ["hour (UTC)", ...WEEKDAYS],
    field
      .slice(0, 24)
      .map((cell, hour) => [cell.across, ...WEEKDAYS.map((_, row) => field[row * 24 + hour].text)]),
  );
}

async function explore() {
  const choice = chosen();
  const sets = datasets(choice.rows);
  tell(choice);
  views.week.signal("most", mostOf(sets.week));
  for (const [name, view] of Object.entries(views)) await view.data("rows", sets[name]).runAsync();
}

const mostOf = (week) => `${figures.format(Math.max(...week.map((one) => one.plays)))} plays`;

async function drawExplorer() {
  const choice = chosen();
  const sets = datasets(choice.rows);
  tell(choice);
  for (const element of explorer.querySelectorAll("[data-explorer]")) {
    const name = element.dataset.explorer;
    const spec = { ...data.explorer[name], datasets: { rows: sets[name] } };
    if (name === "week") spec.params = [{ name: "most", value: mostOf(sets.week) }];
    views[name] = (await draw(element, spec)).view;
  }
  for (const input of explorer.querySelectorAll("input")) input.addEventListener("change", explore);
}

// Saving a table. A text that a spreadsheet would take for a formula gets an apostrophe.

function cell(value) {
  if (value === null) return "";
  let text = String(value);
  if (typeof value === "string" && /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text)) {
    text = `'${text}`;
  }
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv({ columns, rows }) {
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function save(name) {
  const blob = new Blob(["\ufeff", csv(data.tables[name])], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-csv]");
  if (button) save(button.dataset.csv);
});

// All charts, from the top; the page says when all are there.

async function drawIn(root) {
  for (const element of root.querySelectorAll("[data-chart]")) {
    await draw(element, data.charts[element.dataset.chart]);
  }
}

async function drawAll() {
  if (explorer) await drawExplorer();
  await drawIn(document);
  document.documentElement.dataset.drawn = "all";
}

drawAll().catch((error) => {
  document.documentElement.dataset.drawn = "failed";
  console.error(error);
});
