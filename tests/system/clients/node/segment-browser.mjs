// A page that tells Segment of its visitor: node segment-browser.mjs URL WRITE_KEY standard|batching
import { JSDOM } from "jsdom";

const [cdnURL, writeKey, strategy] = process.argv.slice(2);
const page = new JSDOM("<!doctype html><title>Shop</title>", {
  url: "https://shop.example.com/thanks?order=1001",
  pretendToBeVisual: true,
});
for (const name of ["window", "document", "navigator", "location", "localStorage", "sessionStorage", "CustomEvent"]) {
  const value = name === "window" ? page.window : page.window[name];
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
// jsdom has none; a browser's would go to the same address.
page.window.fetch = globalThis.fetch;

const { AnalyticsBrowser } = await import("@segment/analytics-next");
const deliveryStrategy =
  strategy === "batching" ? { strategy, config: { size: 3, timeout: 200 } } : { strategy: "standard" };
// Only the address of the settings is configured: they name the tracking API.
const loading = AnalyticsBrowser.load(
  { writeKey, cdnURL },
  { integrations: { "Segment.io": { deliveryStrategy } } },
);
const said = {};
try {
  const [analytics] = await loading;
  await analytics.identify("customer-1", { email: "ada@example.com" });
  const order = { order_id: "browser-1001", email: "ada@example.com", name: "Ada" };
  const sent = await analytics.track("Order Completed", order);
  await analytics.page("Checkout", "Thanks");
  said.attempts = sent.attempts;
  said.messageId = sent.event.messageId;
} catch (error) {
  said.failure = String(error);
}
console.log(JSON.stringify(said));
// What is retried or batched is on its way; the page stays open until the test has seen it, or for so long.
setTimeout(() => process.exit(0), Number(process.env.STAY_OPEN ?? 1500));
