// Segment's own client of the Public API, unchanged: every read, and what it needs to exist. Prints what it read.
import sdk from "@segment/public-api-sdk-typescript";

const [url, token] = process.argv.slice(2);
const apis = sdk.configureApis(token);
for (const api of Object.values(apis)) api.basePath = url;
const read = {};
const keep = async (name, call) => (read[name] = await sdk.unwrap(call));

const page = { count: 10 };
const trustpilot = "5c6e52858392d6000101d4c1";
await keep("workspace", apis.workspaces.getWorkspace());
await keep("echo", apis.testing.echo("Hello"));
await keep("destinationsCatalog", apis.catalog.getDestinationsCatalog(page));
await keep("destinationMetadata", apis.catalog.getDestinationMetadata(trustpilot));
await keep("sourcesCatalog", apis.catalog.getSourcesCatalog(page));
const { sources } = await keep("sources", apis.sources.listSources(page));
const sourceId = sources[0].id;
await keep("source", apis.sources.getSource(sourceId));
const settings = { apiKey: "tpi-1" };
const made = await keep(
  "created",
  apis.destinations.createDestination({ sourceId, metadataId: trustpilot, name: "Reviews", enabled: true, settings }),
);
const destinationId = made.destination.id;
await keep("destinations", apis.destinations.listDestinations(page));
await keep("destination", apis.destinations.getDestination(destinationId));
const drop = { sourceId, title: "No pages", enabled: true, if: "type = 'page'", actions: [{ type: "DROP" }] };
await keep("filter", apis.destinationFilters.createFilterForDestination(destinationId, drop));
await keep("filters", apis.destinationFilters.listFiltersFromDestination(destinationId, page));
const wanted = { regulationType: "SUPPRESS_ONLY", subjectType: "USER_ID", subjectIds: ["u-1"] };
const { regulateId } = await keep("regulated", apis.deletionAndSuppresion.createWorkspaceRegulation(wanted));
await keep("regulation", apis.deletionAndSuppresion.getRegulation(regulateId));
await keep("regulations", apis.deletionAndSuppresion.listWorkspaceRegulations(page));
await keep("suppressions", apis.deletionAndSuppresion.listSuppressions(page));
read.refused = await sdk.unwrap(apis.testing.echo("Hello", undefined, true)).catch((error) => error);
console.log(JSON.stringify(read));
