// Reads a JUnit file as a dashboard does, and prints what it has understood.
import { parseV2 } from 'test-results-parser';

const { result, errors } = parseV2({ type: 'junit', files: [process.argv[2]] });
console.log(JSON.stringify({ result, errors }));
