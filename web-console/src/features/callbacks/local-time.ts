// An agreed time as it is typed, and as the server reads it.

/** `2026-11-24T10:00`; nothing for as soon as possible. A day alone is its first working hour. */
export function localTime(day: string, time: string): string | null {
  if (day === '') return null
  return `${day}T${time === '' ? '09:00' : time}`
}

/** Whether it is something else than a time of the day. */
export function timeMistake(time: string): boolean {
  return time !== '' && !/^([01]\d|2[0-3]):[0-5]\d$/.test(time)
}
