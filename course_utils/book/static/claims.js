// Filters above the table of claims. Without this script the table is there, whole.
document.addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("table.claims");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  const form = document.createElement("form");
  form.className = "claims-filter";
  const field = (text, input) => {
    const label = document.createElement("label");
    label.append(text, " ", input);
    form.append(label);
    return input;
  };
  const choice = (text, options) => {
    const select = document.createElement("select");
    select.add(new Option("all", ""));
    options.forEach((name, value) => select.add(new Option(name, value)));
    return field(text, select);
  };
  const search = field("Search", Object.assign(document.createElement("input"), { type: "search" }));
  const deck = choice("Deck", new Map(rows.map((row) => [
    row.dataset.deck, row.cells[1].textContent.replace(/, line \d+$/, "")])));
  const verdict = choice("Verdict", new Map(rows.map((row) => [row.dataset.verdict, row.dataset.verdict])));
  const count = document.createElement("output");
  form.append(count);
  table.before(form);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !((!deck.value || row.dataset.deck === deck.value)
        && (!verdict.value || row.dataset.verdict === verdict.value)
        && words.every((word) => texts.get(row).includes(word)));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
});
