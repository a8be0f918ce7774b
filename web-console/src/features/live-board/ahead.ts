// How far ahead a waiting caller is to stand, as people type it.

export type AheadUnit = 'minutes' | 'seconds'

/** As though the caller had waited a day longer: the server takes no more. */
export const AHEAD_SECS_MAX = 86_400

/** In seconds; `null` for what is no whole number within the bounds. */
export function aheadSecs(text: string, unit: AheadUnit): number | null {
  const typed = text.trim()
  if (!/^\d{1,5}$/.test(typed)) return null
  const secs = Number(typed) * (unit === 'minutes' ? 60 : 1)
  return secs >= 1 && secs <= AHEAD_SECS_MAX ? secs : null
}

/** The greatest number of that unit. */
export function aheadMost(unit: AheadUnit): number {
  return unit === 'minutes' ? AHEAD_SECS_MAX / 60 : AHEAD_SECS_MAX
}
