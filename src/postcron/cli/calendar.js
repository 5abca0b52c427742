"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = document.querySelector("form");
  const [search, account] = [form.elements.search, form.elements.account];
  const states = all("[name=state]", form);
  const room = Number(document.body.dataset.room);
  const items = new Map(all(".item").map((item) => [item.hash.slice(1), item.parentElement]));
  const articles = all("article").map((article) => ({
    article,
    item: items.get(article.id),
    words: words(article),
  }));

  function words(article) {
    const told = all(".who, .text, .error, .foot", article).map((one) => one.textContent);
    const seen = all("[aria-label]", article).map((one) => one.ariaLabel);
    return [...told, ...seen].join(" ").toLowerCase();
  }

  function filter() {
    const sought = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(states.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const one of articles) {
      const { account: name, state } = one.article.dataset;
      const fits = wanted.has(state) && (!account.value || account.value === name)
        && sought.every((word) => one.words.includes(word));
      one.article.hidden = !fits;
      one.item.dataset.fits = fits ? "yes" : "";
      shown += fits;
    }
    for (const date of all(".date")) date.hidden = !all("article", date).some((one) => !one.hidden);
    for (const day of all("td ol")) fill(day);
    const several = articles.length === 1 ? "delivery" : "deliveries";
    form.elements.count.value = shown === articles.length
      ? `${shown} ${several}` : `${shown} of ${articles.length} ${several}`;
    form.elements.everything.hidden = shown === articles.length;
    document.querySelector(".empty").hidden = shown > 0;
  }

  function fill(day) {
    const fitting = all("li:not(.more)", day).filter((one) => one.dataset.fits);
    const kept = fitting.length > room ? room - 1 : room;
    for (const one of all("li", day)) one.hidden = true;
    for (const one of fitting.slice(0, kept)) one.hidden = false;
    const more = day.querySelector(".more");
    if (more && fitting.length > room) {
      more.hidden = false;
      more.firstElementChild.textContent = `+${fitting.length - kept} more`;
    }
  }

  function spell(seconds) {
    const [days, hours, minutes] = [seconds / 86400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
    if (seconds < 60) return `${seconds} s`;
    if (!days && !hours) return `${minutes} min`;
    const pairs = days ? [[days, "d"], [hours, "h"]] : [[hours, "h"], [minutes, "min"]];
    return pairs.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
  }

  function tell() {
    for (const one of all("[data-from-now]")) {
      const left = Math.round((Date.parse(one.dataset.fromNow) - Date.now()) / 1000);
      one.textContent = left === 0 ? "now" : left > 0 ? `in ${spell(left)}` : `${spell(-left)} ago`;
    }
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  filter();
  tell();
  setInterval(tell, 30_000);
})();
