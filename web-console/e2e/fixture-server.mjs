// A stand-in for the server while working on pages: serves the built console and speaks its protocols from memory.
// usage: npm run build && node e2e/fixture-server.mjs [port]    then POST /fixture/ring?match=one|several|none|withheld|web
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { WebSocketServer } from 'ws'
import { makeRecords } from './fixture-records.mjs'

const port = Number(process.argv[2] ?? 18080)
const dist = new URL('../dist/', import.meta.url).pathname
const iso = (ms = Date.now()) => new Date(ms).toISOString()
const ago = (minutes) => iso(Date.now() - minutes * 60_000)
let count = 0
const mint = () => `01FX${String(++count).padStart(22, '0')}`

const users = {
  agent1: { id: 'agent1', name: 'Lucía Navarro', role: 'agent' },
  supervisor: { id: 'supervisor', name: 'Marta Ríos', role: 'supervisor' },
  admin: { id: 'admin', name: 'Óscar Vidal', role: 'administrator' },
}
const clock = (metric, state, left, target = 14_400) => ({
  metric, state, started_at: ago(60), target_secs: target, due_at: state === 'paused' || state === 'met' ? null : iso(Date.now() + left * 60_000),
  left_secs: state === 'paused' ? 3600 : null, met_at: state === 'met' ? ago(30) : null, breached_at: state === 'breached_open' ? ago(-left) : null,
})
const ticket = (number, subject, state, priority, clocks, type = 'incident') => ({
  id: `01TK${String(number).padStart(22, '0')}`, number, version: 1, type, subject, state, priority, customer: 'c1', customer_name: 'Carmen Ortega Ruiz',
  owner: 'agent1', queue: 'support', created_at: ago(600), updated_at: ago(20), clocks,
})
const tickets = [
  ticket(1042, 'Router reinicia cada noche tras la actualización', 'open', 'urgent', [clock('first_response', 'breached_open', -12), clock('resolution', 'running', 240)]),
  ticket(1038, 'Cargo duplicado en la factura de octubre', 'waiting_customer', 'high', [clock('first_response', 'met', 0), clock('resolution', 'paused', 0)], 'complaint'),
  ticket(1031, 'Alta de una segunda línea móvil', 'new', 'normal', [clock('first_response', 'running', 22), clock('resolution', 'running', 1500)], 'request'),
]
const interaction = (channel, days, reason, disposition, notes, ticketNumber) => ({
  id: mint(), customer: 'c1', channel, direction: channel === 'email' ? 'outbound' : 'inbound', at: ago(days * 1440 + 13), agent: 'agent2', call: null, queue: 'support', reason,
  disposition, notes, duration_ms: channel === 'call' ? 284_000 : 0, ticket: ticketNumber ? tickets[0].id : null, ticket_number: ticketNumber ?? null,
})
const customer = (id, name, segment, more = {}) => ({
  id, version: 3, name, organisation: null, document: null, segment, language: 'es', phones: [{ number: '+34911000001', label: 'mobile' }],
  emails: [{ address: `${id}@example.com`, label: '' }], products: [], notes: '', created_at: ago(90_000), updated_at: ago(900), ...more,
})
const carmen = {
  customer: customer('c1', 'Carmen Ortega Ruiz', 'gold', {
    organisation: 'Librería Ortega', document: '12345678Z', phones: [{ number: '+34911000001', label: 'mobile' }, { number: '+34600123456', label: 'work' }],
    products: [{ name: 'Fibra 600 Mb + fijo', status: 'active', since: '2021-03-01' }, { name: 'Móvil 20 GB', status: 'active', since: '2022-06-10' }, { name: 'Centralita virtual', status: 'cancelled', since: '2019-01-15' }],
    notes: 'Prefiere que la llamen por la tarde.',
  }),
  open_tickets: tickets,
  interactions: [
    interaction('call', 1, 'router', 'tech-router', 'Reinicio nocturno. Se le pide que mire si la luz queda en naranja y que llame si vuelve a pasar.', 1042),
    interaction('email', 3, null, 'billing-duplicate', 'Enviado justificante del abono pendiente.', 1038),
    interaction('call', 9, 'billing', 'billing-duplicate', 'Cargo repetido el 3 y el 5 de octubre.'),
    interaction('web', 21, 'sales', 'sales-new', 'Pregunta por una segunda línea.'),
    interaction('note', 40, null, null, 'Cliente desde 2019; antes con centralita virtual.'),
    interaction('visit', 80, null, null, 'Recoge un router nuevo en tienda.'),
  ],
}
const several = ['Hotel Miramar, recepción', 'Hotel Miramar, cocina', 'Antonio Pérez'].map((name, i) => ({
  customer: customer(`m${i}`, name, i === 0 ? 'silver' : 'standard', { organisation: i < 2 ? 'Hotel Miramar S. L.' : null }), open_tickets: tickets.slice(0, i), interactions: [],
}))
const names = (en, es) => ({ en, es })
const dispositions = [
  ['tech', null, names('Technical', 'Técnico')], ['tech-router', 'tech', names('Router', 'Router')], ['tech-line', 'tech', names('Line down', 'Línea caída')], ['tech-speed', 'tech', names('Slow connection', 'Conexión lenta')],
  ['billing', null, names('Billing', 'Facturación')], ['billing-duplicate', 'billing', names('Duplicate charge', 'Cargo duplicado')], ['billing-question', 'billing', names('Question about a bill', 'Duda de factura')], ['billing-payment', 'billing', names('Payment plan', 'Aplazamiento')],
  ['sales', null, names('Sales', 'Ventas')], ['sales-new', 'sales', names('New product', 'Producto nuevo')], ['sales-cancel', 'sales', names('Cancellation', 'Baja')],
  ['other', null, names('Other', 'Otros')], ['wrong', 'other', names('Wrong number', 'Se equivoca')], ['silent', 'other', names('Nobody there', 'No hay nadie')],
].map(([id, parent, names], position) => ({ id, parent, names, position, is_active: true }))
const queue = (id, name) => ({
  id, name, skills: [], priority: 0, ring_secs: 20, waiting_max: 50, wait_secs_max: 600, calendar: null, wrap_up: { mode: 'timed', secs: 60 }, service_level_secs: 20, service_level_percent: 80,
  short_abandon_secs: 5, position_every_secs: 30, on_no_agents: { then: 'wait' }, on_max_wait: { then: 'callback' }, on_full: { then: 'callback' }, on_closed: { then: 'callback' }, dispositions: [],
  ticket_type: 'incident', caller_number: null, script: { es: 'Soporte, le atiende {agente}. ¿En qué puedo ayudarle?\nPida el DNI antes de dar datos de la cuenta.', en: 'Support, you are speaking with {agent}. How can I help?\nAsk for the document before giving account details.' },
})
const queues = [queue('support', 'Soporte'), queue('sales', 'Ventas'), queue('billing', 'Facturación')]
const pauses = [['break', 'Break', 'Descanso'], ['lunch', 'Lunch', 'Comida'], ['training', 'Training', 'Formación']].map(([id, en, es]) => ({ id, names: names(en, es) }))
const agents = [['agent1', 'Lucía Navarro', 'offline'], ['agent2', 'Diego Santos', 'ready'], ['agent3', 'Nuria Vidal', 'busy'], ['agent4', 'Pablo Ferrer', 'paused'], ['agent5', 'Irene Molina', 'wrapping_up']].map(([id, name, state]) => ({
  id, version: 1, name, presence: presenceOf(state), since: ago(Math.random() * 40), next: null, has_console: true, has_device: true, call: state === 'busy' ? 'b1' : null, queues: ['support', 'sales'], work: [], why: null,
}))
function presenceOf(state) {
  if (state === 'paused') return { state, reason: 'lunch' }
  if (state === 'busy' || state === 'offered') return { state, call: 'b1' }
  if (state === 'wrapping_up') return { state, call: 'b1', until: iso(Date.now() + 40_000) }
  return { state }
}

const me = agents[0]
let calls = []
let pops = []
const notes = new Map()
const sockets = new Set()
const send = (socket, message) => socket.send(JSON.stringify({ n: ++socket.n, sent_at: iso(), ...message }))
const tell = (message) => sockets.forEach((socket) => socket.n > 0 && socket.user === 'agent1' && send(socket, message))
const tellCall = (call) => {
  call.version += 1
  call.since = iso()
  tell({ t: 'call', call })
}
const tellAgent = (presence, more = {}) => {
  Object.assign(me, { version: me.version + 1, presence, since: iso() }, more)
  tell({ t: 'agent', agent: me })
}

function ring(match) {
  const matches = match === 'one' ? [carmen] : match === 'several' ? several : []
  const call = {
    id: mint(), version: 1, direction: 'inbound', state: { is: 'offered', until: iso(Date.now() + 20_000) }, agent: 'agent1',
    party: {
      number: match === 'withheld' || match === 'web' ? null : match === 'none' ? '+34622987654' : '+34911000001', label: null, is_withheld: match === 'withheld', is_web: match === 'web',
      customer: matches.length === 1 ? 'c1' : null, candidates: matches.map((one) => one.customer.id), name: matches.length === 1 ? 'Carmen Ortega Ruiz' : null, segment: matches.length === 1 ? 'gold' : null,
    },
    our_number: '1000', line: 'main', queue: 'support', reason: 'router-or-line', ivr_path: ['greeting', 'main-menu', 'technical', 'router-or-line'], language: 'es', started_at: ago(2), queued_at: ago(1),
    since: iso(), connected_at: null, is_muted: false, agent_audio: 'up', recording: { is: 'off', may_begin: false }, answered_by: { is_listening: false, has_beeped: false, messages: [] }, supervisors: [], transferred_from: null,
  }
  calls.push(call)
  pops.push({ call: call.id, matches })
  tellAgent({ state: 'offered', call: call.id })
  tell({ t: 'call', call })
  tell({ t: 'pop', call: call.id, matches, arrived_at: iso(Date.now() - 80) })
}

function over(call) {
  calls = calls.filter((one) => one !== call)
  pops = pops.filter((one) => one.call !== call.id)
  call.state = { is: 'over', cause: 'hangup' }
  tellCall(call)
  tellAgent(me.next ?? { state: 'ready' }, { next: null, call: null })
}

function command(socket, { id, command: c }) {
  const call = calls.find((one) => one.id === c.call)
  let problem = null
  switch (c.do) {
    case 'set_presence':
      if (calls.length > 0) tellAgent(me.presence, { next: c.wanted })
      else tellAgent(c.wanted, { has_device: true })
      break
    case 'answer':
      call.connected_at = iso()
      call.state = { is: 'talking' }
      tellCall(call)
      tellAgent({ state: 'busy', call: call.id }, { call: call.id })
      break
    case 'decline':
      over(call)
      break
    case 'hold':
      call.state = { is: 'held' }
      tellCall(call)
      break
    case 'resume':
      call.state = { is: 'talking' }
      tellCall(call)
      break
    case 'mute':
      for (const one of calls) {
        one.is_muted = c.is_muted
        tell({ t: 'call', call: { ...one, version: ++one.version } })
      }
      break
    case 'hang_up':
    case 'transfer':
      call.state = { is: 'wrapping_up', until: iso(Date.now() + 60_000), needs_disposition: true }
      tellCall(call)
      tellAgent({ state: 'wrapping_up', call: call.id, until: call.state.until })
      break
    case 'wrap_up_extend':
      call.state.until = iso(Date.parse(call.state.until) + 30_000)
      tellCall(call)
      break
    case 'wrap_up_done':
      over(call)
      break
    case 'choose_customer': {
      const chosen = several.find((one) => one.customer.id === c.customer) ?? carmen
      Object.assign(call.party, { customer: c.customer, name: chosen.customer.name, segment: chosen.customer.segment })
      tellCall(call)
      break
    }
    case 'save_notes':
      notes.set(c.call, c.notes)
      break
    case 'dial':
      problem = { refusal: 'not_dialable', message: 'this number cannot be dialled' }
      break
    case 'media_offer':
      send(socket, { t: 'media_answer', sdp: null, problem: 'the fixture server carries no audio' })
      break
    default:
      break
  }
  send(socket, { t: 'result', id, problem })
}

const hello = (socket) => ({
  t: 'hello', server_time: iso(), build: 'fixture', user: socket.user, centre_name: 'Telefónica del Sur', is_sample: true, agent: socket.user === 'agent1' ? me : null, calls: socket.user === 'agent1' ? calls : [], pops,
  notes: [...notes].map(([call, text]) => ({ call, notes: text })), colleagues: agents, cursor: 'n1:1',
})
const counts = (offered, answered, inTime, abandoned) => ({ offered, answered, answered_in_time: inTime, abandoned, abandoned_short: 1, abandoned_in_time: 1, flowed_out: 2, wait_ms_answered: answered * 18_000, wait_ms_max: 212_000 })
const level = (numerator, denominator) => ({ variant: 'without_short_abandons', code: 'SL-4', threshold_ms_min: 20_000, threshold_ms_max: 20_000, numerator, denominator, basis_points: Math.round((10_000 * numerator) / denominator) })
let waiting = 3
const longest = Date.now() - 95_000
function board() {
  waiting = Math.max(0, Math.min(9, waiting + Math.round(Math.random() * 2 - 1)))
  return {
    at: iso(),
    queues: queues.map((one, i) => ({
      live: { id: one.id, version: 1, waiting: i === 0 ? waiting : i, longest_since: i === 0 && waiting > 0 ? iso(longest) : i === 1 ? iso(longest + 80_000) : null, agents_ready: i === 2 ? 0 : 1, agents_signed_in: 3 - i, talking: 2 - i },
      name: one.name, today: counts(148 - i * 40, 130 - i * 38, 108 - i * 40, 9), interval: counts(14, 12 - i, 7 + i, 2), level_today: level(108 - i * 40, 138 - i * 38), level_interval: level(7 + i, 13 - i), service_level_secs: 20, service_level_percent: 80,
    })),
    agents, calls: [{ id: 'b1', version: 1, direction: 'inbound', state: { is: 'talking' }, agent: 'agent3', party: { number: '+34911000044', label: null, is_withheld: false, is_web: false, customer: 'x', candidates: [], name: 'Julián Casas', segment: 'silver' }, our_number: '1002', line: null, queue: 'sales', reason: null, ivr_path: [], language: 'es', started_at: ago(6), queued_at: ago(5), since: ago(4), connected_at: ago(4), is_muted: false, agent_audio: 'up', recording: { is: 'off', may_begin: false }, answered_by: { is_listening: false, has_beeped: false, messages: [] }, supervisors: [], transferred_from: null },
      { id: 'b2', version: 1, direction: 'inbound', state: { is: 'waiting', position: 1 }, agent: null, party: { number: '+34911000077', label: null, is_withheld: false, is_web: false, customer: null, candidates: [], name: null, segment: null }, our_number: '1001', line: null, queue: 'support', reason: 'router', ivr_path: [], language: 'es', started_at: iso(longest - 20_000), queued_at: iso(longest), since: iso(longest), connected_at: null, is_muted: false, agent_audio: 'none', recording: { is: 'off', may_begin: false }, answered_by: { is_listening: false, has_beeped: false, messages: [] }, supervisors: [], transferred_from: null }],
  }
}

const records = makeRecords({ customer, carmen, several, tickets, ticket, clock, dispositions, queues, pauses })
let signedIn = null
async function rest(request, url, body, text) {
  const path = url.pathname.replace('/api/v1', '')
  if (path === '/web-phone/lines') return { is_on: true, centre_name: 'Telefónica del Sur', is_sample: true, lines: [{ number: '1000', name: 'Atención al cliente' }, { number: '1001', name: 'Soporte técnico' }] }
  if (path === '/session') {
    if (request.method === 'DELETE') {
      signedIn = null
      return {}
    }
    if (request.method === 'POST') signedIn = users[body.user] ?? null
    return signedIn ? { user: signedIn.id, name: signedIn.name, role: signedIn.role, permissions: [], language: 'es', agent: signedIn.id === 'agent1' ? 'agent1' : null, centre_name: 'Telefónica del Sur', is_sample: true } : { status: 401, title: 'Not signed in' }
  }
  if (!signedIn) return { status: 401, title: 'Not signed in' }
  const own = records(request, path, url, body, text, signedIn)
  if (own) return own
  if (/^\/customers\/[^/]+\/snapshot$/.test(path)) return { ...carmen, customer: { ...carmen.customer, id: path.split('/')[2] } }
  if (/^\/calls\/[^/]+\/ticket$/.test(path)) return { ...tickets[0], number: 1043, subject: body.new?.subject ?? tickets[0].subject }
  return { status: 404, title: 'Not found' }
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x')
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  if (url.pathname === '/fixture/ring') {
    ring(url.searchParams.get('match') ?? 'one')
    return response.end('ok')
  }
  if (url.pathname === '/fixture/drop') {
    for (const socket of sockets) socket.terminate()
    return response.end('ok')
  }
  if (url.pathname === '/fixture/notice') {
    tell({ t: 'notice', key: url.searchParams.get('key') })
    return response.end('ok')
  }
  if (url.pathname === '/fixture/reset') {
    calls = []
    pops = []
    notes.clear()
    signedIn = null
    Object.assign(me, { presence: { state: 'offline' }, next: null, version: me.version + 1 })
    return response.end('ok')
  }
  if (url.pathname.startsWith('/api/')) {
    const answer = await rest(request, url, request.headers['content-type']?.includes('json') ? JSON.parse(text) : {}, text)
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify(answer))
  }
  let file = join(dist, url.pathname === '/' ? 'index.html' : url.pathname)
  if (url.pathname === '/call') file = join(dist, 'call.html')
  if (!existsSync(file) || extname(file) === '') file = join(dist, 'index.html')
  if (url.pathname === '/call') file = join(dist, 'call.html')
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; media-src 'self' blob:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
  })
  createReadStream(file).pipe(response)
})
new WebSocketServer({ server }).on('connection', (socket, request) => {
  if (request.url === '/ws/call') {
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString())
      if (message.t === 'call') setTimeout(() => socket.send(JSON.stringify({ t: 'connected' })), 800)
      if (message.t === 'hang_up') socket.send(JSON.stringify({ t: 'ended', cause: 'hangup' }))
    })
    return
  }
  Object.assign(socket, { n: 0, user: signedIn?.id ?? 'agent1' })
  sockets.add(socket)
  let timer
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString())
    if (message.t === 'hello') send(socket, hello(socket))
    else if (message.t === 'ping') send(socket, { t: 'pong', asked_at: message.sent_at })
    else if (message.t === 'command') command(socket, message)
    else if (message.t === 'watch') {
      clearInterval(timer)
      if (message.board) {
        send(socket, { t: 'board', board: board() })
        timer = setInterval(() => send(socket, { t: 'board', board: board() }), 1000)
      }
    }
  })
  socket.on('close', () => {
    clearInterval(timer)
    sockets.delete(socket)
  })
})
server.listen(port, '127.0.0.1', () => console.log(`fixture http://127.0.0.1:${port}`))
