// The npm package of fixtures/clients/node in vitest, and its types under strict.

import { afterEach, beforeEach, expect, test } from "vitest";
import { type Row, type Sandbox, RefusedError, sandbox } from "tpmock-client";

let tpmock: Sandbox;
beforeEach(async () => {
  tpmock = await sandbox({ seed: 7, variants: {} });
});
afterEach(() => tpmock.close());

test("an order is seen at Segment", async () => {
  await tpmock.events.order({ id: "1001", email: "ada@example.com", currency: "EUR" });
  const event: Row = await tpmock.waitFor(tpmock.events, {}, { timeout: 2_000 });
  expect(event).toBeDefined();
  const moment: Date = await tpmock.clock.now();
  const performed: number = await tpmock.clock.advance("1h");
  expect(performed).toBeGreaterThanOrEqual(0);
  expect((await tpmock.clock.now()).getTime()).toBeGreaterThan(moment.getTime());
});

test("a refusal has a status", async () => {
  const refused = await tpmock.faults.add("no-such-call 500").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RefusedError);
  expect((refused as RefusedError).status).toBe(400);
  const there: string = await tpmock.waitFor(() => "there");
  expect(there).toBe("there");
});
