// Programs that were never told of tpmock: the hosts are written into the packages.
import { Analytics } from '@segment/analytics-node';
import axios from 'axios';
import got from 'got';
import trustpilot from 'trustpilot';

const url = 'https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com';
const key = process.env.TRUSTPILOT_API_KEY;

const ways = {
  axios: async () => (await axios.get(url, { headers: { apikey: key } })).status,
  got: async () => (await got(url, { headers: { apikey: key } })).statusCode,
  segment: async () => {
    const analytics = new Analytics({ writeKey: process.env.SEGMENT_WRITE_KEY });
    const failures = [];
    analytics.on('error', (failure) => failures.push(failure.code));
    analytics.track({ userId: 'customer-1', event: 'Order Completed', properties: { order_id: '1001' } });
    await analytics.closeAndFlush();
    return failures.length;
  },
  trustpilot: async () => {
    const { TrustpilotApi } = trustpilot;
    const client = new TrustpilotApi({
      key,
      secret: process.env.TRUSTPILOT_API_SECRET,
      username: process.env.TRUSTPILOT_USERNAME,
      password: process.env.TRUSTPILOT_PASSWORD,
      baseUrl: 'https://api.trustpilot.com',
    });
    const authenticated = await client.authenticate();
    const answer = await authenticated.get(`/v1/private/business-units/${process.env.TRUSTPILOT_BUSINESS_UNIT_ID}/reviews`);
    return answer.status;
  },
};

console.log(await ways[process.argv[2]]());
