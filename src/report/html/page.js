// Sorts, filters and pages the rows, and changes the theme. Text reaches the page only as text.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const make = (name, text) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  all(".tools, .controls, #turn").forEach((element) => { element.hidden = false; });

  // The theme is the reader's until the button says otherwise; nothing is stored.
  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const theme = byId("theme");
  const nameTheme = () => { theme.textContent = dark() ? "Light theme" : "Dark theme"; };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    nameTheme();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameTheme);
  nameTheme();
  byId("print").addEventListener("click", () => print());

  // A heading that sorts: figures begin with the largest, text with the first.
  const heading = (th, figure, sort) => {
    const button = make("button", th.textContent);
    button.type = "button";
    th.replaceChildren(button);
    button.addEventListener("click", () => {
      const before = th.getAttribute("aria-sort");
      const down = before ? before === "ascending" : figure;
      [...th.parentElement.children].forEach((other) => other.removeAttribute("aria-sort"));
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(down);
    });
  };
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  // Small tables are sorted as they stand; rows of what could not be placed stay last.
  all("table.sortable").forEach((table) => {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((th, at) => {
      if (th.hasAttribute("data-still")) return;
      const figure = th.classList.contains("figure");
      const value = (row) => {
        const cell = row.cells[at];
        return figure ? BigInt(cell.dataset.value ?? 0) : cell.textContent;
      };
      heading(th, figure, (down) => {
        const rows = [...body.rows].map((row) => [row.classList.contains("gap"), value(row), row]);
        rows.sort((a, b) => order(a[0], b[0]) || (down ? order(b[1], a[1]) : order(a[1], b[1])));
        body.append(...rows.map(([, , row]) => row));
      });
    });
  });

  // All rows.
  const { columns, order: places } = JSON.parse(byId("columns").textContent);
  const rows = all("script.rows").flatMap((block) => JSON.parse(block.textContent));
  const table = byId("rows");
  const [head, body] = [table.tHead.rows[0], table.tBodies[0]];
  const totals = table.tFoot && table.tFoot.rows[0];
  const gaps = new Set(["(unmapped)", "(unattributed)"]);
  const isFigure = columns.map(({ type }) => ["integer", "share", "money"].includes(type));
  let shown = places.filter((at) => columns[at].shown);
  let found = rows;
  let sorting = null;
  let page = 0;
  let size = Number(byId("size").value);

  const thousands = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");
  const percent = (millionths) => {
    if (millionths > 0 && millionths < 500) return "<0.1 %";
    const tenths = Math.floor((millionths + 500) / 1000);
    return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
  };
  const text = (at, value) => {
    if (value === null) return "–";
    switch (columns[at].type) {
      case "integer": return columns[at].quantity ? thousands(String(value)) : String(value);
      case "share": return percent(value);
      case "boolean": return value ? "yes" : "no";
      case "time": return value.slice(0, 19).replace("T", " ");
      default: return value;
    }
  };
  const cell = (at, content, name = "td") => {
    const element = make(name);
    const { link, code } = columns[at];
    if (name === "td" && link && content.startsWith(link)) {
      const anchor = make("a", "Logs Explorer");
      anchor.href = content;
      anchor.rel = "noopener noreferrer";
      element.append(anchor);
      return element;
    }
    if (name === "td" && code && content && content !== "–") {
      const [details, summary, whole] = [make("details"), make("summary"), make("pre")];
      details.className = "code";
      summary.append(make("code", content.split("\n", 1)[0]));
      whole.append(make("code", content));
      details.append(summary, whole);
      element.append(details);
      return element;
    }
    if (isFigure[at]) {
      element.className = "figure";
      element.textContent = content;
      return element;
    }
    // Text may break after punctuation.
    if ([...content].length > 36) element.className = "long";
    content.split(/(?<=[./@:_])/).forEach((piece, place) => element.append(...(place ? [make("wbr"), piece] : [piece])));
    return element;
  };

  const show = (from, to) => {
    body.replaceChildren(...found.slice(from, to).map((row) => {
      const tr = make("tr");
      if (columns.some(({ measure }, at) => !measure && gaps.has(row[at]))) tr.className = "gap";
      tr.append(...shown.map((at) => cell(at, text(at, row[at]))));
      return tr;
    }));
  };
  const turn = () => {
    const last = Math.max(0, Math.ceil(found.length / size) - 1);
    page = Math.min(Math.max(page, 0), last);
    const from = page * size;
    const to = Math.min(from + size, found.length);
    show(from, to);
    const some = found.length < rows.length ? ` (filtered from ${thousands(String(rows.length))})` : "";
    const count = thousands(String(found.length));
    byId("place").textContent = found.length
      ? `Rows ${thousands(String(from + 1))} to ${thousands(String(to))} of ${count}${some}`
      : `No row holds these words${some}`;
    all("#turn button").forEach((button) => {
      const back = button.dataset.turn === "first" || button.dataset.turn === "back";
      button.disabled = back ? page === 0 : page === last;
    });
  };

  // The first cell of a row of sums says what they are.
  const label = (place, text) => {
    const element = make(place === 0 ? "th" : "td", place === 0 ? text : "");
    if (place === 0) element.scope = "row";
    return element;
  };

  // Money is text such as -1,234.50: here it is a whole number of ten-thousandths, which no currency's coin is below.
  const PLACES = 4;
  const amount = (value) => {
    const [whole, part = ""] = value.replaceAll(",", "").split(".");
    return BigInt(whole + part.padEnd(PLACES, "0"));
  };
  const money = (sum, digits) => {
    const figures = String(sum < 0n ? -sum : sum).padStart(PLACES + 1, "0");
    const part = figures.slice(-PLACES).slice(0, digits);
    return (sum < 0n ? "-" : "") + thousands(figures.slice(0, -PLACES)) + (part && `.${part}`);
  };

  // What the rows found add up to; shown when a filter leaves some out. What has no total has no sum.
  const sum = (at) => {
    const { type, total, digits } = columns[at];
    if (total === null || !isFigure[at]) return "";
    const number = type === "money" ? amount : BigInt;
    const sum = found.reduce((sum, row) => (row[at] === null ? sum : sum + number(row[at])), 0n);
    return type === "money" ? money(sum, digits) : text(at, type === "share" ? Number(sum) : sum);
  };
  const sums = () => {
    while (table.tFoot && table.tFoot.rows.length > 1) table.tFoot.deleteRow(1);
    if (!totals || found.length === rows.length) return;
    const tr = table.tFoot.insertRow();
    tr.append(...shown.map((at, place) => (columns[at].measure ? cell(at, sum(at)) : label(place, "rows found"))));
  };

  // What is unknown comes last, whichever way.
  const compare = ({ at, down }) => {
    const plain = (value) => (columns[at].type === "time" ? value.slice(0, -1) : value);
    const number = { integer: BigInt, money: amount }[columns[at].type];
    return (a, b) => {
      const [x, y] = [a[at], b[at]];
      if (x === null || y === null) return (x === null) - (y === null);
      const [first, second] = down ? [y, x] : [x, y];
      return number ? order(number(first), number(second)) : order(plain(first), plain(second));
    };
  };
  const place = new Map(rows.map((row, at) => [row, at]));
  const sort = () => {
    if (sorting === null) return;
    const by = compare(sorting);
    found.sort((a, b) => by(a, b) || place.get(a) - place.get(b));
  };
  const titles = () => {
    head.replaceChildren(...shown.map((at) => {
      const th = cell(at, columns[at].label, "th");
      th.scope = "col";
      heading(th, isFigure[at], (down) => {
        sorting = { at, down };
        found = [...found];
        sort();
        page = 0;
        turn();
      });
      if (sorting && sorting.at === at) th.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
      return th;
    }));
  };

  // A row is found if the text of its cells holds every word; the texts are made when they are first needed.
  let texts = null;
  const filter = () => {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    texts ??= rows.map((row) => row.map((value, at) => text(at, value)).join("\n").toLowerCase());
    found = words.length ? rows.filter((_, at) => words.every((word) => texts[at].includes(word))) : [...rows];
    sort();
    page = 0;
    turn();
    sums();
  };
  let waiting = 0;
  byId("filter").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, rows.length > 5000 ? 200 : 0);
  });
  byId("size").addEventListener("change", (event) => {
    size = Number(event.target.value);
    page = 0;
    turn();
  });
  const turns = { first: () => 0, back: () => page - 1, next: () => page + 1, last: () => Infinity };
  all("#turn button").forEach((button) => {
    button.addEventListener("click", () => {
      page = turns[button.dataset.turn]();
      turn();
    });
  });

  // The reader's choice of columns.
  const choices = document.querySelector(".choices");
  const columnsChosen = () => {
    shown = places.filter((_, place) => choices.children[place].firstChild.checked);
    titles();
    turn();
    if (totals) {
      totals.replaceChildren(...shown.map((at, place) => (columns[at].measure
        ? cell(at, columns[at].total ?? "")
        : label(place, "total"))));
    }
    sums();
  };
  places.forEach((at) => {
    const choice = make("label");
    const box = make("input");
    box.type = "checkbox";
    box.checked = columns[at].shown;
    box.addEventListener("change", columnsChosen);
    choice.append(box, columns[at].label);
    choices.append(choice);
  });

  // Paper has no pages to turn: it gets every row found, unless these are very many.
  addEventListener("beforeprint", () => { if (found.length <= 2000) show(0, found.length); });
  addEventListener("afterprint", turn);

  titles();
  turn();
})();
