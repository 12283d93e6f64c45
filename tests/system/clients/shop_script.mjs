// A page without a browser: the script of the mock, run with the window that it needs. Prints what it said.
import vm from "node:vm";

const [url, before, after] = process.argv.slice(2);
const said = [];
let finished;
const answered = new Promise((resolve) => {
  finished = resolve;
});
const tell = (level) => (text) => {
  said.push([level, text]);
  if (level !== "warn") finished();
};
const window = {
  TrustpilotObject: "tp",
  fetch,
  console: { info: tell("info"), warn: tell("warn"), error: tell("error") },
  document: { currentScript: { src: `${url}/tp.min.js` } },
};
window.tp = function () {
  (window.tp.q = window.tp.q || []).push(arguments);
};
for (const call of JSON.parse(before)) window.tp(...call);
const script = await (await fetch(`${url}/tp.min.js`)).text();
vm.runInNewContext(script, { window, URL });
for (const call of JSON.parse(after)) window.tp(...call);
await answered;
console.log(JSON.stringify(said));
