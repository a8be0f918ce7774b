// The records of the fixture server: customers, tickets, calls and everything that an administrator sets up, kept in memory.
const iso = (ms = Date.now()) => new Date(ms).toISOString()
const ago = (minutes) => iso(Date.now() - minutes * 60_000)
const page = (items) => ({ items, next: null })
const problem = (status, kind, title, detail, errors = [], more = {}) => ({ status, type: `/problems/${kind}`, title, detail, errors, ...more })
const invalid = (...errors) => problem(422, 'invalid', 'Some values are wrong', 'Some values are wrong.', errors)

/** `world` holds what the live floor shows too: customers, tickets, dispositions, queues, pauses. */
export function makeRecords(world) {
  const names = ['Ana Belén Soto', 'Bruno Casal Iglesias', 'Carla Domènech i Puig', 'Dolores Fuentes', 'Elías Montero', 'Fátima El Amrani', 'Gonzalo Peña', 'Helen Whitfield', 'Íñigo Arrieta', 'Júlia Ferrer', 'Katarzyna Nowak', 'Luis Ángel Rey', 'Mercedes Quiroga', 'Noa Blanco', 'Óscar Prieto', 'Pilar Zamora']
  const people = names.map((name, i) => ({
    ...world.customer(`p${i}`, name, ['standard', 'standard', 'silver', 'gold'][i % 4]), organisation: i % 3 === 0 ? `Talleres ${name.split(' ').at(-1)} S. L.` : null, document: `${48_000_000 + i * 7_919}K`,
    language: name.startsWith('Helen') || name.startsWith('Kat') ? 'en' : 'es', phones: [{ number: `+3491100${String(1000 + i * 37)}`, label: 'mobile' }], updated_at: ago(i * 4_000),
  }))
  const customers = new Map([world.carmen.customer, ...world.several.map((one) => one.customer), ...people].map((one) => [one.id, one]))
  const timeline = new Map([['c1', [...world.carmen.interactions]]])

  const subjects = ['Sin línea desde el temporal', 'Cambio de titular', 'Router nuevo no arranca', 'Quiere la factura en papel', 'Portabilidad rechazada dos veces', 'Baja de la tarifa de datos', 'Ruido en la línea por las tardes', 'Devolver llamada: sugerencia sobre la app']
  const states = ['open', 'new', 'waiting_customer', 'waiting_supplier', 'open', 'solved', 'waiting_internal', 'new']
  const types = ['incident', 'request', 'return', 'enquiry', 'complaint', 'request', 'incident', 'callback']
  const tickets = new Map()
  const ticketEvent = (at, user, event) => ({ node: 'n1', seq: 1, at, actor: { by: 'user', user }, cause: null, area: 'ticket', event })
  const addTicket = (line, more = {}) => tickets.set(line.id, { ...line, description: '', disposition: null, is_internal: false, solved_at: null, entries: [], events: [], interactions: [], earlier: null, ...more })
  world.tickets.forEach((line, i) =>
    addTicket(line, i > 0 ? {} : {
      description: 'El router se reinicia solo cada noche entre las 3 y las 4 desde la actualización del martes. Ya ha cambiado de enchufe.\n\nModelo: FR-1200, versión 4.2.1.', disposition: 'tech-router',
      interactions: [world.carmen.interactions[0]],
      events: [
        ticketEvent(ago(1450), 'agent2', { kind: 'changed', priority: 'high', before: { priority: 'normal' } }),
        ticketEvent(ago(900), 'agent2', { kind: 'moved', from: 'open', to: 'waiting_customer', reason: 'Nos dirá la hora exacta' }),
        ticketEvent(ago(320), 'agent1', { kind: 'assigned', from: 'agent2', to: 'agent1' }),
      ],
      entries: [
        { id: 'e1', at: ago(1400), author: 'agent2', kind: 'comment', text: 'Le pedimos que apunte a qué hora exacta se reinicia y si la luz queda en naranja.', is_public: true },
        { id: 'e2', at: ago(300), author: 'agent1', kind: 'comment', text: 'En el foro del fabricante hay más casos con la 4.2.1. Preguntar si podemos volver a la 4.1.', is_public: false },
      ],
    }))
  subjects.forEach((subject, i) => {
    const due = [95, 30, 0, 0, -44, 0, 260, 11][i]
    const state = states[i]
    const target = 14_400
    const clocks = state === 'solved' ? [world.clock('resolution', 'met', 0)] : state.startsWith('waiting') ? [world.clock('resolution', 'paused', 0)] : [world.clock('first_response', due < 0 ? 'breached_open' : 'running', due, target)]
    addTicket({ ...world.ticket(1020 - i, subject, state, ['normal', 'low', 'normal', 'high', 'urgent', 'normal', 'normal', 'high'][i], clocks, types[i]), customer: `p${i}`, customer_name: people[i].name, owner: i % 3 === 1 ? null : 'agent2', queue: ['support', 'sales', 'billing'][i % 3], updated_at: ago(i * 300 + 10) })
  })
  const line = ({ description, disposition, is_internal, solved_at, entries, events, interactions, earlier, ...rest }) => rest
  const movesFrom = { new: ['open', 'waiting_customer', 'waiting_internal', 'waiting_supplier', 'solved', 'cancelled'], open: ['waiting_customer', 'waiting_internal', 'waiting_supplier', 'solved', 'cancelled'], waiting_customer: ['open', 'waiting_internal', 'waiting_supplier', 'solved', 'cancelled'], waiting_internal: ['open', 'waiting_customer', 'waiting_supplier', 'solved', 'cancelled'], waiting_supplier: ['open', 'waiting_customer', 'waiting_internal', 'solved', 'cancelled'], solved: ['open', 'closed'], closed: [], cancelled: [] }
  const over = ['closed', 'cancelled', 'solved']

  const outcomes = ['answered', 'answered', 'abandoned', 'answered', 'self_served', 'flowed_out', 'answered', 'not_reached', 'failed', 'open', 'answered', 'answered']
  const calls = outcomes.map((outcome, i) => {
    const person = i === 0 ? world.carmen.customer : people[i]
    const start = Date.now() - (i * 47 + 6) * 60_000
    const talked = outcome === 'answered' || outcome === 'open'
    const known = i % 5 !== 3
    return {
      id: `01CA${String(i).padStart(22, '0')}`, direction: outcome === 'not_reached' || i === 6 ? 'outbound' : 'inbound', customer_number: i === 8 ? null : person.phones[0].number, customer_label: null, our_number: i % 2 ? '1000' : '1001', customer: known ? person.id : null, customer_name: known && i !== 8 ? person.name : null,
      line: i % 2 ? 'main' : null, ivr_path: ['greeting', 'main-menu', 'technical'], reason: i % 2 ? 'router-or-line' : null, queue: outcome === 'self_served' ? null : ['support', 'sales', 'billing'][i % 3], agent: talked ? ['agent1', 'agent2', 'agent3'][i % 3] : null, language: 'es', started_at: iso(start), queued_at: iso(start + 20_000),
      connected_at: talked ? iso(start + 45_000) : null, ended_at: outcome === 'open' ? null : iso(start + 400_000), wait_ms: outcome === 'self_served' ? 0 : 12_000 + i * 9_000, talk_ms: talked ? 214_000 + i * 31_000 : 0, hold_ms: i % 4 === 0 ? 22_000 : 0, outcome, end_cause: outcome === 'open' ? null : outcome === 'failed' ? 'lost' : outcome === 'not_reached' ? 'no_answer' : 'hangup', disposition: outcome === 'answered' ? 'tech-router' : null,
    }
  })
  const eventsOf = (call) => {
    const start = Date.parse(call.started_at)
    const list = [[0, { kind: 'arrived', number: call.our_number, trunk: 'carrier' }], [1, { kind: 'identified', customer: call.customer, matches: call.customer ? 1 : 0 }], [2, { kind: 'ivr_entered', line: 'main', node: 'main-menu' }], [20, { kind: 'queued', queue: call.queue ?? 'support', reason: call.reason }]]
    if (call.agent) list.push([24, { kind: 'offered', queue: call.queue, agent: 'agent3', attempt: 1 }], [44, { kind: 'offer_missed', agent: 'agent3', cause: 'no_answer' }], [45, { kind: 'offered', queue: call.queue, agent: call.agent, attempt: 2 }], [50, { kind: 'connected', queue: call.queue, agent: call.agent, waited_ms: 30_000 }], [120, { kind: 'held', agent: call.agent }], [150, { kind: 'resumed', agent: call.agent }])
    else list.push([90, { kind: 'abandoned', queue: call.queue ?? 'support', waited_ms: 70_000 }])
    list.push([400, { kind: 'ended', cause: call.end_cause ?? 'hangup', by: 'customer' }])
    if (call.disposition) list.push([430, { kind: 'disposed', agent: call.agent, disposition: call.disposition }])
    return list.map(([secs, event], i) => ({ node: 'n1', seq: i + 1, at: iso(start + secs * 1000), actor: { by: 'system' }, cause: null, area: 'call', event: { call: call.id, ...event } }))
  }

  const hours = { mon: [['09:00', '18:00']], tue: [['09:00', '18:00']], wed: [['09:00', '18:00']], thu: [['09:00', '18:00']], fri: [['09:00', '15:00']] }
  const v = (entry) => ({ version: 1, ...entry })
  const kinds = {
    users: { key: 'id', items: ['agent1', 'agent2', 'agent3', 'agent4'].map((id, i) => v({ id, name: ['Lucía Navarro', 'Diego Santos', 'Nuria Vidal', 'Pablo Ferrer'][i], role: 'agent', language: 'es', is_active: i < 3, created_at: ago(90_000), updated_at: ago(800) })).concat([v({ id: 'supervisor', name: 'Marta Ríos', role: 'supervisor', language: 'es', is_active: true, created_at: ago(90_000), updated_at: ago(800) }), v({ id: 'admin', name: 'Óscar Vidal', role: 'administrator', language: 'en', is_active: true, created_at: ago(90_000), updated_at: ago(800) })]) },
    agents: { key: 'id', items: ['agent1', 'agent2', 'agent3', 'agent4', 'agent5'].map((id, i) => v({ id, name: ['Lucía Navarro', 'Diego Santos', 'Nuria Vidal', 'Pablo Ferrer', 'Irene Molina'][i], skills: i % 2 ? { technical: 7, english: 4 } : { technical: 3 }, device: i === 3 ? 'sip' : 'browser', phone: i === 3 ? '104' : null, is_active: true })) },
    skills: { key: 'id', items: [v({ id: 'technical', name: 'Técnica' }), v({ id: 'english', name: 'Inglés' }), v({ id: 'sales', name: 'Ventas' })] },
    queues: { key: 'id', items: world.queues.map((queue, i) => v({ ...queue, skills: i === 0 ? [{ skill: 'technical', level: 1 }] : [], calendar: i === 0 ? 'office' : null })) },
    numbers: { key: 'number', items: [v({ number: '1000', name: 'Menú principal', target: { to: 'line', line: 'main' }, is_on_web_phone: true }), v({ number: '1001', name: 'Soporte directo', target: { to: 'queue', queue: 'support' }, is_on_web_phone: true }), v({ number: '1009', name: 'Eco', target: { to: 'echo' }, is_on_web_phone: false })] },
    trunks: { key: 'id', items: [v({ id: 'local', name: 'Pruebas locales', sources: ['127.0.0.0/8'], username: null, peer: null, transport: 'udp', calls_max: 100, is_active: true }), v({ id: 'carrier', name: 'Operador Sur', sources: ['203.0.113.0/24'], username: 'tds-0341', peer: 'sip.example.com:5060', transport: 'tcp', calls_max: 30, is_active: true })] },
    phones: { key: 'account', items: ['101', '102', '103', '104'].map((account) => v({ account, name: `Mesa ${account}`, is_active: account !== '103' })) },
    calendars: { key: 'id', items: [v({ id: 'office', name: 'Oficina', tz: 'Europe/Madrid', weekly: hours, holidays: [{ date: '--12-25', name: 'Navidad' }, { date: '2026-12-08', name: 'Inmaculada' }], overrides: { '2026-12-24': [['09:00', '13:00']] }, breaks: {} }), v({ id: 'always', name: '24 × 7', tz: 'Europe/Madrid', weekly: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, [['00:00', '24:00']]])), holidays: [], overrides: {}, breaks: {} })] },
    dispositions: { key: 'id', items: world.dispositions.map(v) },
    'pause-reasons': { key: 'id', items: world.pauses.map(v) },
    'sla-policies': { key: 'id', items: [{ id: 'gold', version: 2, name: 'Clientes oro', position: 1, queues: [], types: [], segments: ['gold'], calendar: 'always', targets: { normal: { first_response_secs: 900, resolution_secs: 28_800 }, urgent: { first_response_secs: 300, resolution_secs: 14_400 } }, resolution_pauses_in: ['waiting_customer'] }, { id: 'standard', version: 1, name: 'Todos los demás', position: 9, queues: [], types: [], segments: [], calendar: 'office', targets: { normal: { first_response_secs: 14_400, resolution_secs: 172_800 } }, resolution_pauses_in: ['waiting_customer'] }] },
    tokens: { key: 'id', items: [{ id: 'tok1', user: 'admin', name: 'Informes nocturnos', scopes: ['read_events', 'see_calls'], created_at: ago(40_000), expires_at: null, used_at: ago(300) }] },
  }
  let centre = v({ name: 'Telefónica del Sur', is_sample: true, country_code: '34', language: 'es', time_zone: 'Europe/Madrid', caller_number: '+34950000100', is_web_phone_on: true })
  const audit = [
    ['admin', { area: 'directory', event: { kind: 'changed', thing: 'queue', key: 'support', fields: ['ring_secs'] } }],
    ['admin', { area: 'access', event: { kind: 'user_changed', user: 'agent4', role: 'agent', is_active: false } }],
    ['supervisor', { area: 'access', event: { kind: 'signed_in', user: 'supervisor', address: '192.0.2.10' } }],
    ['system', { area: 'access', event: { kind: 'sign_in_failed', user: 'admin', address: '198.51.100.4' } }],
  ].map(([who, event], i) => ({ node: 'n1', seq: 900 + i, at: ago(400 - i * 40), actor: who === 'system' ? { by: 'system' } : { by: 'user', user: who }, cause: null, ...event }))

  const contains = (text, q) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().includes(q.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase())

  /** Undefined when the address is somebody else's. */
  return function records(request, path, url, body, text, me) {
    const q = url.searchParams
    const [, root, id, leaf] = path.split('/')
    const { method } = request
    if (root === 'customers') {
      if (id === 'import') {
        const rows = text.trim().split('\n').slice(1)
        const preview = rows.map((row, i) => ({ line: i + 2, name: row.split(/[,;]/)[0], problem: i % 4 === 2 ? 'phone: not a number' : i % 4 === 3 ? 'probably here already: Carmen Ortega Ruiz' : null }))
        const taken = preview.filter((row) => !row.problem).length
        return { is_dry_run: q.get('dry_run') === 'true', rows: rows.length, taken, duplicates: 0, wrong: rows.length - taken, columns: [{ field: 'name', heading: 'nombre' }, { field: 'phone', heading: 'teléfono' }], ignored_columns: ['color'], preview, error_file: taken < rows.length ? 'nombre,problem\nX,phone\n' : null }
      }
      if (!id && method === 'GET') {
        const found = [...customers.values()].filter((one) => (!q.get('q') || contains(`${one.name} ${one.organisation ?? ''} ${one.document ?? ''} ${one.emails.map((e) => e.address)} ${one.phones.map((p) => p.number)}`, q.get('q'))) && (!q.get('segment') || one.segment === q.get('segment')))
        const from = Number(q.get('after') ?? 0)
        const limit = Math.min(12, Number(q.get('limit') ?? 50))
        return { items: found.slice(from, from + limit), next: from + limit < found.length ? String(from + limit) : null }
      }
      if (method !== 'GET' && !leaf) {
        if (body.phones?.some((phone) => phone.number === '000')) return invalid({ field: `phones[${body.phones.findIndex((phone) => phone.number === '000')}].number`, message: 'not a telephone number', mend: 'Write it with at least 6 digits' })
        if (q.get('sure') !== 'true' && contains(body.name, 'carmen') && id !== 'c1') return problem(409, 'likely-duplicates', 'Probably here already', 'Others are likely the same customer.', [], { duplicates: [{ customer: world.carmen.customer, reason: 'phone_and_name' }] })
        const old = customers.get(id)
        if (old && old.version !== body.version) return problem(409, 'changed-meanwhile', 'Changed meanwhile', 'Load it again.')
        const saved = { ...(old ?? { id: `n${customers.size}`, created_at: iso() }), ...body, version: (old?.version ?? 0) + 1, updated_at: iso() }
        customers.set(saved.id, saved)
        return saved
      }
      if (leaf === 'timeline') return page(timeline.get(id) ?? [])
      if (leaf === 'notes') {
        const note = { id: `note${Date.now()}`, customer: id, channel: 'note', direction: 'inbound', at: iso(), agent: me.id, call: null, queue: null, reason: null, disposition: null, notes: body.notes, duration_ms: 0, ticket: null, ticket_number: null }
        timeline.set(id, [note, ...(timeline.get(id) ?? [])])
        return note
      }
      if (leaf === 'snapshot') return undefined
      return customers.get(id) ?? problem(404, 'not-found', 'Not found', 'There is no such customer.')
    }
    if (root === 'tickets') {
      if (!id && method === 'GET') {
        const owner = q.get('owner')
        const due = (one) => Math.min(...one.clocks.map((clock) => (clock.due_at ? Date.parse(clock.due_at) : Infinity)))
        return page([...tickets.values()].filter((one) => (q.get('open') !== 'true' || !over.includes(one.state)) && (!owner || (owner === 'none' ? one.owner === null : one.owner === owner)) && (!q.get('queue') || one.queue === q.get('queue')) && (!q.get('state') || one.state === q.get('state')) && (!q.get('type') || one.type === q.get('type')) && (!q.get('customer') || one.customer === q.get('customer')) && (!q.get('q') || contains(`${one.number} ${one.subject} ${one.customer_name}`, q.get('q')))).toSorted((a, b) => due(a) - due(b)).map(line))
      }
      if (!id) {
        if (body.subject === 'x') return invalid({ field: 'subject', message: 'too short or too long', mend: 'Use 3 to 200 characters' })
        const made = { ...world.ticket(1044, body.subject, 'open', body.priority, [world.clock('first_response', 'running', 60)], body.type), ...body, customer_name: customers.get(body.customer)?.name ?? null }
        addTicket(made, { description: body.description })
        return line(made)
      }
      const ticket = tickets.get(id) ?? [...tickets.values()].find((one) => String(one.number) === id)
      if (!ticket) return problem(404, 'not-found', 'Not found', 'There is no such ticket.')
      if (leaf === 'commands') {
        if (body.version != null && body.version !== ticket.version) return problem(409, 'changed-meanwhile', 'Changed meanwhile', 'Load it again.')
        ticket.version += 1
        ticket.updated_at = iso()
        if (body.do === 'move') {
          ticket.events.push(ticketEvent(iso(), me.id, { kind: 'moved', from: ticket.state, to: body.to, reason: body.reason ?? '' }))
          ticket.state = body.to
        } else if (body.do === 'assign') {
          ticket.events.push(ticketEvent(iso(), me.id, { kind: 'assigned', from: ticket.owner, to: body.owner }))
          ticket.owner = body.owner
        } else if (body.do === 'comment') ticket.entries.push({ id: iso(), at: iso(), author: me.id, kind: 'comment', text: body.text, is_public: body.is_public })
        else for (const key of ['subject', 'type', 'priority', 'queue', 'customer', 'disposition']) if (body[key] != null) ticket[key] = body[key]
        return line(ticket)
      }
      return { ...ticket, moves: movesFrom[ticket.state] }
    }
    if (root === 'calls' && leaf === 'tickets') return page([])
    if (root === 'calls' && leaf !== 'ticket') {
      if (!id) return page(calls.filter((one) => (!q.get('outcome') || one.outcome === q.get('outcome')) && (!q.get('queue') || one.queue === q.get('queue')) && (!q.get('agent') || one.agent === q.get('agent')) && (!q.get('direction') || one.direction === q.get('direction')) && (!q.get('q') || contains(`${one.customer_name} ${one.customer_number}`, q.get('q')))))
      const call = calls.find((one) => one.id === id)
      return call ? { ...call, events: eventsOf(call), notes: call.disposition ? 'Se le explica cómo volver a la versión anterior. Queda en llamar si se repite.' : null } : problem(404, 'not-found', 'Not found', 'There is no such call.')
    }
    if (root === 'prompts') return page(['goodbye', 'long-wait', 'no-agents', 'queue-closed', 'queue-full'].map((key) => ({ id: key, languages: ['en', 'es'], texts: { en: 'Thank you for calling. Goodbye.', es: 'Gracias por llamar. Hasta pronto.' } })))
    if (root === 'lines') return page([{
      id: 'main', names: { en: 'Main line', es: 'Línea principal' }, languages: ['es', 'en'], reasons: { 'router-or-line': { en: 'Router or line', es: 'Router o línea' } },
      nodes: { 'main-menu': { en: 'Main menu', es: 'Menú principal' }, technical: { en: 'Technical', es: 'Técnico' }, 'router-or-line': { en: 'Router or line', es: 'Router o línea' } },
    }])
    if (root === 'audit') return { items: audit.filter((record) => [null, record.area].includes(q.get('area'))).toReversed(), next: null }
    if (root === 'centre') {
      if (method === 'PUT') {
        if (body.version !== centre.version) return problem(409, 'changed-meanwhile', 'Changed meanwhile', 'Load it again.')
        centre = { ...body, version: body.version + 1 }
      }
      return centre
    }
    const kind = kinds[root]
    if (!kind) return undefined
    if (!id) {
      if (method === 'GET') return page(kind.items)
      if (root === 'tokens') {
        const token = { id: `tok${kind.items.length + 1}`, created_at: iso(), used_at: null, ...body }
        kind.items.push(token)
        return { token, secret: 'ctl_3f9b1c7d5e8a4f20b6c1d9e7a2f45c80' }
      }
      if (kind.items.some((one) => one[kind.key] === body[kind.key])) return problem(409, 'conflict', 'Not possible now', `There is ${body[kind.key]} already.`)
      const { password, version, ...entry } = body
      const made = v(root === 'users' ? { ...entry, is_active: true, created_at: iso(), updated_at: iso() } : entry)
      kind.items.push(made)
      return made
    }
    const key = decodeURIComponent(id)
    const at = kind.items.findIndex((one) => one[kind.key] === key)
    if (at < 0 && method === 'PUT' && root === 'sla-policies') {
      kind.items.push({ ...body, version: 1 })
      return kind.items.at(-1)
    }
    if (at < 0) return problem(404, 'not-found', 'Not found', 'There is no such entry.')
    if (method === 'GET') return kind.items[at]
    if (leaf === 'password') return body.password.length < 10 ? invalid({ field: 'password', message: 'too short', mend: 'Use at least 10 characters' }) : {}
    if (method === 'DELETE') {
      if (root === 'skills' && key === 'technical') return problem(409, 'conflict', 'Not possible now', 'The skill is used by queue support.')
      kind.items.splice(at, 1)
      return {}
    }
    if (kind.items[at].version !== body.version) return problem(409, 'changed-meanwhile', 'Changed meanwhile', 'Load it again.')
    if (root === 'queues' && body.ring_secs > 120) return invalid({ field: 'ring_secs', message: `${body.ring_secs} is out of range`, mend: 'Use 5 to 120' })
    const { password, ...entry } = body
    kind.items[at] = { ...kind.items[at], ...entry, version: body.version + 1 }
    return kind.items[at]
  }
}
