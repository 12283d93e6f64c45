// Runs destination functions for the mock, behind function_globals.js: one JSON line in, one JSON line out, one call at a time.
// In:  {"number", "code", "handler" or null, "argument", "settings", "apiUrl", "vendorHosts", "milliseconds"}
// Out: {"number", "handlers"} when no handler is asked for, else {"number", "value"} or {"number", "error", "message"};
//      always with "console", the beginning of what the function wrote there.

const vm = require('node:vm')
const readline = require('node:readline')

// A function that leaves vm must not signal the user's other programs. Files and programs are closed by Node's permissions.
for (const name of ['kill', '_kill', '_debugProcess']) process[name] = undefined

const HANDLERS = ['onTrack', 'onIdentify', 'onPage', 'onScreen', 'onGroup', 'onAlias', 'onDelete', 'onBatch']
const CONSOLE_KEPT = 4096
// Each may have its own copies of packages in the heap.
const LOADED_AT_MOST = 10
const loaded = new Map()

function load(code) {
  if (loaded.has(code)) return loaded.get(code)
  const current = { call: null, written: '' }
  const write = (...parts) => {
    const text = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(' ') + '\n'
    current.written = (current.written + text).slice(0, CONSOLE_KEPT)
  }
  const names = ['EventNotSupported', 'InvalidEventPayload', 'ValidationError', 'RetryError', 'DropEvent']
  const classes = names.map((name) => `class ${name} extends Error { get name() { return '${name}' } }`).join('\n')
  const context = vm.createContext(Object.assign(makeGlobals(current), {
    console: { log: write, info: write, warn: write, error: write, debug: write },
    Request, Response, Headers, URL, URLSearchParams, AbortController, TextEncoder, TextDecoder, Blob,
    Buffer, structuredClone, setTimeout, clearTimeout,
  }))
  vm.runInContext(classes, context)
  const found = vm.runInContext(
    `${code}\n;({${HANDLERS.map((name) => `${name}: typeof ${name} === 'function' ? ${name} : null`).join(', ')}})`,
    context, { filename: 'function.js', timeout: 5000 })
  const entry = { handlers: found, context, current }
  loaded.set(code, entry)
  if (loaded.size > LOADED_AT_MOST) loaded.delete(loaded.keys().next().value)
  return entry
}

async function answer(call) {
  let entry = null
  try {
    entry = load(call.code)
    if (!call.handler) {
      return { handlers: HANDLERS.filter((name) => entry.handlers[name]), console: '' }
    }
    entry.current.call = call
    entry.current.written = ''
    entry.context.__call = { handler: entry.handlers[call.handler], argument: call.argument, settings: call.settings }
    // The mock ends this process when it takes too long. Should the mock have died meanwhile, an endless loop ends here.
    const running = vm.runInContext('__call.handler(__call.argument, __call.settings)', entry.context,
      { timeout: call.milliseconds })
    const value = await running
    return { value: value === undefined ? null : value, console: entry.current.written }
  } catch (error) {
    const thrown = error !== null && typeof error === 'object'
    return {
      error: (thrown && error.name) || 'Error',
      message: String(thrown ? error.message : error),
      console: entry ? entry.current.written : '',
    }
  }
}

function say(number, result) {
  let line
  try {
    line = JSON.stringify({ number, ...result })
  } catch (error) {
    line = JSON.stringify({ number, error: 'Error', message: `the result is not valid JSON: ${error.message}`, console: '' })
  }
  process.stdout.write(line + '\n')
}

// What goes wrong after a handler has ended, such as a promise without a handler, must not end the process.
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})
const lines = readline.createInterface({ input: process.stdin })
lines.on('line', async (line) => {
  const call = JSON.parse(line)
  say(call.number, await answer(call))
})
lines.on('close', () => process.exit(0))
