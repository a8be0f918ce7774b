// How durations, times and telephone numbers are written. `Intl` does the rest.

/** `0:07`, `12:34`, `1:02:03`: for timers. Never negative. */
export function clockText(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const seconds = String(total % 60).padStart(2, '0')
  const minutes = Math.floor(total / 60) % 60
  const hours = Math.floor(total / 3600)
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

const DAY_MS = 86_400_000

/** The range of an expected wait: half of the callers wait no longer than the first time, nine of ten no longer than the second. */
export function waitRangeText(wait: { p50_ms: number; p90_ms: number }): string {
  return `${clockText(wait.p50_ms)}–${clockText(wait.p90_ms)}`
}

/** `2 d 4 h`, `3 h 20 min`, `12 min`, `45 s`: for spans that are read, not watched. The units are the same in both languages. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** Our English has the day first and 24 hours, as contact centres in Europe write it. */
export function localeOf(language: string): string {
  return language === 'en' ? 'en-GB' : language
}

const cache = new Map<string, Intl.DateTimeFormat>()

function formatter(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options)
  let found = cache.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(localeOf(language), options)
    cache.set(key, found)
  }
  return found
}

/** `10:42`. */
export function timeText(at: string | number, language: string): string {
  return formatter(language, { hour: '2-digit', minute: '2-digit' }).format(new Date(at))
}

/** `10:42:07`. */
export function exactTimeText(at: string | number, language: string): string {
  return formatter(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at))
}

/** `21 Nov 2026, 10:42`. */
export function dateTimeText(at: string | number, language: string): string {
  return formatter(language, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }).format(new Date(at))
}

/** `21 Nov 2026`. */
export function dateText(at: string | number, language: string): string {
  return formatter(language, { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(at))
}

/** As short as the distance allows: `10:42` today, `21 Nov` this year, `21 Nov 2025` before. */
export function shortDateText(at: string | number, now: number, language: string): string {
  const date = new Date(at)
  const today = new Date(now)
  if (date.toDateString() === today.toDateString()) return timeText(at, language)
  if (date.getFullYear() === today.getFullYear()) return formatter(language, { day: 'numeric', month: 'short' }).format(date)
  return dateText(at, language)
}

/** As short as the distance allows, with the time of day: `10:42` today, `21 Nov, 10:42` this year, else with the year. */
export function pointText(at: string | number, now: number, language: string): string {
  const date = new Date(at)
  const today = new Date(now)
  if (date.toDateString() === today.toDateString()) return timeText(at, language)
  if (date.getFullYear() === today.getFullYear()) return formatter(language, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(date)
  return dateTimeText(at, language)
}

/** `3 days ago`, `hace 3 días`. */
export function agoText(at: string | number, now: number, language: string): string {
  const past = now - new Date(at).getTime()
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  if (past < 60_000) return relative.format(0, 'second')
  if (past < 3_600_000) return relative.format(-Math.floor(past / 60_000), 'minute')
  if (past < DAY_MS) return relative.format(-Math.floor(past / 3_600_000), 'hour')
  if (past < 60 * DAY_MS) return relative.format(-Math.floor(past / DAY_MS), 'day')
  return relative.format(-Math.floor(past / (30 * DAY_MS)), 'month')
}

export function percentText(part: number, whole: number, language: string): string {
  return whole > 0 ? new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(part / whole) : '–'
}

export function numberText(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value)
}

/** Countries whose national numbers people read in groups of three. */
const IN_THREES = ['34', '351', '33']

/** `+34 911 000 001`: an E.164 number in groups that can be read aloud. */
export function phoneText(number: string): string {
  const digits = number.startsWith('+') ? number.slice(1) : undefined
  if (digits === undefined || !/^\d{7,15}$/.test(digits)) return number
  const country = IN_THREES.find((code) => digits.startsWith(code)) ?? (digits.startsWith('1') ? '1' : digits.slice(0, 2))
  const groups = digits.slice(country.length).match(/\d{1,3}/g) ?? []
  const last = groups.at(-1)
  // A single digit at the end reads badly; join it to its neighbour.
  if (last !== undefined && last.length === 1 && groups.length > 1) groups.splice(-2, 2, `${groups.at(-2)}${last}`)
  return `+${country} ${groups.join(' ')}`
}
