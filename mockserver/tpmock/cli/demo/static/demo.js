// Both windows of the demo: keys of a keyboard or a clicker, and following what the demo shows. A page is replaced in
// place, because loading another one would end full screen.
"use strict";

(() => {
  const FORWARD = ["ArrowRight", "ArrowDown", "PageDown", " ", "Enter"];
  const BACK = ["ArrowLeft", "ArrowUp", "PageUp", "Backspace"];
  const here = () => document.getElementById("main");
  let working = false;

  async function load(response) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const open = [...document.querySelectorAll("details[open]")].map((one) => one.id);
    const same = page.getElementById("main")?.dataset.place === here()?.dataset.place;
    const focused = document.activeElement?.dataset?.to;
    const dark = document.body.classList.contains("dark-screen");
    document.title = page.title;
    document.body.replaceChildren(...page.body.children);
    document.body.className = page.body.className;
    document.body.classList.toggle("dark-screen", dark);
    if (same) for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    // Who pressed a button keeps it; all others begin to read at the top.
    const button = focused && document.querySelector(`button[data-to="${CSS.escape(focused)}"]`);
    (button || here())?.focus({ preventScroll: same });
    fit();
    tick();
  }

  // Makes what stands on a slide smaller, down to half its size, until nothing of it is cut.
  function fit() {
    const root = document.documentElement;
    for (let size = 100; size >= 50; size -= 5) {
      root.style.setProperty("--fit", String(size / 100));
      if (root.scrollHeight <= innerHeight && root.scrollWidth <= innerWidth) return;
    }
  }

  async function show() {
    const response = await fetch(location.href, { cache: "no-store" });
    if (!response.ok) throw new Error(`${response.status}`);
    await load(response);
  }

  async function step(form) {
    if (working) return;
    working = true;
    try {
      await load(await fetch("/step", { method: "POST", body: new URLSearchParams(form) }));
    } catch {
      stopped();
    } finally {
      working = false;
    }
  }

  function stopped() {
    document.title = `Ended: ${document.title.replace(/^Ended: /, "")}`;
    if (document.querySelector("[data-ended]")) return;
    const said = document.createElement("p");
    said.dataset.ended = "";
    said.className = "problem";
    said.setAttribute("role", "alert");
    said.textContent = "The demo has ended: tpmock demo does not answer any more.";
    here()?.prepend(said);
  }

  async function follow() {
    for (;;) {
      try {
        const shown = here()?.dataset.revision ?? "-1";
        // It is answered after ten seconds at most.
        const response = await fetch(`/state?revision=${shown}`, { cache: "no-store", signal: AbortSignal.timeout(30000) });
        const state = await response.json();
        const progress = document.getElementById("progress");
        if (progress) progress.textContent = state.progress;
        if (String(state.revision) !== here()?.dataset.revision && !working) await show();
      } catch {
        stopped();
        await new Promise((done) => setTimeout(done, 1000));
      }
    }
  }

  function tick() {
    const begun = Number(document.querySelector("[data-started]")?.dataset.started ?? 0);
    const timer = document.getElementById("timer");
    if (!timer || !begun) return;
    const seconds = Math.max(0, Math.floor(Date.now() / 1000 - begun));
    timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  function screen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.action.endsWith("/step")) return;
    event.preventDefault();
    step(new FormData(event.target));
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea, summary")) return;
    // On a button or a link, these two do what they do everywhere.
    if (event.target.matches("button, a") && ["Enter", " "].includes(event.key)) return;
    const window_ = document.body.classList.contains("presenter") ? "presenter" : "audience";
    const choice = document.querySelectorAll(".choices form")[Number(event.key) - 1];
    if (FORWARD.includes(event.key)) step({ to: "next", window: window_ });
    else if (BACK.includes(event.key)) step({ to: "back", window: window_ });
    else if (event.key === "f") screen();
    else if (["b", "."].includes(event.key)) document.body.classList.toggle("dark-screen");
    else if (event.key === "p") open("/presenter", "tpmock-presenter");
    else if (choice) step(new FormData(choice));
    else return;
    event.preventDefault();
  });

  addEventListener("resize", fit);
  fit();
  setInterval(tick, 1000);
  tick();
  follow();
})();
