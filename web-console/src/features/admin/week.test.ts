import { expect, test } from 'vitest'
import { weekText } from './week'

const nine: Array<[string, string]> = [['09:00', '18:00']]

test('days that are alike are named together, closed ones not at all', () => {
  expect(weekText({ mon: nine, tue: nine, wed: nine, thu: nine, fri: [['09:00', '15:00']] }, 'en')).toBe('Mon–Thu 09:00–18:00 · Fri 09:00–15:00')
  expect(weekText({ mon: nine, wed: nine }, 'es')).toBe('lun 09:00–18:00 · mié 09:00–18:00')
  expect(weekText({}, 'en')).toBe('')
})
