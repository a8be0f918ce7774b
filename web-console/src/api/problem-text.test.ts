import { beforeAll, beforeEach, expect, test } from 'vitest'
import { changeLanguage, startI18n } from '@/i18n'
import { ApiProblem, type FieldProblem } from './client'
import { failureText, flawText, leftOutText, problemText, workflowMistakeText } from './problem-text'

const English = { message: 'something is wrong', mend: 'mend it' }
const field = (flaw: object, name = 'id') => ({ field: name, ...flaw, ...English }) as FieldProblem
const problem = (status: number, kind: string, fields: FieldProblem[] = []) => new ApiProblem(status, 'Refused', 'In English.', fields, { type: `/problems/${kind}` })

beforeAll(async () => {
  await startI18n()
})
beforeEach(() => changeLanguage('es'))

test('a flaw is said in the language of the console, with its parameters', async () => {
  const flaw = field({ code: 'out_of_range', params: { value: 11, least: 1, most: 10 } })
  expect(flawText(flaw)).toBe('11 no vale: usa de 1 a 10.')
  await changeLanguage('en')
  expect(flawText(flaw)).toBe('11 is not possible: use 1 to 10.')
})

test('things and lists within it are words of that language too', async () => {
  const inUse = field({ code: 'in_use', params: { by: [{ thing: 'number', key: '1000' }, { thing: 'line', key: 'main-menu' }] } })
  expect(flawText(inUse)).toBe('Lo usa todavía: número 1000 y línea main-menu. Cámbialo antes.')
  await changeLanguage('en')
  expect(flawText(field({ code: 'not_a_choice', params: { choices: ['udp', 'tcp', 'tls'] } }))).toBe('Use udp, tcp, or tls.')
  expect(flawText(field({ code: 'unknown', params: { thing: 'queue', key: 'sales' } }))).toBe('There is no queue “sales”. Make it first, or choose another.')
})

test('what a newer server says is shown as it says it', () => {
  expect(flawText(field({ code: 'brand_new', params: { depth: 3 } }))).toBe('Something is wrong. Mend it.')
  expect(flawText(field({}))).toBe('Something is wrong. Mend it.')
})

test('a mistake in the text of a workflow is said in the language of the console, with its parameters', async () => {
  const mistake = (flaw: object) => ({ line: 3, ...English, ...flaw }) as Parameters<typeof workflowMistakeText>[0]
  const key = mistake({ code: 'unknown_key', params: { part: 'state', key: 'categry', choices: ['category', 'names'] } })
  expect(workflowMistakeText(key)).toBe('Un estado no tiene `categry`. Bórralo; aquí van category o names.')
  expect(workflowMistakeText(mistake({ code: 'no_moves' }))).toBe('El flujo de trabajo no tiene pasos. Escribe [[workflows.<clave>.moves]] con from y to.')
  expect(workflowMistakeText(mistake({ code: 'too_many_states', params: { count: 61, most: 60 } }))).toBe('El flujo de trabajo tiene 61 estados. Puede haber 60 como mucho.')
  await changeLanguage('en')
  expect(workflowMistakeText(key)).toBe('A state has no `categry`. Delete it; here belong category or names.')
  expect(workflowMistakeText(mistake({ code: 'brand_new', params: {} }))).toBe('Something is wrong. Mend it.')
})

test('a refusal as a whole: by its kind, by its fields, or as the server says it', () => {
  expect(problemText(problem(409, 'last-administrator'))).toBe('Es el último administrador que puede entrar. Crea otro antes.')
  expect(problemText(problem(409, 'in-use', [field({ code: 'taken' })]))).toBe('Esa clave está ocupada. Usa otra, o cambia la entrada que la tiene.')
  expect(problemText(problem(422, 'invalid', [field({ code: 'missing' }, 'names.es'), field({ code: 'empty' }, 'scopes')]))).toBe('names.es: Rellena este campo. scopes: Indica al menos uno.')
  expect(problemText(problem(418, 'teapot'))).toBe('In English.')
  expect(problemText(problem(0, ''))).toBe('No se puede contactar con el servidor. Revisa la red y vuelve a intentarlo.')
})

test('who may not listen for want of room is told so, and not of lines', async () => {
  const busy = { refusal: 'too_many_calls', message: 'all lines are busy' } as const
  const refused = { refusal: 'no_room_to_listen', message: 'no room for another listener' } as const
  expect(failureText(busy)).toBe('Todas las líneas están ocupadas. Prueba dentro de un momento.')
  expect(failureText(refused)).toMatch(/^No hay sitio para otra escucha ahora mismo: /)
  await changeLanguage('en')
  expect(failureText(refused)).toMatch(/^There is no room for another listener just now: /)
})

test('a row of a file is left out for a reason that is said', () => {
  expect(leftOutText({ why: 'already_here', name: 'Ana' })).toBe('Probablemente ya está como Ana')
  expect(leftOutText({ why: 'wrong', problems: [field({ code: 'not_an_email' }, 'email')] })).toBe('email: Escribe un correo, como ana@example.com.')
})
