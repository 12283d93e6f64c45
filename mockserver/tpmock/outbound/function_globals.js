'use strict'
// The globals of Segment's runtime for functions, made of fixtures/reference/function-globals.yaml: makeGlobals(current).
// Packages are those of the user's node_modules, which Node's permissions let this process read, and nothing else.

const http = require('node:http')
const https = require('node:https')
const { createRequire } = require('node:module')
const { PassThrough } = require('node:stream')
const { urlToHttpOptions } = require('node:url')

const nodesOwn = { atob, btoa, crypto: require('node:crypto'), zlib: require('node:zlib') }

const { rows, project } = JSON.parse(process.argv[1])
// The documentation names globals down to what is behind them: of uuidv5.uuidv5 the global is uuidv5.
const documented = new Map()
for (const row of rows) {
  const [name] = row.global.split('.')
  documented.set(name, [...(documented.get(name) ?? []), row])
}

function refusing(message) {
  const refuse = () => {
    throw new ReferenceError(message)
  }
  return new Proxy(function () {}, { get: refuse, apply: refuse, construct: refuse })
}

function absent(name, note) {
  return refusing(`Segment's runtime has ${name}; the mock does not. ${note}.`)
}

// What a package keeps, such as a default locale, is of one function alone: each gets its own copy of the module.
function installed(row) {
  const load = createRequire(`${project}/node_modules/`)
  let file
  try {
    file = load.resolve(row.package)
  } catch {
    const version = row.version ? `@^${row.version}` : ''
    return { lack: `Run npm install ${row.package}${version} in ${project} and restart the mock, or name another folder with TPMOCK_NODE_MODULES` }
  }
  for (const known of Object.keys(load.cache)) delete load.cache[known]
  try {
    return { module: load(file) }
  } catch (error) {
    return { lack: `It cannot be loaded: ${error.message}` }
  }
}

function packageOf(row) {
  const { module: found, lack } = installed(row)
  return found ?? refusing(`Segment's runtime has ${row.global}. The mock takes it from the package ${row.package} of your node_modules. ${lack}.`)
}

function formData(row) {
  const { module: theirs } = installed(row)
  if (theirs === undefined) return FormData
  theirs.prototype.submit = () => {
    throw new TypeError('the mock lets functions send forms with fetch only')
  }
  return theirs
}

// Values are kept for as long as the function is loaded; a time to live in milliseconds ends them earlier, unless it is -1.
function makeCache() {
  const kept = new Map()
  return {
    async load(key, ttl, fill = ttl) {
      const known = kept.get(key)
      if (known && known.until > Date.now()) return known.value
      const value = await fill()
      kept.set(key, { value, until: typeof ttl === 'number' && ttl !== -1 ? Date.now() + ttl : Infinity })
      return value
    },
    delete: (key) => {
      kept.delete(key)
    },
  }
}

function isLoopback(host) {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

// Returns the mock's address in place of a vendor's host, or null for a host of this machine.
function leadTo({ call }, host) {
  if (call?.apiUrl && call.vendorHosts.includes(host)) return new URL(call.apiUrl)
  if (isLoopback(host)) return null
  throw new TypeError(`request failed: the mock lets functions reach this machine only, not ${host}`)
}

async function bytesOf(stream) {
  const parts = []
  for await (const part of stream.pipe(new PassThrough())) parts.push(part)
  return Buffer.concat(parts)
}

// As node-fetch does: the form is the body, and brings its type.
async function withForm(init) {
  if (typeof init?.body?.getBoundary !== 'function') return init
  const headers = new Headers(init.headers)
  if (!headers.has('content-type')) headers.set('content-type', `multipart/form-data; boundary=${init.body.getBoundary()}`)
  return { ...init, headers, body: await bytesOf(init.body) }
}

function guardedFetch(current) {
  return async function guarded(resource, init) {
    const request = new Request(resource, await withForm(init))
    const url = new URL(request.url)
    const mock = leadTo(current, url.hostname)
    const { method, headers, signal } = request
    const body = request.body === null ? undefined : await request.arrayBuffer()
    // A redirect could lead elsewhere, so it is the function that has to follow it.
    return fetch(mock ? new URL(url.pathname + url.search, mock) : url, { method, headers, body, signal, redirect: 'manual' })
  }
}

// Of the options, those that cannot lead elsewhere.
const HTTPS_OPTIONS = ['method', 'path', 'headers', 'auth', 'timeout', 'signal']
const TLS_OPTIONS = ['ca', 'cert', 'key', 'passphrase', 'rejectUnauthorized', 'servername']

function guardedHttps(current) {
  const chosen = (options, names) => Object.fromEntries(names.filter((name) => name in options).map((name) => [name, options[name]]))
  const request = (...given) => {
    const answered = typeof given.at(-1) === 'function' ? given.pop() : undefined
    const [first, second] = given
    const address = typeof first === 'string' || first?.href !== undefined
    const options = address ? { ...urlToHttpOptions(new URL(first.href ?? first)), ...second } : { ...first }
    const host = options.hostname ?? options.host ?? 'localhost'
    const mock = leadTo(current, host)
    const common = chosen(options, HTTPS_OPTIONS)
    return mock
      ? http.request({ ...common, hostname: mock.hostname, port: mock.port }, answered)
      : https.request({ ...common, ...chosen(options, TLS_OPTIONS), hostname: host, port: options.port ?? 443 }, answered)
  }
  const get = (...given) => {
    const asked = request(...given)
    asked.end()
    return asked
  }
  return { request, get }
}

function valueOf(row, current) {
  if (row.global === 'FormData') return formData(row)
  if (row.has === 'package') return packageOf(row)
  if (row.has === 'node') return nodesOwn[row.global.split('.')[0]]
  return { cache: makeCache, fetch: guardedFetch, https: guardedHttps }[row.global](current)
}

// What is behind a documented name, and for every other member a sentence.
function behind(name, row, current) {
  const [, inner] = row.global.split('.')
  return new Proxy({}, {
    get(kept, member) {
      if (typeof member === 'symbol') return undefined
      if (member !== inner) throw new ReferenceError(`Segment's runtime has ${row.global}, not ${name}.${member}`)
      kept[inner] ??= valueOf(row, current)
      return kept[inner]
    },
  })
}

function made(name, group, current) {
  const [row] = group
  if (row.has === 'none') return absent(name, row.note)
  return row.global === name ? valueOf(row, current) : behind(name, row, current)
}

// Packages are loaded when they are first used. Functions may assign to each name: zlib = zlib.zlib.
function makeGlobals(current) {
  const globals = {}
  for (const [name, group] of documented) {
    const define = (value) => Object.defineProperty(globals, name, { value, writable: true, configurable: true, enumerable: true })
    Object.defineProperty(globals, name, {
      get: () => define(made(name, group, current))[name],
      set: define,
      configurable: true,
      enumerable: true,
    })
  }
  return globals
}
