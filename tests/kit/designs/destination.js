// A right destination with nothing but Node.js, whose environment chooses among right designs; destination.py says which.
"use strict";
const fs = require("node:fs");
const http = require("node:http");

const env = process.env;
const design = new Set((env.DESIGN || "").split(" "));
const BACK_OFF = 200;
const SLOW = 350;
const UNSENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"];
const WORDS = design.has("other-words")
  ? { order: "The order number is missing.", email: "No recipient: we do not know where to write to.", address: "We cannot write to this recipient." }
  : { order: "order_id is missing.", email: "email is missing.", address: "email is not an e-mail address." };

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

class Refusal extends Error {
  constructor(status, message, wait = 0) {
    super(message);
    Object.assign(this, { status, wait });
  }
}

// One line a change: {order, state, content} or {user, email}. The last line about something holds.
const orders = new Map();
const users = new Map();
function remember(line) {
  if (line.order) orders.set(line.order, line);
  else if (line.email) users.set(line.user, (users.get(line.user) || new Set()).add(line.email));
  else users.delete(line.user);
}
function write(line) {
  remember(line);
  fs.appendFileSync(env.ORDERS_FILE, `${JSON.stringify(line)}\n`);
}
if (fs.existsSync(env.ORDERS_FILE)) fs.readFileSync(env.ORDERS_FILE, "utf8").split("\n").filter(Boolean).map(JSON.parse).forEach(remember);

async function call(url, headers, body) {
  let response;
  try {
    response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(8000) });
  } catch (problem) {
    if (UNSENT.includes(problem.cause?.code)) throw new Refusal(503, "Trustpilot cannot be reached. It will be tried again.");
    throw Object.assign(new Error("lost"), { lost: true });
  }
  // The status decides: a body that breaks off changes nothing.
  const text = await response.text().catch(() => "");
  return { status: response.status, text, wait: Number(response.headers.get("retry-after")) || 0 };
}

async function now() {
  if (!design.has("sandbox-clock")) return Date.now();
  return Date.parse((await (await fetch(env.TPMOCK_CLOCK_URL)).json()).now);
}

let closedUntil = 0;
function later(status, wait, message) {
  let seconds = design.has("retry-after") ? wait : 0;
  if (design.has("back-off")) seconds = Math.max(wait, BACK_OFF / 1000);
  closedUntil = performance.now() + seconds * 1000;
  return new Refusal(status, message, seconds);
}
function refused({ status, wait }, what) {
  if (status === 429 || status >= 500) return later(503, wait, `Trustpilot answered ${status} to ${what}.`);
  return new Refusal(status === 401 || status === 403 ? 403 : 400, `Trustpilot refused ${what} with ${status}.`);
}

let token = null;
let asking = null; // a promise, so that orders that come together share one request
async function fetchToken() {
  const pair = Buffer.from(`${env.TRUSTPILOT_API_KEY}:${env.TRUSTPILOT_API_SECRET}`).toString("base64");
  const url = `${env.TRUSTPILOT_API_URL}/v1/oauth/oauth-business-users-for-applications/accesstoken`;
  const headers = { Authorization: `Basic ${pair}`, "Content-Type": "application/x-www-form-urlencoded" };
  const found = await call(url, headers, "grant_type=client_credentials").catch((problem) => {
    throw problem.lost ? later(503, 0, "Trustpilot sent no token.") : problem;
  });
  if (found.status !== 200) {
    const ours = found.status === 401 || found.status === 403;
    if (ours && design.has("retried-credentials")) throw later(500, found.wait, "Trustpilot refused our credentials. Correct them; we try again.");
    throw refused(found, "an access token");
  }
  try {
    const { access_token: value, expires_in: seconds } = JSON.parse(found.text);
    if (typeof value !== "string") throw new SyntaxError("no token");
    return { value, until: (await now()) + (Number(seconds) - 60) * 1000 };
  } catch {
    throw later(503, 0, "Trustpilot sent no readable token.");
  }
}
async function accessToken(notThis) {
  if (token && token.value !== notThis && token.until > (await now())) return token.value;
  asking ||= fetchToken().finally(() => (asking = null));
  token = await asking;
  return token.value;
}

async function post(path, body) {
  const left = closedUntil - performance.now();
  if (left > 0) throw new Refusal(503, "Trustpilot asked us to wait. It will be tried again.", left / 1000);
  const url = `${env.TRUSTPILOT_INVITATIONS_API_URL}/v1/private/business-units/${env.TRUSTPILOT_BUSINESS_UNIT_ID}/${path}`;
  let retries = design.has("own-retry") ? 1 : 0;
  let bearer = await accessToken();
  for (let renewed = false; ; ) {
    const headers = { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json", "x-business-user-id": env.TRUSTPILOT_BUSINESS_USER_ID };
    let found;
    try {
      found = await call(url, headers, JSON.stringify(body));
    } catch (problem) {
      if (!problem.lost) throw problem;
      if (path === "email-invitations" && !design.has("at-least-once")) return;
      throw later(503, 0, "Trustpilot's answer was lost.");
    }
    if (found.status >= 200 && found.status < 300) return;
    if (found.status === 401 && !renewed) {
      bearer = await accessToken(bearer);
      renewed = true;
    } else if ((found.status === 429 || found.status >= 500) && retries) retries -= 1;
    else throw refused(found, "the invitation");
  }
}

function sendTime(text) {
  const ordered = Number.isNaN(Date.parse(text)) ? Date.now() : Date.parse(text);
  return new Date(ordered + 7 * 86_400_000).toISOString().slice(0, 19);
}
function invite(order) {
  const kind = { templateId: env.TRUSTPILOT_TEMPLATE_ID };
  if (design.has("send-time")) kind.preferredSendTime = sendTime(order.timestamp);
  const about = { referenceNumber: order.id, consumerEmail: order.email, consumerName: order.name, locale: "en-US" };
  return post("email-invitations", { ...about, serviceReviewInvitation: kind });
}

// Remembered before the call: after a crash the outcome is unknown.
function begin(order) {
  if (!design.has("at-least-once")) write({ order, state: "asked" });
}

let working = false;
async function workOff() {
  if (working) return;
  working = true;
  for (let waiting; (waiting = [...orders.values()].filter(({ state }) => state === "waits")).length; ) {
    let again = 0;
    for (const { order, content } of waiting) {
      begin(order);
      const state = await invite(content).then(() => "done", (problem) => (problem.status < 500 ? "refused" : (again = Math.max(BACK_OFF, problem.wait * 1000)) && "waits"));
      write(state === "waits" ? { order, state, content } : { order, state });
    }
    if (again) await pause(again);
  }
  working = false;
}

const plain = (name) => name.replaceAll("_", "").toLowerCase();
function textOf(place, name) {
  const key = place && typeof place === "object" && !Array.isArray(place) ? Object.keys(place).find((one) => plain(one) === name) : undefined;
  const value = key === undefined ? "" : place[key];
  return typeof value === "string" || typeof value === "number" ? String(value).trim().split(/\s+/).join(" ") : "";
}
function orderOf(event) {
  const { properties, context } = event;
  const order = { id: textOf(properties, "orderid"), email: textOf(properties, "email") || textOf(context?.traits, "email") };
  if (!order.id) throw new Refusal(400, WORDS.order);
  if (!order.email) throw new Refusal(400, WORDS.email);
  if (!/^[^@\s,;<>]+@[^@\s.,;<>]+(\.[^@\s.,;<>]+)+$/.test(order.email)) throw new Refusal(400, WORDS.address);
  order.name = [textOf(properties, "name"), textOf(properties, "surname")].filter(Boolean).join(" ") || "Customer";
  order.timestamp = String(event.timestamp);
  return order;
}

const underWay = new Map();
async function take(event) {
  if (event === null || typeof event !== "object" || Array.isArray(event)) throw new Refusal(400, "The body must be one event, a JSON object.");
  if (event.type === "delete") return erase(event.userId);
  if (event.type !== "track" || event.event !== "Order Completed") return [200, "Nothing to do for this event."];
  const order = orderOf(event);
  if (typeof event.userId === "string") write({ user: event.userId, email: order.email });
  if (design.has("queue")) {
    // One that was refused may come again.
    if (["refused", undefined].includes(orders.get(order.id)?.state)) write({ order: order.id, state: "waits", content: order });
    workOff();
    return [202, "Stored."];
  }
  if (orders.has(order.id) && !underWay.has(order.id) && orders.get(order.id).state !== "free") return [200, "This order is known."];
  if (!underWay.has(order.id)) {
    begin(order.id);
    const free = (problem) => {
      write({ order: order.id, state: "free" });
      throw problem;
    };
    const work = invite(order).then(() => write({ order: order.id, state: "done" }), free);
    underWay.set(order.id, work.finally(() => underWay.delete(order.id)));
  }
  await underWay.get(order.id);
  return [200, "Invited."];
}
async function erase(user) {
  if (typeof user !== "string") throw new Refusal(400, "userId is missing.");
  if (users.has(user)) {
    await post("invitation-data/delete", { customerEmails: [...users.get(user)] });
    write({ user });
  }
  return [200, "Erased."];
}

async function answer(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (design.has("slow")) await pause(SLOW);
  const given = Buffer.from((request.headers.authorization || "").replace(/^Basic /, ""), "base64").toString();
  if (given !== `${env.INTEGRATION_KEY}:`) throw new Refusal(401, "The integration key is wrong.");
  let event;
  try {
    event = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal(400, "The body is not valid JSON.");
  }
  return take(event);
}

async function main() {
  if (design.has("queue")) workOff();
  if (design.has("token-at-start")) await accessToken().catch(() => null);
  const server = http.createServer(async (request, response) => {
    const say = (status, message, wait = 0) => {
      const headers = { "Content-Type": "application/json", ...(wait && design.has("retry-after") ? { "Retry-After": Math.ceil(wait) } : {}) };
      response.writeHead(status, headers).end(design.has("no-words") ? "" : JSON.stringify({ message }));
    };
    if (request.method === "GET") return say(request.url === "/health" ? 200 : 404, "A destination; events are posted.");
    try {
      say(...(await answer(request)));
    } catch (problem) {
      if (!(problem instanceof Refusal)) console.error(problem.name);
      say(problem.status || 500, problem instanceof Refusal ? problem.message : "Something went wrong here.", problem.wait);
    }
  });
  server.listen(Number(env.PORT), "127.0.0.1");
}
main();
