// A server that tells Segment of its customers: node segment-node.mjs URL WRITE_KEY EVENTS_A_BATCH
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, flushAt] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey, flushAt: Number(flushAt), maxRetries: 2 });
const failures = [];
analytics.on("error", ({ code, reason }) => failures.push({ code, reason: String(reason) }));

const userId = "customer-1";
analytics.identify({ userId, traits: { email: "ada@example.com" } });
analytics.track({
  userId,
  event: "Order Completed",
  properties: { order_id: "node-1001", email: "ada@example.com", name: "Ada", total: 27.5, nothing: null },
});
analytics.page({ userId, name: "Home" });
analytics.screen({ userId, name: "Home" });
analytics.group({ userId, groupId: "company-1", traits: { plan: "free" } });
analytics.alias({ userId, previousId: "visitor-1" });
await analytics.closeAndFlush({ timeout: 30_000 });
console.log(JSON.stringify({ failures }));
