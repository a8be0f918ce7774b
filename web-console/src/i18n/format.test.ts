import { expect, test } from 'vitest'
import { agoText, clockText, phoneText, pointText, spanText } from './format'

test('timers', () => {
  expect([0, 7_400, 754_000, 3_723_000, -5].map(clockText)).toEqual(['0:00', '0:07', '12:34', '1:02:03', '0:00'])
})

test('spans', () => {
  expect([45_000, 720_000, 12_000_000, 7_200_000, 187_200_000].map(spanText)).toEqual(['45 s', '12 min', '3 h 20 min', '2 h', '2 d 4 h'])
})

test('numbers can be read aloud', () => {
  expect(phoneText('+34911000001')).toBe('+34 911 000 001')
  expect(phoneText('+4930901820')).toBe('+49 309 018 20')
  expect(phoneText('101')).toBe('101')
})

test('how long ago, in words', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  const ago = (minutes: number, language: string) => agoText(now - minutes * 60_000, now, language)
  expect([0.5, 3, 125, 60 * 30, 60 * 24 * 3].map((minutes) => ago(minutes, 'en'))).toEqual(['now', '3 minutes ago', '2 hours ago', 'yesterday', '3 days ago'])
  expect([0.5, 3, 60 * 30].map((minutes) => ago(minutes, 'es'))).toEqual(['ahora', 'hace 3 minutos', 'ayer'])
  // Clocks that disagree do not make a future.
  expect(ago(-2, 'en')).toBe('now')
})

test('points in time say the day, and the year, only where they must', () => {
  const now = new Date(2026, 10, 21, 12, 0).getTime()
  const points = [new Date(2026, 10, 21, 9, 5), new Date(2026, 10, 18, 9, 5), new Date(2025, 10, 18, 9, 5)].map((date) => date.getTime())
  expect(points.map((point) => pointText(point, now, 'en'))).toEqual(['09:05', '18 Nov, 09:05', '18 Nov 2025, 09:05'])
})
