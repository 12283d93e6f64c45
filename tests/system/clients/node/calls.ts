// What a program does that uses the generated types: a sandbox, a token, a unit, an invitation, and a refusal.
import createClient from "openapi-fetch";
import type { paths as ControlApi } from "./control.js";
import type { paths as TrustpilotApi } from "./trustpilot.js";

const baseUrl = process.argv[2];
const control = createClient<ControlApi>({ baseUrl });
const trustpilot = createClient<TrustpilotApi>({ baseUrl });

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}

const sandboxes = await control.GET("/_mock/sandboxes");
const [sandbox] = found(sandboxes.data, "sandboxes").sandboxes;
const { apiKey, apiSecret, businessUserId, domain } = sandbox.credentials;

const token = await trustpilot.POST("/v1/oauth/oauth-business-users-for-applications/accesstoken", {
  body: { grant_type: "client_credentials", client_id: apiKey, client_secret: apiSecret },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
const { access_token } = found(token.data, "token");

const unit = await trustpilot.GET("/v1/business-units/find", {
  params: { query: { name: domain } },
  headers: { apikey: apiKey },
});
const businessUnitId = found(unit.data, "unit").id;

const invitation = await trustpilot.POST("/v1/private/business-units/{businessUnitId}/email-invitations", {
  params: { path: { businessUnitId }, header: { "x-business-user-id": businessUserId } },
  body: {
    referenceNumber: "typescript-1001",
    consumerName: "Ada Example",
    consumerEmail: "ada@example.com",
    serviceReviewInvitation: {},
  },
  headers: { Authorization: `Bearer ${access_token}` },
});

const unknown = await trustpilot.GET("/v1/business-units/find", {
  params: { query: { name: "nobody.example.com" } },
  headers: { apikey: apiKey },
});

console.log(
  JSON.stringify({
    sandbox: sandbox.id,
    unit: businessUnitId,
    invited: invitation.response.status,
    refused: unknown.response.status,
    why: found(unknown.error, "error"),
  }),
);
