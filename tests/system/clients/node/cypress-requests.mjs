// Makes the requests of a Cypress file, one after the other, and prints how each was answered. It stands for Cypress,
// whose program is not installed, in nothing else: pages are not opened.
const requests = [];
const cases = [];
const hooks = [];
globalThis.Cypress = { env: (name) => process.env[name] };
globalThis.cy = {
  request: (method, url, body) => requests.push({ method, url, body }),
  visit: () => {},
  contains: () => {},
};
globalThis.describe = (_, define) => define();
globalThis.beforeEach = (hook) => hooks.push(hook);
globalThis.it = (_, test) => cases.push(test);
await import(process.argv[2]);
for (const test of cases) for (const run of [...hooks, test]) run();
for (const { method, url, body } of requests) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  console.log(method, new URL(url).pathname, answer.status, await answer.text());
}
