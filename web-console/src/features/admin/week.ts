// Opening hours in one line: days that are alike are named together.
import { windowsText } from './keys'

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]

/** The first Monday of 2024, to take the days' names from. */
const MONDAY = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000

export function dayName(day: Day, language: string, length: 'short' | 'long'): string {
  return new Intl.DateTimeFormat(language, { weekday: length, timeZone: 'UTC' }).format(MONDAY + DAYS.indexOf(day) * DAY_MS)
}

/** `Mon–Thu 09:00–18:00 · Fri 09:00–15:00`. Closed days are left out. */
export function weekText(weekly: Readonly<Record<string, ReadonlyArray<readonly [string, string]>>>, language: string): string {
  const spans: Array<{ first: Day; last: Day; hours: string }> = []
  for (const day of DAYS) {
    const hours = windowsText(weekly[day] ?? [])
    const span = spans.at(-1)
    if (span && span.hours === hours) span.last = day
    else spans.push({ first: day, last: day, hours })
  }
  return spans
    .filter((span) => span.hours !== '')
    .map(({ first, last, hours }) => `${dayName(first, language, 'short')}${last === first ? '' : `–${dayName(last, language, 'short')}`} ${hours}`)
    .join(' · ')
}
