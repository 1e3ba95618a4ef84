// What script adds to the editor of a draft: a warning before typed words are left behind, and rows that can be dragged.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  const typed = () => new URLSearchParams(new FormData(form)).toString();
  const refused = !!document.querySelector(".govuk-error-summary");
  const before = typed();
  let sending = false;
  form.addEventListener("submit", () => {
    sending = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sending && (refused || typed() !== before)) event.preventDefault();
  });
}

// The buttons "Move up" and "Move down" do the same, one step at a time, for everybody.
for (const form of document.querySelectorAll("form[data-sortable]")) {
  for (const list of form.querySelectorAll("[data-rows]")) {
    const rows = () => [...list.querySelectorAll("[data-row]")];
    if (rows().length < 2) continue;
    let dragged = null;
    for (const row of rows()) {
      row.draggable = true;
      row.classList.add("door-rows__row--drag");
      row.addEventListener("dragstart", (event) => {
        dragged = row;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", row.dataset.row);
      });
      row.addEventListener("dragend", () => {
        dragged = null;
        for (const each of rows()) each.classList.remove("door-rows__row--over");
      });
      row.addEventListener("dragover", (event) => {
        if (!dragged || dragged === row) return;
        event.preventDefault();
        row.classList.add("door-rows__row--over");
      });
      row.addEventListener("dragleave", () => row.classList.remove("door-rows__row--over"));
      row.addEventListener("drop", (event) => {
        if (!dragged || dragged === row) return;
        event.preventDefault();
        const order = rows();
        const down = order.indexOf(dragged) < order.indexOf(row);
        const before = down ? order[order.indexOf(row) + 1] : row;
        send(form, dragged.dataset.row, before ? before.dataset.row : "0");
      });
    }
  }
}

function send(form, row, before) {
  for (const [name, value] of [["row", row], ["before", before]]) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  form.submit();
}
