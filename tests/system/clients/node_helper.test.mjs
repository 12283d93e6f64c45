// The npm package of fixtures/clients/node, as its users write tests. TPMOCK_URL leads to a running mock.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { afterEach, beforeEach, test } from "node:test";

const { RefusedError, UnreachableError, WaitError, sandbox } = await import(process.env.TPMOCK_CLIENT);

let tpmock;
beforeEach(async () => {
  tpmock = await sandbox({ seed: 7 });
});
afterEach(() => tpmock.close());

async function invite(reference) {
  const { urls, credentials } = tpmock;
  const basic = Buffer.from(`${credentials.apiKey}:${credentials.apiSecret}`).toString("base64");
  const granted = await fetch(`${urls.trustpilot}/v1/oauth/oauth-business-users-for-applications/accesstoken`, {
    method: "POST",
    headers: { authorization: `Basic ${basic}`, "x-business-user-id": credentials.businessUserId },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const { access_token: token } = await granted.json();
  return fetch(`${urls.invitations}/v1/private/business-units/${credentials.businessUnitId}/email-invitations`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "x-business-user-id": credentials.businessUserId,
    },
    body: JSON.stringify({
      consumerEmail: "ada@example.com",
      consumerName: "Ada",
      referenceNumber: reference,
      serviceReviewInvitation: { templateId: credentials.templateId, redirectUri: "https://shop.example.com/" },
    }),
  });
}

test("an invitation is found, sent when time passes, and answered", async () => {
  assert.equal((await invite("1001")).status, 202);
  const made = await tpmock.waitFor(tpmock.invitations, { referenceNumber: "1001" });
  assert.equal(made.consumerEmail, "ada@example.com");
  const before = await tpmock.clock.now();
  assert.ok((await tpmock.clock.advance("8d")) > 0);
  assert.ok((await tpmock.clock.now()) - before >= 8 * 24 * 3600 * 1000);
  await tpmock.writeReview(5, { invitation: "1001", text: "Good." });
  assert.equal((await tpmock.reviews.find({ stars: 5 })).text, "Good.");
});

test("faults are added, applied, listed and removed", async () => {
  const fault = await tpmock.faults.add("email-invitations 429 x2");
  assert.equal((await invite("1001")).status, 429);
  assert.deepEqual((await tpmock.faults.list()).map((one) => one.id), [fault.id]);
  await tpmock.faults.remove(fault.id);
  assert.equal((await invite("1001")).status, 202);
  await tpmock.faults.add({ operation: "email-invitations", status: 500 });
  await tpmock.faults.clear();
  assert.deepEqual(await tpmock.faults.list(), []);
});

test("an order reaches the destination, and its event and delivery are seen", async () => {
  const received = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    received.push([JSON.parse(body), request.headers.authorization]);
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await tpmock.connectDestination(`http://127.0.0.1:${server.address().port}/`);
    await tpmock.events.order({ id: "1001", email: "ada@example.com", currency: "EUR" });
    await tpmock.waitFor(tpmock.deliveries, { state: "delivered" });
    const [[event, authorization]] = received;
    assert.deepEqual([event.properties.order_id, event.properties.currency], ["1001", "EUR"]);
    assert.equal(authorization, `Basic ${Buffer.from(`${tpmock.credentials.integrationKey}:`).toString("base64")}`);
    assert.equal((await tpmock.events.list()).length, 1);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("the clock is frozen and resumed; a snapshot is saved and restored", async () => {
  await tpmock.clock.freeze();
  assert.deepEqual(await tpmock.clock.now(), await tpmock.clock.now());
  assert.equal(await tpmock.clock.nextDue(), null);
  await tpmock.snapshot("empty");
  await invite("1001");
  assert.equal((await tpmock.invitations.list()).length, 1);
  await tpmock.restore("empty");
  assert.equal((await tpmock.invitations.list()).length, 0);
  await tpmock.clock.resume();
  await tpmock.reset();
});

test("waiting for nothing ends with what was there instead", async () => {
  await invite("1001");
  const waiting = tpmock.waitFor(tpmock.invitations, { referenceNumber: "1002" }, { timeout: 50 });
  await assert.rejects(waiting, (error) => {
    assert.ok(error instanceof WaitError);
    assert.match(error.message, /no row with \{"referenceNumber":"1002"\} after 50 ms\. It has 1, the last:\n.*"1001"/);
    return true;
  });
  await assert.rejects(tpmock.waitFor(() => false, {}, { timeout: 50 }), WaitError);
  assert.equal(await tpmock.waitFor(async () => "there"), "there");
});

test("refusals and silence are explained", async () => {
  await assert.rejects(tpmock.clock.advance("soon"), (error) => error instanceof RefusedError && error.status === 400);
  await assert.rejects(sandbox({ id: tpmock.id }), { name: "RefusedError", status: 409 });
  await assert.rejects(sandbox({ url: "http://127.0.0.1:9" }), (error) => {
    assert.ok(error instanceof UnreachableError);
    assert.match(error.message, /^No mock answers at http:\/\/127\.0\.0\.1:9 \(.+\)\. Start one with 'tpmock up'/);
    return true;
  });
});

test("a closed sandbox is gone, and may be closed again", async () => {
  await tpmock.close();
  await tpmock.close();
  await assert.rejects(tpmock.invitations.list(), { name: "RefusedError", status: 404 });
});
