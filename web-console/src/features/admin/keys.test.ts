import { expect, test } from 'vitest'
import { isKey, keyOfName, makePassword, readTarget, readWindows, targetText, windowsText } from './keys'

test('a key comes of a name', () => {
  expect(['Atención técnica', '  Ventas & Co. ', 'Ñandú', '24 × 7'].map(keyOfName)).toEqual(['atencion-tecnica', 'ventas-co', 'nandu', '24-7'])
  expect(['sales', '24-7', '-x', 'Sales', ''].map(isKey)).toEqual([true, true, false, false, false])
})

test('a target is written as people say it', () => {
  expect([900, 14_400, 5_400, 90, 172_800, null].map(targetText)).toEqual(['15 min', '4 h', '1 h 30 min', '1 min 30 s', '48 h', ''])
  expect(['15 min', '4h', '1 h 30 m', '90 s', '20', ''].map(readTarget)).toEqual([900, 14_400, 5_400, 90, 1_200, null])
  expect(['soon', '4 h later', '-1 h'].map(readTarget)).toEqual([undefined, undefined, undefined])
})

test('what is shown can be read again', () => {
  for (const secs of [1, 59, 60, 3_599, 3_600, 86_400, 90_061]) expect(readTarget(targetText(secs))).toBe(secs)
})

test('opening times', () => {
  expect(readWindows('9-14, 16:00–19:30')).toEqual([['09:00', '14:00'], ['16:00', '19:30']])
  expect(readWindows('21:00–26:00')).toEqual([['21:00', '26:00']])
  expect(readWindows('')).toEqual([])
  expect(['14-9', 'all day', '25-26', '9:75-10'].map(readWindows)).toEqual([undefined, undefined, undefined, undefined])
  expect(windowsText([['09:00', '14:00'], ['16:00', '19:30']])).toBe('09:00–14:00, 16:00–19:30')
})

test('a suggested password has four groups and no look-alikes', () => {
  let next = 0
  const password = makePassword((values) => values.map(() => (next += 7_919)))
  expect(password).toMatch(/^[a-hj-kmnp-z2-9]{4}(-[a-hj-kmnp-z2-9]{4}){3}$/)
})
