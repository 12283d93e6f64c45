// Loaded into Node.js by NODE_OPTIONS: connections to the vendors' hosts go to the proxy of tpmock run, and those to
// hosts that are not allowed are refused. http, https and fetch all connect by this one method of net.Socket.
'use strict';

const net = require('net');

const [proxyHost, proxyPort] = (process.env.TPMOCK_RUN_PROXY || '').split(':');
const led = new Set((process.env.TPMOCK_RUN_HOSTS || '').split(','));
const allowed = (process.env.TPMOCK_RUN_ALLOWED || '').split(',').filter(Boolean);

const plain = (host) => String(host).toLowerCase().replace(/^\[|\]$/g, '').replace(/\.$/, '');

const here = (host) =>
  host === 'localhost' || host.endsWith('.localhost') || host === '::1' || host === '0.0.0.0' || host === '::' ||
  host.startsWith('::ffff:127.') || (net.isIPv4(host) && host.startsWith('127.'));

const permitted = (host) =>
  here(host) ||
  allowed.some((one) => one === '*' || one === host || (one.startsWith('*.') && host.endsWith(one.slice(1))));

if (proxyPort) {
  const original = net.Socket.prototype.connect;

  // The proxy counts what it is asked for, and refuses it too.
  const report = (host, port) => {
    const peer = new net.Socket();
    peer.on('error', () => {}); // without a proxy, calls are not counted
    peer.on('connect', () => peer.end(`CONNECT ${net.isIPv6(host) ? `[${host}]` : host}:${port} HTTP/1.1\r\n\r\n`));
    peer.resume();
    original.call(peer, { host: proxyHost, port: Number(proxyPort) });
    peer.unref();
  };

  net.Socket.prototype.connect = function connect(...given) {
    // Node.js hands itself an array of options and callback; others give options, or port and host, or a path.
    const internal = Array.isArray(given[0]);
    const first = internal ? given[0][0] : given[0];
    const callback = given.find((one) => typeof one === 'function');
    let options = first;
    if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))) {
      options = { port: Number(first), host: typeof given[1] === 'string' ? given[1] : 'localhost' };
    }
    if (options === null || typeof options !== 'object' || options.path || options.fd !== undefined) {
      return original.apply(this, given);
    }
    const host = plain(options.host || 'localhost');
    if (led.has(host)) {
      const elsewhere = { ...options, host: proxyHost, port: Number(proxyPort) };
      for (const name of ['lookup', 'family', 'localAddress', 'localPort']) delete elsewhere[name];
      if (internal) {
        given[0][0] = elsewhere;
        return original.apply(this, given);
      }
      return original.apply(this, callback ? [elsewhere, callback] : [elsewhere]);
    }
    if (permitted(host)) return original.apply(this, given);
    report(host, options.port);
    const error = new Error(
      `tpmock run refuses ${host}: to allow it, use --allow-host ${host}, or --allow-network.`,
    );
    Object.assign(error, { code: 'ECONNREFUSED', errno: -111, syscall: 'connect', address: host, port: options.port });
    this.connecting = true;
    process.nextTick(() => this.destroy(error));
    return this;
  };
}
