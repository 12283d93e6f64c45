// A program that was never told of tpmock: the host is written in.
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';

const host = 'api.trustpilot.com';
const path = '/v1/business-units/find?name=trustpilotdemo.com';
const headers = { apikey: process.env.TRUSTPILOT_API_KEY };

const get = (client, options) =>
  new Promise((resolve, reject) => {
    client
      .get({ host, path, headers, ...options }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
      .on('error', reject);
  });

const ways = {
  fetch: async () => (await fetch(`https://${host}${path}`, { headers })).status,
  https: () => get(https),
  http: () => get(http),
  agent: () => get(https, { agent: new https.Agent({ keepAlive: false }) }),
  tls: () =>
    new Promise((resolve, reject) => {
      const socket = tls.connect(443, host, () => {
        const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, `apikey: ${headers.apikey}`, 'Connection: close'];
        socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      });
      socket.once('data', (data) => resolve(Number(String(data).split(' ')[1])));
      socket.on('error', reject);
    }),
};

const found = [];
for (const way of process.argv.slice(2)) found.push(await ways[way]());
console.log(found.join(' '));
