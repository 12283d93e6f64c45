// Says that a scene is being played, and plays the demo by itself where it was asked to: what is marked data-pace is done
// after so many seconds.
"use strict";

(() => {
  const form = document.getElementById("play");
  if (!form) return;
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.textContent = "Playing …";
    button.setAttribute("aria-busy", "true");
    // Not disabled at once: a disabled button's form would not be sent.
    setTimeout(() => { button.disabled = true; }, 0);
  });
})();

(() => {
  const waiting = document.querySelector("[data-pace]");
  const pause = document.getElementById("pause");
  if (!waiting || !pause) return;
  let timer = 0;

  function go() {
    if (waiting.matches("form")) waiting.requestSubmit();
    else waiting.click();
  }

  function begin() {
    timer = setTimeout(go, Number(waiting.dataset.pace) * 1000);
    pause.textContent = "Pause";
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    if (timer) { clearTimeout(timer); timer = 0; pause.textContent = "Go on by itself"; }
    else begin();
  });
  begin();
})();
