
"use strict";
(() => {
  const rows = JSON.parse(document.getElementById("data").textContent);
  const body = document.getElementById("rows");
  if (!body) return;
  const PAGE = 100;
  const plain = rows.map((row) => row.join("\n").toLowerCase());
  let shown = rows.map((_, index) => index);
  let page = 0;
  let sorted = { column: -1, down: false };
  const at = (id) => document.getElementById(id);
  const language = document.documentElement.lang;

  function cell(text, first) {
    const td = document.createElement("td");
    const inner = document.createElement(first ? "span" : "bdi");
    if (first) inner.className = "status k-" + text.replace(/[^a-z]/g, "");
    inner.textContent = text;
    td.append(inner);
    return td;
  }

  function show() {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    body.replaceChildren(...shown.slice(page * PAGE, page * PAGE + PAGE).map((index) => {
      const tr = document.createElement("tr");
      tr.append(...rows[index].map((text, number) => cell(text, number === 0)));
      return tr;
    }));
    at("page").textContent = (page + 1).toLocaleString(language);
    at("pages").textContent = pages.toLocaleString(language);
    at("count").textContent = "(" + shown.length.toLocaleString(language) + ")";
    at("previous").disabled = page === 0;
    at("next").disabled = page === pages - 1;
  }

  function choose() {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const which = at("which").value;
    shown = [];
    for (let index = 0; index < rows.length; index++) {
      if (which && rows[index][0] !== which) continue;
      if (words.every((word) => plain[index].includes(word))) shown.push(index);
    }
    if (sorted.column >= 0) order();
    page = 0;
    show();
  }

  function order() {
    const { column, down } = sorted;
    const sign = down ? -1 : 1;
    shown.sort((a, b) => {
      const [left, right] = [rows[a][column], rows[b][column]];
      return left < right ? -sign : left > right ? sign : a - b;
    });
  }

  let waiting = 0;
  at("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 120);
  });
  at("which").addEventListener("change", choose);
  at("previous").addEventListener("click", () => { page -= 1; show(); });
  at("next").addEventListener("click", () => { page += 1; show(); });
  for (const button of document.querySelectorAll("button[data-column]")) {
    button.addEventListener("click", () => {
      const column = Number(button.dataset.column);
      sorted = { column, down: sorted.column === column && !sorted.down };
      for (const other of document.querySelectorAll("button[data-column]")) other.removeAttribute("aria-sort");
      button.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      order();
      page = 0;
      show();
    });
  }
  document.querySelector(".tools").hidden = false;
  show();
})();
