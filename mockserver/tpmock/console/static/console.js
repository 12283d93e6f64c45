// Keeps pages live, and a few comforts. Every page works without it.
"use strict";

(() => {
  const EVERY = 1500; // milliseconds between two looks
  const PATIENCE = 8000; // milliseconds that an answer may take

  // --- live: what is marked data-live is looked at again, and put in its place when it changed ---

  let tag = null;

  function busy(region) {
    const active = document.activeElement;
    const typing = active && region.contains(active) && active.matches("input, select, textarea");
    const selection = document.getSelection();
    const selecting = selection && !selection.isCollapsed && region.contains(selection.anchorNode);
    return typing || selecting;
  }

  // What a person opened, where they scrolled to and what they stand on outlives the change.
  function keep(region) {
    const open = new Set([...region.querySelectorAll("details[open][id]")].map((one) => one.id));
    const closed = new Set([...region.querySelectorAll("details:not([open])[id]")].map((one) => one.id));
    const active = region.contains(document.activeElement) ? document.activeElement : null;
    const place = active && (active.id ? `#${CSS.escape(active.id)}` : active.matches("a[href]") ? `a[href="${CSS.escape(active.getAttribute("href"))}"]` : null);
    const inside = active && active.matches("summary") && active.parentElement.id;
    const left = region.scrollLeft;
    const lists = [...region.querySelectorAll("[tabindex]")].map((one) => [one.scrollTop, one.scrollLeft]);
    const drawer = region.querySelector("[popover]:popover-open");
    return (fresh) => {
      for (const [index, one] of [...fresh.querySelectorAll("[tabindex]")].entries()) [one.scrollTop, one.scrollLeft] = lists[index] ?? [0, 0];
      if (drawer) fresh.querySelector(`#${CSS.escape(drawer.id)}`)?.showPopover();
      for (const one of fresh.querySelectorAll("details[id]")) {
        if (open.has(one.id)) one.open = true;
        else if (closed.has(one.id)) one.open = false;
      }
      fresh.scrollLeft = left;
      const found = inside ? fresh.querySelector(`#${CSS.escape(inside)} > summary`) : place && fresh.querySelector(place);
      if (found) found.focus({ preventScroll: true });
      else if (active === region) fresh.focus({ preventScroll: true });
    };
  }

  // Say that what is shown may be out of date; empty: it is not.
  function lost(sentence) {
    const place = document.getElementById("lost");
    if (!place || place.textContent === sentence) return;
    place.textContent = sentence;
    place.hidden = sentence === "";
  }

  // --- lit: rows that were not there before are marked for a moment ---

  const LIT = 4000; // milliseconds
  const known = new Map(); // by region: when each row came

  function light(region) {
    if (!("lit" in region.dataset)) return;
    const now = Date.now();
    const before = known.get(region.id);
    const after = new Map();
    for (const row of region.querySelectorAll("[data-key]")) {
      const came = before ? before.get(row.dataset.key) ?? now : 0;
      after.set(row.dataset.key, came);
      row.classList.toggle("new", now - came < LIT);
    }
    known.set(region.id, after);
  }

  async function look() {
    const headers = tag ? { "If-None-Match": tag } : {};
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    const answer = await fetch(location.href, { headers, credentials: "same-origin", cache: "no-store", signal: patience.signal });
    clearTimeout(timer);
    if (answer.status === 404) return lost("This is no longer here: it was removed, or dropped to save memory. The page shows its last state.");
    if (answer.status >= 500) return lost(`The mock answered ${answer.status}. The page shows its last state.`);
    lost("");
    if (!answer.ok || answer.redirected) return;
    tag = answer.headers.get("ETag");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const region of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(region.id);
      if (!fresh || busy(region)) continue;
      reveal(fresh);
      if (region.dataset.live !== "" && region.dataset.live === fresh.dataset.live) continue;
      const before = region.cloneNode(true);
      for (const one of before.querySelectorAll("details")) one.removeAttribute("open");
      for (const one of before.querySelectorAll(".new")) one.classList.remove("new");
      const after = fresh.cloneNode(true);
      for (const one of after.querySelectorAll("details")) one.removeAttribute("open");
      for (const one of before.querySelectorAll("[class='']")) one.removeAttribute("class");
      if (before.isEqualNode(after)) { light(region); continue; }
      const restore = keep(region);
      region.replaceWith(document.adoptNode(fresh));
      restore(fresh);
      light(fresh);
    }
  }

  async function watch() {
    if (!paused && document.visibilityState === "visible" && document.querySelector("[data-live]")) {
      try {
        await look();
      } catch {
        // The mock was ended, hangs or begins anew: what is shown stays, and the next look may find it again.
        lost("The mock does not answer. The page shows its last state.");
      }
    }
    setTimeout(watch, EVERY);
  }

  // --- pause: a page with a button of this id stops looking ---

  let paused = false;

  function pause() {
    const button = document.getElementById("pause");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      paused = !paused;
      button.setAttribute("aria-pressed", String(paused));
      button.textContent = paused ? "Paused: resume" : "Pause";
    });
  }

  // --- comforts ---

  function theme() {
    const button = document.getElementById("theme");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const dark = document.documentElement.dataset.theme
        ? document.documentElement.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      document.documentElement.dataset.theme = dark ? "light" : "dark";
      localStorage.setItem("tpmock-theme", document.documentElement.dataset.theme);
      framed();
    });
    framed();
  }

  // A page in a frame cannot see the theme of the page around it.
  function framed() {
    const chosen = document.documentElement.dataset.theme;
    for (const frame of chosen ? document.querySelectorAll("iframe.report") : []) {
      const colored = frame.cloneNode();
      const address = new URL(frame.src);
      address.searchParams.set("theme", chosen);
      colored.src = address;
      // A new frame, so that the way back does not lead through the other colors.
      frame.replaceWith(colored);
    }
  }

  // <button data-copy="id of what is copied">; hidden ones are of no use without a script
  function reveal(place) {
    for (const button of place.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
  }

  async function copy(event) {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const name = button.textContent;
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy manually";
    }
    setTimeout(() => { button.textContent = name; }, 2000);
  }

  // Messages close by themselves, problems with their button.
  function toasts() {
    for (const button of document.querySelectorAll("[data-dismiss]")) {
      button.hidden = false;
      button.addEventListener("click", () => button.parentElement.remove());
    }
    for (const message of document.querySelectorAll(".toast.done")) setTimeout(() => message.remove(), 10_000);
  }

  function shortcut(event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea")) return;
    const field = document.querySelector("[data-search]");
    if (field) { event.preventDefault(); field.focus(); }
  }

  // <form data-change>: sent as soon as something in it is chosen
  function change(event) {
    const form = event.target.closest("form[data-change]");
    if (form) form.requestSubmit();
  }

  // <form data-preview="id">: its address with what is filled in shows the result, which is put in the place of that id
  function preview() {
    for (const form of document.querySelectorAll("form[data-preview]")) {
      for (const button of form.querySelectorAll("[data-plain]")) button.hidden = true;
      let waiting = 0;
      form.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => show(form), 150);
      });
    }
  }

  async function show(form) {
    try {
      const filled = new URLSearchParams(new FormData(form)).toString();
      const answer = await fetch(`${location.pathname}?${filled}`, { credentials: "same-origin", cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(form.dataset.preview);
      // What was typed meanwhile has its own answer.
      if (!fresh || new URLSearchParams(new FormData(form)).toString() !== filled) return;
      reveal(fresh);
      document.getElementById(form.dataset.preview).replaceChildren(...fresh.childNodes);
    } catch {
      lost("The mock does not answer. The page shows its last state.");
    }
  }

  document.documentElement.dataset.scripts = "";
  preview();
  theme();
  reveal(document);
  toasts();
  pause();
  for (const region of document.querySelectorAll("[data-live]")) light(region);
  document.addEventListener("click", copy);
  document.addEventListener("keydown", shortcut);
  document.addEventListener("change", change);
  setTimeout(watch, EVERY);
})();
