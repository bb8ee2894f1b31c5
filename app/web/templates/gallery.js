// What the page can do beyond its links and forms: more comics without a reload, and the arrow keys.
"use strict";

const MOST = 100; // numbers that one address may name

const comics = document.getElementById("comics");
const more = document.getElementById("more");
const told = document.getElementById("told");
const shown = () => [...comics.querySelectorAll("article")];

async function append() {
  const answer = await fetch(more.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = [...page.querySelectorAll("#comics article")].filter(
    (article) => article.dataset.num && !document.getElementById(article.id),
  );
  if (fresh.length === 0) throw new Error("nothing new");
  comics.querySelector(".nothing")?.remove();
  comics.append(...fresh.map((article) => document.importNode(article, true)));
  renewSame();
  return fresh.length;
}

// The permanent link is to show what the page shows.
function renewSame() {
  const same = document.getElementById("same");
  const numbers = [...new Set(shown().map((article) => article.dataset.num).filter(Boolean))];
  if (!same) return;
  if (numbers.length > MOST) same.parentElement.remove();
  else same.search = `?n=${numbers.join(",")}`;
}

more.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (more.getAttribute("aria-disabled") === "true") return;
  more.setAttribute("aria-disabled", "true");
  told.textContent = "Gathering…";
  try {
    const count = await append();
    told.textContent = `${count} more.`;
  } catch {
    told.textContent = "No more comics could be fetched.";
  } finally {
    more.removeAttribute("aria-disabled");
  }
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  const articles = shown();
  const next = articles[nextIndex(articles, step)];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
});

// From the comic that has the focus; without one, the first that begins in view or below it.
function nextIndex(articles, step) {
  const here = articles.indexOf(document.activeElement.closest("article"));
  if (here >= 0) return here + step;
  const below = articles.findIndex((article) => article.getBoundingClientRect().top >= 0);
  return step > 0 ? below : (below < 0 ? articles.length : below) - 1;
}

more.textContent = "Five more";
document.querySelector(".keys").hidden = false;
