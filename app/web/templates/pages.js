// What pages can do beyond links and forms: keys, swipes, more comics without a reload, a link to copy.
"use strict";

const MOST = 100; // numbers that one address may name
const SWIPE = 60; // pixels that a finger moves sideways

const comics = document.getElementById("comics");
const more = document.getElementById("more");
const told = document.getElementById("told");
const same = document.getElementById("same");
const menu = document.querySelector(".menu");
const shown = () => [...document.querySelectorAll("main article[id]")];
const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

// More comics.

async function append() {
  const view = comics.dataset.view;
  const wanted = new URL(more.href);
  wanted.searchParams.set("view", view);
  const answer = await fetch(wanted, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = [...page.querySelectorAll("#comics article")].filter(
    (article) => article.dataset.num && !document.getElementById(article.id),
  );
  if (fresh.length === 0) throw new Error("nothing new");
  comics.querySelector(".nothing")?.remove();
  comics.append(...fresh.map((article) => document.importNode(article, true)));
  const next = page.getElementById("more");
  more.href = new URL(next.getAttribute("href"), answer.url);
  more.textContent = next.textContent;
  renewAddress(numbers(), view);
  return fresh.length;
}

function numbers() {
  return [...new Set(shown().map((article) => article.dataset.num).filter(Boolean))];
}

// The address names what the page shows.
function renewAddress(nums, view) {
  const address = new URL(location.pathname, location.href);
  address.search = `?n=${nums.join(",")}`;
  if (same) same.href = address;
  const other = document.getElementById("other-view");
  if (other) other.href = `${address}&view=${view === "list" ? "grid" : "list"}`;
  history.replaceState(null, "", `${address}&view=${view}`);
  document.querySelector("h1").textContent = `${nums.length} comics`;
}

more?.addEventListener("click", async (event) => {
  if (!isPlain(event) || numbers().length >= MOST) return;
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

// Keys: to the search, and to the comics beside.

document.addEventListener("keydown", (event) => {
  if (!isPlain(event)) return;
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "/") {
    const search = document.getElementById("q");
    if (search) event.preventDefault();
    search?.select();
  }
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step && (comics ? focusBeside(step) : goBeside(step))) event.preventDefault();
});

// To the page of the comic before or after this one. Returns whether there is one.
function goBeside(step) {
  const link = document.querySelector(`a[rel=${step > 0 ? "next" : "prev"}]`);
  link?.click();
  return Boolean(link);
}

// To the comic before or after on this page. Returns whether there is one.
function focusBeside(step) {
  const articles = shown();
  const next = articles[nextIndex(articles, step)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: comics.dataset.view === "list" ? "start" : "nearest" });
  return Boolean(next);
}

// From the comic that has the focus; without one, the first that begins in view or below it.
function nextIndex(articles, step) {
  const here = articles.indexOf(document.activeElement.closest("article"));
  if (here >= 0) return here + step;
  const below = articles.findIndex((article) => article.getBoundingClientRect().top >= 0);
  return step > 0 ? below : (below < 0 ? articles.length : below) - 1;
}

// Swipes, on the page of one comic, unless it is zoomed: then a finger moves what is seen.

let from = null;
document.addEventListener("touchstart", ({ touches }) => {
  from = touches.length === 1 && visualViewport.scale === 1 && !comics ? touches[0] : null;
}, { passive: true });
document.addEventListener("touchend", ({ changedTouches: [to] }) => {
  if (!from) return;
  const [across, along] = [to.clientX - from.clientX, to.clientY - from.clientY];
  if (Math.abs(across) > SWIPE && Math.abs(across) > 3 * Math.abs(along)) goBeside(across < 0 ? 1 : -1);
});

// The menu closes when the page is used elsewhere.
document.addEventListener("click", (event) => {
  if (!menu.contains(event.target)) menu.open = false;
});

if (same && navigator.clipboard) {
  const copy = document.createElement("button");
  copy.type = "button";
  copy.textContent = "copy";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(same.href);
    copy.textContent = "copied";
  });
  same.after(" ", copy);
}

const keys = document.querySelector(".keys");
if (keys) keys.hidden = false;
