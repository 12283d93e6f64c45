// The chosen theme, before anything is drawn: a page must not flash in the other colors. It is chosen in console.js.
"use strict";
{
  const chosen = localStorage.getItem("tpmock-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}
