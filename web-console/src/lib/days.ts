// Days as the browser's calendar has them, for filters: `2026-11-21` in the address, moments for the server.
import { textParam } from './search-params'

const DAY = /^\d{4}-\d{2}-\d{2}$/

export function dayParam(value: unknown): string | undefined {
  const text = textParam(value)
  return text !== undefined && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined
}

/** Both days included: from the first moment of the one until the last of the other, here where the page is read. */
export function momentsOf(days: { from?: string; to?: string }): { from: string | undefined; to: string | undefined } {
  return { from: days.from && dayStart(days.from, 0), to: days.to && dayStart(days.to, 1) }
}

function dayStart(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}

/** A day as the address has it. */
export function dayOf(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
}
